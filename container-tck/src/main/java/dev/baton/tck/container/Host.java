package dev.baton.tck.container;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A kind of host: an image, what the container may do, how its JVM is started, and what each run
 * there is to show. Immutable; every {@code with…} gives another host.
 *
 * <p>The images hold no Java: the JDK that runs the test is mounted, as is the class path. So the
 * test has to run on Linux, and on a JDK that lies in one folder, as Temurin does; elsewhere name
 * images with a Java of their own ({@link #withImage}, {@link #withJava}).
 */
public final class Host {
  /** Debian 12, unless another image is named. It has no Java, and glibc 2.36. */
  public static final String IMAGE = "debian:bookworm-slim";

  /** Debian 11: glibc 2.31, and the libstdc++ of GCC 10. */
  public static final String OLD_IMAGE = "debian:bullseye-slim";

  /** An image of Alpine with a Java of its own. */
  public static final String MUSL_IMAGE = "eclipse-temurin:25-jre-alpine";

  /** Jars with XNNPACK's library, which {@code dev.baton:baton} brings. */
  public static final String XNNPACK_JARS = "tensorflow-lite-*";

  /**
   * A folder in the container that lives from the first of a host's runs to the last, and that
   * {@link Preparation}s change.
   */
  public static final String FOLDER = "/host";

  /** User and group {@code nobody}. */
  private static final String NOBODY = "65534:65534";

  private static final long MEBIBYTE = 1 << 20;

  /** Bound to the folder before the run, and what the run is to show. */
  record Run(String name, Preparation preparation, Expectation expectation) {}

  private String name;
  private String image = IMAGE;
  private Optional<String> java = Optional.empty();
  private List<String> slimModules = List.of();
  private List<String> withoutJars = List.of();
  private boolean readOnlyRoot;
  private Map<String, String> tmpfs = Map.of();
  private boolean network = true;
  private double cpus;
  private long memoryBytes;
  private String user = "";
  private boolean nativeAccess = true;
  private List<String> jvmOptions = List.of();
  private Map<String, String> environment = Map.of();
  private Map<Path, String> mounts = Map.of();
  private List<Run> runs = List.of();

  private Host(String name) {
    this.name = name;
  }

  private Host(Host other) {
    name = other.name;
    image = other.image;
    java = other.java;
    slimModules = other.slimModules;
    withoutJars = other.withoutJars;
    readOnlyRoot = other.readOnlyRoot;
    tmpfs = other.tmpfs;
    network = other.network;
    cpus = other.cpus;
    memoryBytes = other.memoryBytes;
    user = other.user;
    nativeAccess = other.nativeAccess;
    jvmOptions = other.jvmOptions;
    environment = other.environment;
    mounts = other.mounts;
    runs = other.runs;
  }

  // ---- kinds of hosts

  /** Nothing is particular: the control. */
  public static Host plain() {
    return new Host("plain");
  }

  /** The accelerator's library is nowhere: the jars that bring it are left out. */
  public static Host noLibrary(String... jars) {
    return new Host("no library").withoutJars(jars);
  }

  /** The library is there, and the system's C and C++ libraries are too old for it. */
  public static Host oldSystem() {
    return new Host("old glibc").withImage(OLD_IMAGE);
  }

  /** No file can be written anywhere. */
  public static Host readOnlyRoot() {
    return new Host("read-only root").withReadOnlyRoot();
  }

  /** Files can be written to {@code /tmp} alone, and nothing there can be executed or mapped so. */
  public static Host noexecTmp() {
    return new Host("noexec tmp").withReadOnlyRoot().withTmpfs("/tmp", "rw,noexec");
  }

  /** No network but loopback. */
  public static Host noNetwork() {
    return new Host("no network").withoutNetwork();
  }

  /** One processor. */
  public static Host oneCpu() {
    return new Host("one CPU").withCpus(1);
  }

  /** So much memory, and no swap. */
  public static Host memory(int mebibytes) {
    return new Host(mebibytes + " MiB").withMemoryBytes(mebibytes * MEBIBYTE);
  }

  /** A user without a home. */
  public static Host nonRoot() {
    return new Host("non-root").withUser(NOBODY);
  }

  /** The JVM permits no native access. */
  public static Host nativeAccessDenied() {
    return new Host("native access denied").withoutNativeAccess();
  }

  /**
   * A Java made by {@code jlink} with these modules, and {@code java.base}.
   *
   * @param modules such as {@code jdk.incubator.vector}
   */
  public static Host slimJre(String... modules) {
    Host host = new Host("slim JRE");
    host.slimModules = modules.length == 0 ? List.of("java.base") : List.of(modules);
    return host;
  }

  /** musl in the place of glibc, with the Java of {@link #MUSL_IMAGE}. */
  public static Host musl() {
    return new Host("musl").withImage(MUSL_IMAGE).withJava("java");
  }

  // ---- what is particular

  /** What the table and the tests call it; unlike that of any other host of a matrix. */
  public Host named(String newName) {
    Host host = new Host(this);
    host.name = newName;
    return host;
  }

  /**
   * Another image, by name. One that the engine has is used, others are pulled. Testcontainers' own
   * settings apply: {@code TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX} names a mirror.
   */
  public Host withImage(String newImage) {
    Host host = new Host(this);
    host.image = newImage;
    return host;
  }

  /** The image's own Java, in the place of a mounted one: a path, or {@code java}. */
  public Host withJava(String command) {
    Host host = new Host(this);
    host.java = Optional.of(command);
    return host;
  }

  /** Leaves jars out of the class path, by file name; {@code *} stands for anything. */
  public Host withoutJars(String... patterns) {
    Host host = new Host(this);
    host.withoutJars = List.of(patterns);
    return host;
  }

  /** Nothing can be written but to what is mounted. */
  public Host withReadOnlyRoot() {
    Host host = new Host(this);
    host.readOnlyRoot = true;
    return host;
  }

  /**
   * A folder in memory.
   *
   * @param options such as {@code rw,noexec}; Docker's default is {@code noexec}
   */
  public Host withTmpfs(String folder, String options) {
    Host host = new Host(this);
    host.tmpfs = with(tmpfs, folder, options);
    return host;
  }

  /** No network but loopback. */
  public Host withoutNetwork() {
    Host host = new Host(this);
    host.network = false;
    return host;
  }

  /** Processor time. */
  public Host withCpus(double count) {
    Host host = new Host(this);
    host.cpus = count;
    return host;
  }

  /** Memory, without swap. */
  public Host withMemoryBytes(long bytes) {
    Host host = new Host(this);
    host.memoryBytes = bytes;
    return host;
  }

  /** {@code user} or {@code user:group}, names or numbers. */
  public Host withUser(String newUser) {
    Host host = new Host(this);
    host.user = newUser;
    return host;
  }

  /** Native access is denied, whatever the application's options say. */
  public Host withoutNativeAccess() {
    Host host = new Host(this);
    host.nativeAccess = false;
    return host;
  }

  /** Options of the JVM, after those of the application. */
  public Host withJvmOptions(String... options) {
    Host host = new Host(this);
    host.jvmOptions = List.of(options);
    return host;
  }

  /** A variable of the environment. */
  public Host withEnvironment(String variable, String value) {
    Host host = new Host(this);
    host.environment = with(environment, variable, value);
    return host;
  }

  /** A file or folder of this machine, to be read there. */
  public Host withMount(Path here, String there) {
    Host host = new Host(this);
    host.mounts = with(mounts, here.toAbsolutePath(), there);
    return host;
  }

  // ---- runs

  /** What the first run is to show. */
  public Host expecting(Expectation expectation) {
    return expecting(Preparation.none(), expectation);
  }

  /** What the first run is to show, after a preparation of {@link #FOLDER}. */
  public Host expecting(Preparation preparation, Expectation expectation) {
    Host host = new Host(this);
    host.runs = List.of(new Run("", preparation, expectation));
    return host;
  }

  /**
   * A further run: another process, in another container, with the same {@link #FOLDER}.
   *
   * @param what happened in between, for the table
   */
  public Host then(String what, Preparation preparation, Expectation expectation) {
    if (runs.isEmpty()) {
      throw new IllegalStateException("'" + name + "' has no first run: call expecting");
    }
    Host host = new Host(this);
    List<Run> more = new ArrayList<>(runs);
    more.add(new Run(what, preparation, expectation));
    host.runs = List.copyOf(more);
    return host;
  }

  private static <K> Map<K, String> with(Map<K, String> map, K key, String value) {
    Map<K, String> more = new LinkedHashMap<>(map);
    more.put(key, value);
    return more;
  }

  // ---- for the matrix

  String name() {
    return name;
  }

  String image() {
    return image;
  }

  /** Empty to mount one. */
  Optional<String> java() {
    return java;
  }

  /** Empty for the whole JDK. */
  List<String> slimModules() {
    return slimModules;
  }

  boolean leavesOut(Path jar) {
    String file = String.valueOf(jar.getFileName());
    return withoutJars.stream()
        .anyMatch(p -> jar.getFileSystem().getPathMatcher("glob:" + p).matches(Path.of(file)));
  }

  boolean isReadOnlyRoot() {
    return readOnlyRoot;
  }

  Map<String, String> tmpfs() {
    return tmpfs;
  }

  boolean hasNetwork() {
    return network;
  }

  /** 0 for all. */
  double cpus() {
    return cpus;
  }

  /** 0 for all. */
  long memoryBytes() {
    return memoryBytes;
  }

  /** Empty for the image's. */
  String user() {
    return user;
  }

  /** Options of the JVM, those of the application among them. */
  List<String> jvmOptions(List<String> application) {
    List<String> options = new ArrayList<>(application);
    if (!nativeAccess) {
      options.removeIf(o -> o.startsWith("--enable-native-access"));
      options.add("--illegal-native-access=deny");
    }
    options.addAll(jvmOptions);
    return options;
  }

  Map<String, String> environment() {
    return environment;
  }

  Map<Path, String> mounts() {
    return mounts;
  }

  List<Run> runs() {
    return runs;
  }

  @Override
  public String toString() {
    return name;
  }
}
