package dev.baton.nativelib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostPlatformTest {
  @TempDir Path root;

  @ParameterizedTest
  @CsvSource({
    "Linux,amd64,OpenJDK,linux-x86_64",
    "Linux,aarch64,OpenJDK,linux-arm64",
    "Linux,aarch64,Android Runtime,android-arm64",
    "Mac OS X,aarch64,OpenJDK,macosx-arm64",
    "Mac OS X,x86_64,OpenJDK,macosx-x86_64",
    "Windows 11,amd64,OpenJDK,windows-x86_64",
    "AIX,ppc64,OpenJDK,other-other"
  })
  void namesPlatforms(String os, String arch, String runtime, String classifier) {
    assertEquals(classifier, HostPlatform.of(os, arch, runtime, root).classifier());
  }

  @Test
  void tellsTheLibraryAndItsVersionFromWhatTheProcessHasMapped() throws IOException {
    ElfWriter libc = new ElfWriter();
    libc.definedVersions = List.of("GLIBC_2.9", "GLIBC_2.41", "GLIBC_PRIVATE");
    Path file = Files.write(root.resolve("libc.so.6"), libc.write());
    map(file);
    assertEquals(HostPlatform.Libc.GLIBC, linux().libc());
    assertEquals("2.41", linux().libcVersion());
    map(Path.of("/lib/ld-musl-x86_64.so.1"));
    assertEquals(HostPlatform.Libc.MUSL, linux().libc());
  }

  private void map(Path file) throws IOException {
    Path maps = Files.createDirectories(root.resolve("proc/self")).resolve("maps");
    Files.writeString(maps, "7f00-7f01 r-xp 00000000 08:01 42    " + file + "\n");
  }

  private HostPlatform linux() {
    return HostPlatform.of("Linux", "amd64", "OpenJDK", root);
  }

  @Test
  void readsCpuFeatures() throws IOException {
    Path cpuinfo = root.resolve("cpuinfo");
    Files.writeString(cpuinfo, "processor\t: 0\nflags\t\t: fpu avx2 fma\n");
    assertEquals(Optional.of(Set.of("fpu", "avx2", "fma")), HostPlatform.CpuFeatures.read(cpuinfo));
    Files.writeString(cpuinfo, "Features\t: fp asimd asimddp\n");
    assertEquals(
        Optional.of(Set.of("fp", "asimd", "asimddp")), HostPlatform.CpuFeatures.read(cpuinfo));
    assertTrue(HostPlatform.CpuFeatures.read(root.resolve("none")).isEmpty());
  }

  @Test
  void knowsThisHost() {
    HostPlatform here = HostPlatform.current();
    assertTrue(here.architecture() != Architecture.OTHER, here.toString());
    if (here.libc() == HostPlatform.Libc.GLIBC) {
      assertTrue(String.valueOf(here.libcVersion()).startsWith("2."), here.toString());
    }
  }
}
