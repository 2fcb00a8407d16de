package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.StoredBytes;
import dev.baton.runtime.program.ReadOptions.Access;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProgramLifecycleTest {
  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource(Access.class)
  void closeFreesTheMemoryOnce(Access access) throws IOException {
    Program program = Program.open(sample("mlp-dyn-portable"), options(access));
    ProgramMethod method = program.method("forward");
    MemorySegment segment = program.segments().getFirst();
    assertTrue(program.isOpen());
    program.close();
    program.close();

    assertFalse(program.isOpen());
    assertTrue(
        assertThrows(IllegalStateException.class, program::methods)
            .getMessage()
            .endsWith("mlp-dyn-portable.pte is closed"));
    assertThrows(IllegalStateException.class, () -> program.method("forward"));
    assertThrows(IllegalStateException.class, program::segments);
    assertThrows(IllegalStateException.class, program::namedData);
    assertThrows(IllegalStateException.class, program::layout);
    assertThrows(IllegalStateException.class, program::schemaVersion);
    assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
    assertEquals(33, method.values().size());
    assertTrue(program.toString().endsWith("closed]"));
  }

  @Test
  void aCopyOutlivesItsFile() throws IOException {
    Path file = sample("cond-portable");
    try (Program program = Program.open(file, options(Access.COPY));
        Program same = Program.of(Samples.program("cond-portable"))) {
      Files.write(file, new byte[10]);
      assertEquals(Samples.walk(same), Samples.walk(program));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void bytesOfAMappedFileAreKnownUntilItChanges() throws Exception {
    Path file = sample("mlp-dyn-portable");
    Thread.sleep(2200); // a younger file has no version
    StoredBytes first = stored(file, Access.MAP).orElseThrow();
    assertEquals(Optional.of(first), stored(file, Access.MAP));
    assertEquals(Optional.empty(), stored(file, Access.COPY));
    try (Program program = Program.open(file)) {
      MemorySegment segment = program.segments().getFirst();
      StoredBytes part = program.stored(segment.asSlice(4, 8)).orElseThrow();
      assertEquals(new StoredBytes(first.file(), first.offset() + 4, 8), part);
      assertEquals(Optional.empty(), program.stored(MemorySegment.ofArray(new byte[8])));
    }

    FileTime modified = Files.getLastModifiedTime(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {77}), first.offset());
    }
    Files.setLastModifiedTime(file, modified);
    assertEquals(Optional.empty(), stored(file, Access.MAP));
    Thread.sleep(2200);
    StoredBytes second = stored(file, Access.MAP).orElseThrow();
    assertEquals(first.offset(), second.offset());
    assertNotEquals(first, second);
  }

  /** Where the first segment is stored. */
  private static Optional<StoredBytes> stored(Path file, Access access) throws IOException {
    try (Program program = Program.open(file, options(access))) {
      return program.stored(program.segments().getFirst());
    }
  }

  @Test
  void viewsCannotBeWritten() throws IOException {
    try (Program program = Program.open(sample("cond-portable"), options(Access.COPY))) {
      assertTrue(program.segments().getFirst().isReadOnly());
    }
  }

  @Test
  void nativeMemoryIsUsedInPlaceAndStaysTheCallers() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = nativeCopy(arena, 16, "cond-portable");
      Program program = Program.of(memory);
      MemorySegment segment = program.segments().getFirst();
      assertEquals(memory.address() + 2816, segment.address());
      program.close();
      assertThrows(IllegalStateException.class, program::segments);
      assertEquals(memory.get(ValueLayout.JAVA_BYTE, 2816), segment.get(ValueLayout.JAVA_BYTE, 0));
    }
  }

  @Test
  void memoryOfOneThreadOrOddlyAlignedIsCopied() {
    try (Arena arena = Arena.ofConfined();
        Program program = Program.of(nativeCopy(arena, 16, "cond-portable"))) {
      assertTrue(
          program.segments().getFirst().isAccessibleBy(Thread.ofPlatform().unstarted(() -> {})));
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment odd = nativeCopy(arena, 17, "cond-portable");
      try (Program program = Program.of(odd)) {
        assertEquals(0, program.segments().getFirst().address() % 16);
      }
    }
  }

  private static MemorySegment nativeCopy(Arena arena, int at, String name) {
    byte[] bytes = Samples.program(name);
    MemorySegment memory = arena.allocate(at + bytes.length, 16).asSlice(at);
    return memory.copyFrom(MemorySegment.ofArray(bytes));
  }

  @Test
  void bytesAreCopiedSoThatTheCallerMayReuseThem() {
    byte[] bytes = Samples.program("cond-portable");
    try (Program program = Program.of(bytes);
        Program same = Program.of(bytes.clone())) {
      java.util.Arrays.fill(bytes, (byte) 0);
      assertEquals(Samples.walk(same), Samples.walk(program));
    }
  }

  @Test
  void eightThreadsReadOneProgram() throws Exception {
    try (Program program = Program.open(sample("lstm-portable"));
        var threads = Executors.newFixedThreadPool(8)) {
      long expected = Samples.walk(program);
      List<Callable<Long>> walks = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        walks.add(() -> Samples.walk(program));
      }
      for (Future<Long> walk : threads.invokeAll(walks)) {
        assertEquals(expected, walk.get());
      }
    }
  }

  @Test
  void closeFromManyThreadsAtOnce() throws Exception {
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (int round = 0; round < 20; round++) {
        Program program = Program.open(sample("cond-portable"));
        List<Callable<Boolean>> closes = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          closes.add(() -> {
            program.close();
            return program.isOpen();
          });
        }
        for (Future<Boolean> close : threads.invokeAll(closes)) {
          assertFalse(close.get());
        }
      }
    }
  }

  @Test
  void segmentsBeyondTwoGibibytes() throws IOException {
    byte[] small = Samples.program("cond-portable");
    long base = 3L << 30;
    ByteBuffer tables = ByteBuffer.wrap(small, 0, 2784).order(ByteOrder.LITTLE_ENDIAN);
    tables.putLong(24, base);
    Path file = folder.resolve("large.pte");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(tables, 0);
      channel.write(ByteBuffer.wrap(small, 2816, 40), base);
    }
    try (Program large = Program.open(file);
        Program same = Program.of(Samples.program("cond-portable"))) {
      assertEquals(base + 40, large.layout().fileBytes());
      assertEquals(-1, same.segments().getFirst().mismatch(large.segments().getFirst()));
    }
  }

  @Test
  void missingFile() {
    Path file = folder.resolve("absent.pte");
    NoSuchFileException e = assertThrows(NoSuchFileException.class, () -> Program.open(file));
    assertTrue(e.getMessage().contains("no such file; looked for /"), e::getMessage);
  }

  @Test
  void aFolder() {
    FileSystemException e = assertThrows(FileSystemException.class, () -> Program.open(folder));
    assertTrue(e.getMessage().endsWith("is a folder, expected a .pte file"), e::getMessage);
  }

  @ParameterizedTest
  @EnumSource(Access.class)
  void anEmptyFile(Access access) throws IOException {
    Path file = Files.createFile(folder.resolve("empty.pte"));
    ProgramFormatException e =
        assertThrows(ProgramFormatException.class, () -> Program.open(file, options(access)));
    assertEquals(file.toString(), e.source());
    assertEquals("The file is empty", e.problem());
  }

  @Test
  void anUnknownMethodNamesTheKnownOnes() {
    try (Program program = Program.of(Samples.program("qnn-multi-method-alpha"))) {
      assertEquals(
          "program in memory (86760 bytes) has no method 'forward'; it has: alpha, beta",
          assertThrows(IllegalArgumentException.class, () -> program.method("forward"))
              .getMessage());
    }
  }

  private Path sample(String name) throws IOException {
    return Files.write(folder.resolve(name + ".pte"), Samples.program(name));
  }

  private static ReadOptions options(Access access) {
    return ReadOptions.defaults().withAccess(access);
  }
}
