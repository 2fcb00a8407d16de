package dev.baton.runtime.program;

import dev.baton.delegate.FileVersion;
import dev.baton.delegate.StoredBytes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files that a program is mapped from, those whose version the system tells. Filled by the
 * thread that opens the program, then read by any.
 */
final class MappedFiles {
  private record Mapped(MemorySegment bytes, FileVersion version) {}

  private final List<Mapped> files = new ArrayList<>();

  /** Maps a file whole, to be unmapped with the arena. */
  MemorySegment map(Path file, Arena arena) throws IOException {
    Optional<FileVersion> before = FileVersion.of(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      // Equal before and after, it is the version of what was opened in between.
      before
          .filter(version -> before.equals(FileVersion.of(file)))
          .ifPresent(version -> files.add(new Mapped(bytes, version)));
      return bytes;
    }
  }

  /** Where bytes are stored; empty if they are of none of the files. */
  Optional<StoredBytes> stored(MemorySegment bytes) {
    for (Mapped mapped : files) {
      long offset = bytes.address() - mapped.bytes.address();
      if (bytes.isMapped() && offset >= 0 && offset <= mapped.bytes.byteSize() - bytes.byteSize()) {
        return Optional.of(new StoredBytes(mapped.version, offset, bytes.byteSize()));
      }
    }
    return Optional.empty();
  }
}
