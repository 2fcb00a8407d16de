package dev.baton.delegate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class FileVersionTest {
  @TempDir Path folder;

  private Path file;
  private FileVersion version;
  private FileTime modified;

  @BeforeEach
  void write() throws Exception {
    file = folder.resolve("file");
    Files.write(file, new byte[] {1, 2, 3});
    modified = Files.getLastModifiedTime(file);
    version = later().orElseThrow();
    Thread.sleep(50); // more than a step of the system's clock of files
  }

  /** The version as somebody sees it who comes a minute from now. */
  private Optional<FileVersion> later() {
    return FileVersion.of(file, Instant.now().plus(Duration.ofMinutes(1)));
  }

  @Test
  void aFileThatStaysHasOneVersion() throws IOException {
    assertEquals(3, version.size());
    assertEquals(Optional.of(version), later());
    Files.readAllBytes(file);
    assertEquals(Optional.of(version), later());
  }

  @Test
  void aFileThatWasChangedJustNowHasNone() {
    assertEquals(Optional.empty(), FileVersion.of(file, version.changed().toInstant()));
    assertEquals(
        Optional.empty(), FileVersion.of(file, version.changed().toInstant().plusSeconds(1)));
    assertEquals(
        Optional.empty(), FileVersion.of(file, version.changed().toInstant().minusSeconds(3600)));
  }

  @Test
  void noFileHasNoVersion() {
    assertEquals(Optional.empty(), FileVersion.of(folder.resolve("nothing")));
  }

  @Test
  void changedInPlaceWithItsOldSizeAndTime() throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {4}), 1);
    }
    Files.setLastModifiedTime(file, modified);
    assertEquals(modified, Files.getLastModifiedTime(file));
    assertEquals(3, Files.size(file));
    assertNotEquals(Optional.of(version), later());
  }

  @Test
  void changedThroughAMapping() throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer bytes = channel.map(FileChannel.MapMode.READ_WRITE, 0, 3);
      bytes.put(1, (byte) 4);
      bytes.force();
    }
    Files.setLastModifiedTime(file, modified);
    assertNotEquals(Optional.of(version), later());
  }

  @Test
  void replacedByAnotherOfItsSizeAndTime() throws IOException {
    Path other = folder.resolve("other");
    Files.write(other, new byte[] {1, 2, 4});
    Files.setLastModifiedTime(other, modified);
    Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
    assertNotEquals(Optional.of(version), later());
  }
}
