package dev.baton.nativelib;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.nativelib.HostPlatform.Libc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreflightTest {
  @TempDir Path root;
  private FakeHost host;

  @BeforeEach
  void hostWithGlibc() throws IOException {
    host = new FakeHost(root);
    ElfWriter libc = new ElfWriter();
    libc.soname = "libc.so.6";
    libc.definedVersions = List.of("GLIBC_2.17", "GLIBC_2.34", "GLIBC_2.36", "GLIBC_PRIVATE");
    host.install(libc);
  }

  private static ElfWriter needing(String... libraries) {
    ElfWriter elf = new ElfWriter();
    elf.needed = List.of(libraries);
    return elf;
  }

  private Preflight check(byte[] bytes, String... symbols) throws IOException {
    Path file = host.put(bytes, "opt/vendor/libfixture.so");
    return HostCheck.check(file, List.of(symbols), List.of(), host.environment());
  }

  private Preflight.Unfit unfit(byte[] bytes, String... symbols) throws IOException {
    Preflight.Unfit unfit = assertInstanceOf(Preflight.Unfit.class, check(bytes, symbols));
    assertTrue(unfit.message().endsWith(".") && unfit.remedy().endsWith("."), unfit.toString());
    return unfit;
  }

  private void assertFit(byte[] bytes) throws IOException {
    assertInstanceOf(Preflight.Fit.class, check(bytes));
  }

  @Test
  void acceptsWhatTheHostCanLoad() throws IOException {
    ElfWriter elf = needing("libc.so.6");
    elf.neededVersions = Map.of("libc.so.6", List.of("GLIBC_2.17", "GLIBC_2.34"));
    assertFit(elf.write());
  }

  @Test
  void anotherArchitecture() throws IOException {
    ElfWriter elf = new ElfWriter();
    elf.machine = 164;
    Preflight.Unfit unfit = unfit(elf.write());
    assertEquals(FailureKind.UNFIT, unfit.kind());
    assertTrue(unfit.message().contains("hexagon"), unfit.message());
  }

  @Test
  void anotherFormat() throws IOException {
    Preflight.Unfit unfit =
        unfit(MachOWriter.thin(MachOWriter.ARM64, true, List.of(), List.of("f")));
    assertTrue(unfit.message().contains("MACH_O"), unfit.message());
  }

  @Test
  void newerGlibc() throws IOException {
    ElfWriter elf = needing("libc.so.6");
    elf.neededVersions = Map.of("libc.so.6", List.of("GLIBC_2.17", "GLIBC_2.38"));
    assertEquals("The file needs glibc 2.38, this host has 2.36.", unfit(elf.write()).message());
  }

  @Test
  void newerLibraryOfAnotherKind() throws IOException {
    ElfWriter stdcxx = new ElfWriter();
    stdcxx.soname = "libstdc++.so.6";
    stdcxx.definedVersions = List.of("GLIBCXX_3.4.29");
    host.install(stdcxx);
    ElfWriter elf = needing("libstdc++.so.6");
    elf.neededVersions = Map.of("libstdc++.so.6", List.of("GLIBCXX_3.4.30"));
    assertTrue(unfit(elf.write()).message().contains("GLIBCXX_3.4.30 of libstdc++.so.6"));
  }

  @Test
  void glibcBuildOnMusl() throws IOException {
    host = new FakeHost(root.resolve("musl"));
    host.platform =
        new HostPlatform(OperatingSystem.LINUX, host.platform.architecture(), Libc.MUSL, null);
    assertTrue(unfit(needing("libc.so.6").write()).message().contains("musl"));
  }

  @Test
  void neededLibrariesAreSoughtAsTheLoaderSeeksThem() throws IOException {
    byte[] library = new ElfWriter().write();
    assertTrue(unfit(needing("liba.so", "libc.so.6").write()).message().contains("liba.so,"));

    ElfWriter beside = needing("libbeside.so");
    beside.runPath = "${ORIGIN}/deps";
    host.put(library, "opt/vendor/deps/libbeside.so");
    assertFit(beside.write());

    host.put(library, "srv/libenv.so");
    host.variables.put("LD_LIBRARY_PATH", "/nowhere:" + root.resolve("srv"));
    assertFit(needing("libenv.so").write());

    Path cached = host.put(library, "cached/libcached.so");
    host.put("junk\0libcached.so\0" + cached + "\0more", "etc/ld.so.cache");
    assertFit(needing("libcached.so").write());

    Path loaded = host.put(library, "jvm/libloaded.so");
    host.put("7f00-7f01 r-xp 00000000 08:01 42    " + loaded + "\n", "proc/self/maps");
    assertFit(needing("libloaded.so").write());

    ElfWriter other = new ElfWriter();
    other.machine = 164;
    host.put(other.write(), "usr/lib/libother.so");
    assertTrue(unfit(needing("libother.so").write()).message().contains("libother.so,"));

    ElfWriter undecidable = needing("libwhere.so");
    undecidable.runPath = "/opt/$PLATFORM";
    assertFit(undecidable.write());
  }

  @Test
  void missingSymbols() throws IOException {
    Preflight.Unfit unfit = unfit(new ElfWriter().write(), "fixture_run", "b_no", "a_no");
    assertEquals("The file does not export a_no, b_no.", unfit.message());
  }

  @Test
  void truncatedTextAbsent() throws IOException {
    byte[] whole = new ElfWriter().write();
    assertTrue(
        unfit(Arrays.copyOf(whole, whole.length - 1))
            .message()
            .contains("truncated: needs " + whole.length));
    assertTrue(unfit("INPUT(libc.so)".getBytes("US-ASCII")).message().contains("not a shared"));
    assertEquals(
        FailureKind.ABSENT,
        assertInstanceOf(
                Preflight.Unfit.class,
                HostCheck.check(root.resolve("none.so"), List.of(), List.of(), host.environment()))
            .kind());
  }

  @Test
  void missingCpuFeature() throws IOException {
    Path file = host.put(new ElfWriter().write(), "libfixture.so");
    Preflight preflight =
        HostCheck.check(file, List.of(), List.of("no_such_feature"), host.environment());
    if (HostPlatform.cpuFeatures().isPresent()) {
      assertEquals(
          FailureKind.CPU_FEATURE, assertInstanceOf(Preflight.Unfit.class, preflight).kind());
    } else {
      assertInstanceOf(Preflight.Fit.class, preflight);
    }
  }

  @Test
  void mountWithoutExecution() throws IOException {
    Path real = root.toRealPath();
    host.put("a / ext4 rw 0 0\nb " + real + "/opt tmpfs rw,noexec 0 0\n", "proc/self/mounts");
    assertTrue(unfit(new ElfWriter().write()).message().contains("noexec"));
    host.put(
        "b %s/opt tmpfs rw,noexec 0 0\nc %s/opt/vendor tmpfs rw 0 0\n".formatted(real, real),
        "proc/self/mounts");
    assertFit(new ElfWriter().write());
  }

  @Test
  void theLibrariesOfThisJdkAreFitOnThisHost() {
    LibrarySpec zip = LibrarySpec.named("zip").libraryName("zip").symbols("JNI_OnLoad").build();
    Preflight preflight = Preflight.check(HostLibraries.named("zip"), zip);
    LibrarySpec java = LibrarySpec.named("java").libraryName("java").symbols("JNI_OnLoad").build();
    assertInstanceOf(
        Preflight.Fit.class, Preflight.check(HostLibraries.named("java"), java), "libjava");
    // libzip may have no JNI_OnLoad: then this alone speaks against it.
    if (preflight instanceof Preflight.Unfit unfit) {
      assertEquals("The file does not export JNI_OnLoad.", unfit.message());
    }
  }
}
