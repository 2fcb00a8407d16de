package dev.baton.nativelib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.nativelib.NativeImageException.Fault;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativeImageTest {
  private static final List<String> ASKED = List.of("fixture_run", "fixture_stop", "fixture_no");

  private static NativeImage read(byte[] bytes) throws NativeImageException {
    return NativeImage.read(MemorySegment.ofArray(bytes), ASKED, Architecture.ARM64);
  }

  private static Fault faultOf(byte[] bytes) {
    return assertThrows(NativeImageException.class, () -> read(bytes)).fault();
  }

  private static ElfWriter elf() {
    ElfWriter elf = new ElfWriter();
    elf.needed = List.of("libc.so.6", "libm.so.6");
    elf.runPath = "$ORIGIN:/opt/lib";
    elf.neededVersions =
        Map.of(
            "libc.so.6", List.of("GLIBC_2.9", "GLIBC_2.34"), "libs.so", List.of("GLIBCXX_3.4.30"));
    elf.definedVersions = List.of("FIXTURE_1.2", "FIXTURE_1.10");
    return elf;
  }

  @ParameterizedTest
  @CsvSource({
    "true,true,62,X86_64",
    "true,false,22,S390X",
    "false,true,40,ARM",
    "false,false,8,OTHER"
  })
  void readsElfOfEveryClassAndByteOrder(
      boolean wide, boolean little, int machine, Architecture architecture) throws Exception {
    for (boolean gnuHash : new boolean[] {true, false}) {
      ElfWriter elf = elf();
      elf.wide = wide;
      elf.order = little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
      elf.machine = machine;
      elf.gnuHash = gnuHash;
      NativeImage image = read(elf.write());
      assertEquals(NativeImage.Format.ELF, image.format());
      assertEquals(List.of(architecture), image.architectures());
      assertEquals("libfixture.so", image.name());
      assertEquals(List.of("libc.so.6", "libm.so.6"), image.needed());
      assertEquals(List.of("$ORIGIN", "/opt/lib"), image.runPaths());
      assertEquals(Optional.of("2.34"), image.glibcFloor());
      assertEquals(Optional.of("3.4.30"), image.glibcxxFloor());
      assertEquals(Optional.of("1.10"), image.newestDefined("FIXTURE_"));
      assertEquals(Set.of("fixture_no"), image.missingSymbols());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void readsMachO(boolean trie) throws Exception {
    NativeImage image =
        read(
            MachOWriter.thin(
                MachOWriter.ARM64,
                trie,
                List.of("/usr/lib/libSystem.B.dylib"),
                List.of("fixture_run", "fixture_stop")));
    assertEquals(NativeImage.Format.MACH_O, image.format());
    assertEquals(List.of(Architecture.ARM64), image.architectures());
    assertEquals("@rpath/libfixture.dylib", image.name());
    assertEquals(List.of("/usr/lib/libSystem.B.dylib"), image.needed());
    assertEquals(List.of("@loader_path"), image.runPaths());
    assertEquals(Set.of("fixture_no"), image.missingSymbols());
  }

  @Test
  void readsTheSliceOfTheHostFromUniversalFiles() throws Exception {
    byte[] intel = MachOWriter.thin(MachOWriter.X86_64, true, List.of("intel"), List.of());
    byte[] arm = MachOWriter.thin(MachOWriter.ARM64, true, List.of("arm"), List.of());
    NativeImage image = read(MachOWriter.universal(intel, arm));
    assertEquals(List.of(Architecture.X86_64, Architecture.ARM64), image.architectures());
    assertEquals(List.of("arm"), image.needed());
  }

  @Test
  void tellsWhatIsNoLibrary() throws Exception {
    ElfWriter executable = elf();
    executable.type = 2;
    assertEquals(Fault.NOT_A_LIBRARY, faultOf(executable.write()));
    assertEquals(Fault.NOT_A_LIBRARY, faultOf(new byte[0]));
    assertEquals(
        Fault.NOT_A_LIBRARY, faultOf("!<arch>\nlibfixture".getBytes(StandardCharsets.UTF_8)));
    try (var classFile = NativeImage.class.getResourceAsStream("NativeImage.class")) {
      assertEquals(Fault.NOT_A_LIBRARY, faultOf(classFile.readAllBytes()));
    }
  }

  @Test
  void readsTheArchitectureOfWindowsLibraries() throws Exception {
    byte[] bytes = new byte[128];
    bytes[0] = 'M';
    bytes[1] = 'Z';
    bytes[0x3C] = 64;
    bytes[64] = 'P';
    bytes[65] = 'E';
    bytes[68] = 0x64;
    bytes[69] = (byte) 0x86;
    bytes[87] = 0x20;
    assertEquals(List.of(Architecture.X86_64), read(bytes).architectures());
    assertEquals(Fault.TRUNCATED, faultOf(Arrays.copyOf(bytes, 80)));
  }

  @Test
  void everyShorterElfIsTruncated() {
    byte[] whole = elf().write();
    for (int length = 6; length < whole.length; length++) {
      byte[] part = Arrays.copyOf(whole, length);
      NativeImageException e = assertThrows(NativeImageException.class, () -> read(part));
      assertEquals(Fault.TRUNCATED, e.fault());
      assertTrue(e.getMessage().endsWith("has " + length), e.getMessage());
    }
  }

  @Test
  void everyShorterMachOIsTruncated() {
    byte[] whole = MachOWriter.thin(MachOWriter.ARM64, true, List.of("a"), List.of("b"));
    for (int length = 28; length < whole.length; length++) {
      assertEquals(Fault.TRUNCATED, faultOf(Arrays.copyOf(whole, length)), "length " + length);
    }
  }

  @Test
  void anyMutationGivesADescriptionOrTheTypedFailure() {
    Random random = new Random(20260101);
    ElfWriter narrow = elf();
    narrow.wide = false;
    narrow.gnuHash = false;
    List<byte[]> seeds =
        List.of(
            elf().write(),
            narrow.write(),
            MachOWriter.thin(MachOWriter.ARM64, true, List.of("a"), ASKED),
            MachOWriter.thin(MachOWriter.X86_64, false, List.of("a"), ASKED),
            MachOWriter.universal(
                MachOWriter.thin(MachOWriter.X86_64, true, List.of(), ASKED),
                MachOWriter.thin(MachOWriter.ARM64, true, List.of(), ASKED)));
    int described = 0;
    int failed = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = seeds.get(round % seeds.size()).clone();
      int headers = Math.min(bytes.length, 1024);
      for (int i = random.nextInt(6); i >= 0; i--) {
        int at = random.nextInt(random.nextBoolean() ? headers : bytes.length);
        bytes[at] =
            switch (random.nextInt(4)) {
              case 0 -> (byte) 0xFF;
              case 1 -> 0;
              case 2 -> (byte) (bytes[at] ^ (1 << random.nextInt(8)));
              default -> (byte) random.nextInt();
            };
      }
      if (random.nextInt(8) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      try {
        read(bytes);
        described++;
      } catch (NativeImageException e) {
        failed++;
      }
    }
    assertTrue(described > 1000 && failed > 1000, described + " described, " + failed + " failed");
  }

  @Test
  void readsTheLibrariesOfThisJdk(@TempDir Path folder) throws Exception {
    Path library = HostLibraries.named("java");
    NativeImage image =
        NativeImage.read(library, List.of("Java_java_lang_StringCoding_err", "JNI_OnLoad", "nope"));
    assertEquals(List.of(HostPlatform.current().architecture()), image.architectures());
    assertTrue(image.missingSymbols().contains("nope"));
    assertTrue(!image.missingSymbols().contains("JNI_OnLoad"), image.toString());
    assertEquals(Files.size(library), image.size());

    byte[] bytes = Files.readAllBytes(library);
    Path half = Files.write(folder.resolve("half.so"), Arrays.copyOf(bytes, bytes.length / 2));
    NativeImageException e = assertThrows(NativeImageException.class, () -> NativeImage.read(half));
    assertEquals(Fault.TRUNCATED, e.fault());
  }

  @Test
  void aFolderOrNothingIsATypedFailure(@TempDir Path folder) {
    assertThrows(NativeImageException.class, () -> NativeImage.read(folder));
    assertThrows(NoSuchFileException.class, () -> NativeImage.read(folder.resolve("none")));
    assertThrows(IOException.class, () -> NativeImage.read(folder.resolve("none/deeper")));
  }
}
