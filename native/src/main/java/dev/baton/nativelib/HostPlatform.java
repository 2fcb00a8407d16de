package dev.baton.nativelib;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a native library must have been built for. Immutable and safe for any number of threads.
 *
 * @param os operating system, never null
 * @param architecture architecture of the running JVM, never null
 * @param libc C library of the running process, never null; {@link Libc#UNKNOWN} where it could not
 *     be told
 * @param libcVersion version of {@code libc} such as {@code 2.36}; null where it is not known
 */
public record HostPlatform(
    OperatingSystem os, Architecture architecture, Libc libc, @Nullable String libcVersion) {

  /** C libraries whose binaries do not mix. */
  public enum Libc {
    GLIBC,
    MUSL,
    BIONIC,
    /** The one C library of macOS or Windows. */
    SYSTEM,
    UNKNOWN
  }

  /**
   * The platform of this process, determined once without loading anything; never null, never
   * throws.
   */
  public static HostPlatform current() {
    return Current.PLATFORM;
  }

  /**
   * The name under which libraries for this platform are published: {@code linux-x86_64}, {@code
   * linux-arm64}, {@code macosx-arm64}, {@code macosx-x86_64}, {@code windows-x86_64}, {@code
   * android-arm64}; never null.
   */
  public String classifier() {
    return os.label() + "-" + architecture.label();
  }

  /**
   * The CPU features of this machine as Linux names them ({@code avx2}, {@code asimddp}); empty
   * where they cannot be told (any system but Linux and Android). Read once, at the first call;
   * never throws.
   */
  public static Optional<Set<String>> cpuFeatures() {
    return CpuFeatures.OF_HOST;
  }

  @Override
  public String toString() {
    return classifier()
        + switch (libc) {
          case GLIBC, MUSL ->
              " ("
                  + libc.name().toLowerCase(Locale.ROOT)
                  + (libcVersion == null ? ")" : " " + libcVersion + ")");
          case BIONIC, SYSTEM, UNKNOWN -> "";
        };
  }

  static HostPlatform of(String osName, String osArch, String runtimeName, Path root) {
    Architecture architecture = Architecture.named(osArch);
    String name = osName.toLowerCase(Locale.ROOT);
    if (name.startsWith("mac") || name.startsWith("darwin")) {
      return new HostPlatform(OperatingSystem.MACOS, architecture, Libc.SYSTEM, null);
    }
    if (name.startsWith("windows")) {
      return new HostPlatform(OperatingSystem.WINDOWS, architecture, Libc.SYSTEM, null);
    }
    if (runtimeName.toLowerCase(Locale.ROOT).contains("android")) {
      return new HostPlatform(OperatingSystem.ANDROID, architecture, Libc.BIONIC, null);
    }
    if (!name.startsWith("linux")) {
      return new HostPlatform(OperatingSystem.OTHER, architecture, Libc.UNKNOWN, null);
    }
    for (Path loaded : HostEnvironment.loadedFiles(root)) {
      String file = String.valueOf(loaded.getFileName());
      if (file.startsWith("ld-musl-") || file.startsWith("libc.musl-")) {
        return new HostPlatform(OperatingSystem.LINUX, architecture, Libc.MUSL, null);
      }
      if (file.equals("libc.so.6") || (file.startsWith("libc-2.") && file.endsWith(".so"))) {
        return new HostPlatform(
            OperatingSystem.LINUX, architecture, Libc.GLIBC, glibcVersion(loaded));
      }
    }
    return new HostPlatform(OperatingSystem.LINUX, architecture, Libc.UNKNOWN, null);
  }

  /**
   * glibc's libc.so.6 defines one symbol version for each release: the newest is its own version.
   */
  private static @Nullable String glibcVersion(Path libc) {
    try {
      return NativeImage.read(libc).newestDefined("GLIBC_").orElse(null);
    } catch (IOException e) {
      return null;
    }
  }

  static Architecture architectureOfJvm() {
    return Architecture.named(System.getProperty("os.arch", ""));
  }

  private static final class Current {
    static final HostPlatform PLATFORM =
        of(
            System.getProperty("os.name", ""),
            System.getProperty("os.arch", ""),
            System.getProperty("java.runtime.name", ""),
            Path.of("/"));
  }

  static final class CpuFeatures {
    static final Optional<Set<String>> OF_HOST = read(Path.of("/proc/cpuinfo"));

    private CpuFeatures() {}

    static Optional<Set<String>> read(Path cpuinfo) {
      List<String> lines;
      try {
        lines = Files.readAllLines(cpuinfo);
      } catch (IOException e) {
        return Optional.empty();
      }
      for (String line : lines) {
        int colon = line.indexOf(':');
        String key = colon < 0 ? "" : line.substring(0, colon).strip();
        if (key.equals("flags") || key.equals("Features")) {
          return Optional.of(Set.of(line.substring(colon + 1).strip().split("\\s+")));
        }
      }
      return Optional.empty();
    }
  }
}
