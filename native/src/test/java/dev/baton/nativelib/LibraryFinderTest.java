package dev.baton.nativelib;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.nativelib.LibraryLocation.Located;
import dev.baton.nativelib.LibraryLocation.NotLocated;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryFinderTest {
  private static final String RESOURCE = "org/vendor/linux/libfixture.so";
  private static final String HERE = "linux-" + HostPlatform.current().architecture().label();

  @TempDir Path root;
  private FakeHost host;
  private Path jar;
  private URLClassLoader loader;

  @BeforeEach
  void hostWithJar() throws IOException {
    host = new FakeHost(root);
    host.properties.put("baton.cache.dir", root.resolve("cache").toString());
    jar = root.resolve("vendor.jar");
    writeJar(new ElfWriter().write());
    loader = new URLClassLoader("vendor", new URL[] {jar.toUri().toURL()}, null);
  }

  @AfterEach
  void closeLoader() throws IOException {
    loader.close();
  }

  private void writeJar(byte[] library) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out)) {
      entries.putNextEntry(new JarEntry(RESOURCE));
      entries.write(library);
    }
  }

  private LibrarySpec.Builder spec() {
    return LibrarySpec.named("fixture")
        .fileNames(HERE, "libbest.so", "libfixture.so")
        .property("baton.fixture.library")
        .symbols("fixture_run");
  }

  private LibrarySpec inJar() {
    return spec().resources(HERE, RESOURCE).resourceLoader(loader).build();
  }

  private LibraryLocation find(LibrarySpec spec) {
    return new LibraryFinder(host.environment()).find(spec, null);
  }

  private Located located(LibrarySpec spec) {
    return assertInstanceOf(Located.class, find(spec));
  }

  private static NotLocated notLocated(LibraryLocation location) {
    NotLocated failure = assertInstanceOf(NotLocated.class, location);
    assertTrue(failure.message().endsWith("."), failure.message());
    assertTrue(failure.remedy().endsWith("."), failure.remedy());
    assertTrue(failure.tried().stream().allMatch(a -> a.why().endsWith(".")), failure.report());
    return failure;
  }

  private Set<Path> cached(String folder) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve(folder))) {
      return files.filter(Files::isRegularFile).collect(Collectors.toSet());
    }
  }

  @Test
  void ofFilesThatCarryTheirVersionTheGreatestNameIsTried() throws IOException {
    byte[] library = new ElfWriter().write();
    host.put(library, "opt/libversioned.so.2540");
    Path newest = host.put(library, "opt/libversioned.so.2641");
    host.put("a note", "opt/versioned.so.9999.txt");
    LibrarySpec spec =
        LibrarySpec.named("versioned")
            .fileNames(HERE, "libversioned.so", "libversioned.so.*")
            .folders(root.resolve("opt"))
            .build();
    assertEquals(newest, assertInstanceOf(Located.class, find(spec)).path());
    Files.write(newest, new byte[0]);
    assertEquals(
        newest.resolveSibling("libversioned.so.2540"),
        assertInstanceOf(Located.class, find(spec)).path());
    Path exact = host.put(library, "opt/libversioned.so");
    assertEquals(exact, assertInstanceOf(Located.class, find(spec)).path());
  }

  @Test
  void theExplicitPathIsFinal() throws IOException {
    host.install(new ElfWriter());
    LibraryFinder finder = new LibraryFinder(host.environment());
    NotLocated absent = notLocated(finder.find(spec().build(), root.resolve("typo/libfixture.so")));
    assertEquals(FailureKind.ABSENT, absent.kind());
    assertEquals(1, absent.tried().size());
    assertTrue(absent.message().contains("typo"), absent.message());

    Path garbage = host.put(new byte[100], "garbage.so");
    NotLocated unfit = notLocated(finder.find(spec().build(), garbage));
    assertEquals(FailureKind.UNFIT, unfit.kind());
    assertEquals(1, unfit.tried().size());

    Path folder = host.put(new ElfWriter().write(), "own/libfixture.so").getParent();
    assertEquals(
        folder.resolve("libfixture.so"), finder.find(spec().build(), folder).orThrow().path());
    assertEquals(
        FailureKind.ABSENT, notLocated(finder.find(spec().build(), root.resolve("usr"))).kind());
  }

  @Test
  void thePropertyIsFinal() throws IOException {
    host.install(new ElfWriter());
    host.properties.put("baton.fixture.library", root.resolve("typo.so").toString());
    NotLocated absent = notLocated(find(inJar()));
    assertEquals(FailureKind.ABSENT, absent.kind());
    assertTrue(absent.message().contains("system property baton.fixture.library"));
    assertEquals(1, absent.tried().size());

    host.properties.put("baton.fixture.library", "no\0path");
    assertEquals(FailureKind.ABSENT, notLocated(find(inJar())).kind());

    Path own = host.put(new ElfWriter().write(), "own/build.so");
    host.properties.put("baton.fixture.library", own.toString());
    assertEquals(own, located(inJar()).path());
  }

  @Test
  void anotherPlatformIsToldWithThoseThatThereAre() {
    LibrarySpec elsewhere =
        LibrarySpec.named("fixture")
            .fileNames("windows-arm64", "a.dll")
            .resources("macosx-arm64", "b.dylib")
            .build();
    NotLocated failure = notLocated(find(elsewhere));
    assertEquals(FailureKind.PLATFORM, failure.kind());
    assertTrue(failure.message().contains("only for macosx-arm64, windows-arm64"));
  }

  @Test
  void absentNamesEveryPlace() {
    host.variables.put("LD_LIBRARY_PATH", "/nowhere");
    NotLocated failure =
        notLocated(
            find(
                spec()
                    .environmentFolders("FIXTURE_SDK", "lib/*")
                    .resources(HERE, "org/none/libfixture.so")
                    .resourceLoader(loader)
                    .remedy("Add the artifact org.vendor:fixture.")
                    .build()));
    assertEquals(FailureKind.ABSENT, failure.kind());
    assertEquals("Add the artifact org.vendor:fixture.", failure.remedy());
    String report = failure.report();
    for (String place :
        List.of("FIXTURE_SDK", "/nowhere", "usr/lib", "org/none/libfixture.so", "\"vendor\"")) {
      assertTrue(report.contains(place), report);
    }
    NativeLibraryException e = assertThrows(NativeLibraryException.class, () -> failure.orThrow());
    assertSame(FailureKind.ABSENT, e.kind());
    assertEquals(failure.tried(), e.attempts());
    assertTrue(e.getMessage().endsWith(failure.remedy()));
  }

  @Test
  void foldersComeInTheirOrderAndBestNameFirst() throws IOException {
    byte[] library = new ElfWriter().write();
    Path standard = host.put(library, "usr/lib/libfixture.so");
    assertEquals(standard, located(spec().build()).path());
    Path best = host.put(library, "usr/lib/libbest.so");
    assertEquals(best, located(spec().build()).path());
    Path variable = host.put(library, "env/libfixture.so");
    host.variables.put("LD_LIBRARY_PATH", variable.getParent().toString());
    assertEquals(variable, located(spec().build()).path());
    Path javaPath = host.put(library, "java/libfixture.so");
    host.properties.put("java.library.path", ":" + javaPath.getParent());
    assertEquals(javaPath, located(spec().build()).path());
    host.put(library, "sdk/lib/gcc-9/libfixture.so");
    Path newest = host.put(library, "sdk/lib/gcc-9.3/libfixture.so");
    host.put(library, "sdk/lib/clang/libfixture.so");
    host.variables.put("FIXTURE_SDK", root.resolve("sdk").toString());
    LibrarySpec.Builder sdk = spec().environmentFolders("FIXTURE_SDK", "lib/gcc-*");
    assertEquals(newest, located(sdk.build()).path());
    Path chosen = host.put(library, "chosen/libfixture.so");
    assertEquals(chosen, located(sdk.folders(chosen.getParent()).build()).path());
  }

  @Test
  void anUnfitFileIsPassedOverButRemembered() throws IOException {
    ElfWriter other = new ElfWriter();
    other.machine = 164;
    Path unfit = host.put(other.write(), "usr/lib/libfixture.so");
    NotLocated failure = notLocated(find(spec().build()));
    assertEquals(FailureKind.UNFIT, failure.kind());
    assertTrue(failure.message().contains(unfit.toString()), failure.message());
    assertTrue(located(inJar()).how().startsWith("resource"));
  }

  @Test
  void aResourceIsExtractedOnce() throws IOException {
    Located first = located(inJar());
    assertArrayEquals(new ElfWriter().write(), Files.readAllBytes(first.path()));
    assertTrue(first.path().getParent().getFileName().toString().matches("[0-9a-f]{64}"));

    // Other bytes under the old size and time: whoever hashed or rewrote the file would notice.
    FileTime time = Files.getLastModifiedTime(first.path());
    ElfWriter changed = new ElfWriter();
    changed.soname = "libFIXTURE.so";
    Files.write(first.path(), changed.write());
    Files.setLastModifiedTime(first.path(), time);
    assertEquals(first, located(inJar()));
    assertEquals("libFIXTURE.so", NativeImage.read(first.path()).name());
  }

  @Test
  void aDamagedExtractedFileIsReplaced() throws IOException {
    Path file = located(inJar()).path();
    Files.write(file, new byte[7]);
    assertEquals(file, located(inJar()).path());
    assertArrayEquals(new ElfWriter().write(), Files.readAllBytes(file));
    Files.delete(file);
    assertEquals(file, located(inJar()).path());
    for (Path index : cached("cache/native/index")) {
      Files.writeString(index, "../../etc 1 2");
    }
    assertEquals(file, located(inJar()).path());
    assertEquals(3, cached("cache").size());
  }

  @Test
  void whatFitsIsNotCheckedAgainUntilTheQuestionChanges() throws IOException {
    Path file = located(inJar()).path();
    Path record = file.resolveSibling("fit");
    assumeTrue(Files.exists(Path.of("/etc/ld.so.cache")));
    assertTrue(Files.exists(record));
    // Bytes that no check would pass, under the old size and time.
    FileTime time = Files.getLastModifiedTime(file);
    Files.write(file, new byte[(int) Files.size(file)]);
    Files.setLastModifiedTime(file, time);
    assertEquals(file, located(inJar()).path());
    Files.writeString(record, "another question");
    notLocated(find(inJar()));
  }

  @Test
  void anotherJarGivesAnotherFile() throws IOException {
    Path old = located(inJar()).path();
    ElfWriter newer = new ElfWriter();
    newer.symbols = List.of("fixture_run", "fixture_more");
    writeJar(newer.write());
    assertNotEquals(old, located(inJar()).path());
  }

  @Test
  void eightThreadsGetOneFile() throws Exception {
    CyclicBarrier start = new CyclicBarrier(8);
    Callable<Path> search =
        () -> {
          start.await();
          return located(inJar()).path();
        };
    Set<Path> paths = new java.util.HashSet<>();
    try (var threads = Executors.newFixedThreadPool(8)) {
      for (var result : threads.invokeAll(java.util.Collections.nCopies(8, search))) {
        paths.add(result.get());
      }
    }
    assertEquals(1, paths.size());
    assertEquals(
        3, cached("cache").size(), "one library and its record, one index entry, no leftovers");
  }

  @Test
  void leftoversOfKilledProcessesGo() throws IOException {
    Path old = host.put(new byte[9], "cache/native/extract1.part");
    Files.setLastModifiedTime(old, FileTime.from(Instant.EPOCH));
    Path young = host.put(new byte[9], "cache/native/extract2.part");
    assertTrue(located(inJar()).path().startsWith(root.resolve("cache")));
    assertTrue(Files.notExists(old) && Files.exists(young));
  }

  @Test
  void aCacheThatRefusesGivesWayToTheNext() throws IOException {
    host.put(new byte[0], "file");
    host.properties.put("baton.cache.dir", root.resolve("file/cache").toString());
    host.variables.put("XDG_CACHE_HOME", root.resolve("xdg").toString());
    Path mounted = Files.createDirectories(root.resolve("xdg")).toRealPath();
    host.put("none " + mounted + " tmpfs rw,nosuid,noexec 0 0\n", "proc/self/mounts");
    assertTrue(located(inJar()).path().startsWith(root.resolve("home/.cache/baton")));

    host.properties.remove("user.home");
    Path temporary = located(inJar()).path();
    assertTrue(temporary.startsWith(root.resolve("tmp")), temporary.toString());

    host.properties.put("java.io.tmpdir", root.resolve("file").toString());
    NotLocated failure = notLocated(find(inJar()));
    assertEquals(FailureKind.CACHE, failure.kind());
    assertTrue(failure.remedy().contains("-Dbaton.cache.dir="), failure.remedy());
    assertTrue(failure.report().contains("noexec"), failure.report());
    assertEquals(3, failure.tried().stream().filter(a -> a.kind() == FailureKind.CACHE).count());
  }

  @Test
  void aTemporaryFolderOpenToOthersIsRefused() throws IOException {
    if (!root.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      return;
    }
    host.properties.keySet().removeAll(Set.of("baton.cache.dir", "user.home"));
    Path open = Files.createDirectories(root.resolve("tmp/baton-user/native"));
    Files.setPosixFilePermissions(
        open, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
    NotLocated failure = notLocated(find(inJar()));
    assertEquals(FailureKind.CACHE, failure.kind());
    assertTrue(failure.report().contains("other users"), failure.report());
  }

  @Test
  void aResourceThatIsAFileIsUsedInPlace() throws IOException {
    Path file = host.put(new ElfWriter().write(), "classes/" + RESOURCE);
    try (URLClassLoader classes =
        new URLClassLoader(new URL[] {root.resolve("classes/").toUri().toURL()}, null)) {
      LibrarySpec inFolder = spec().resources(HERE, RESOURCE).resourceLoader(classes).build();
      assertEquals(file, located(inFolder).path());
    }
  }

  @Test
  void aLibraryOfThisJdkIsFoundOnThisHost() {
    Path java = HostLibraries.named("java");
    LibraryLocation location =
        LibraryFinder.locate(
            LibrarySpec.named("java").libraryName("java").folders(java.getParent()).build());
    assertEquals(java, location.orThrow().path());
  }

  @Test
  void aDescriptionWithoutNamesIsRefused() {
    LibrarySpec.Builder empty = LibrarySpec.named("fixture");
    assertThrows(IllegalStateException.class, empty::build);
  }
}
