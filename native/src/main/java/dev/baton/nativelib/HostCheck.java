package dev.baton.nativelib;

import dev.baton.nativelib.HostEnvironment.Search;
import dev.baton.nativelib.HostPlatform.Libc;
import dev.baton.nativelib.NativeImage.Format;
import dev.baton.nativelib.Preflight.Fit;
import dev.baton.nativelib.Preflight.Unfit;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The checks of {@link Preflight}, against a host that tests may make up. */
final class HostCheck {
  private HostCheck() {}

  static Preflight check(
      Path path, List<String> symbols, List<String> cpuFeatures, HostEnvironment host) {
    NativeImage image;
    try {
      image = NativeImage.read(path, symbols);
    } catch (NoSuchFileException e) {
      return new Unfit(
          FailureKind.ABSENT, "There is no such file.", "Correct the path or install the library.");
    } catch (NativeImageException e) {
      return unfit("The file is " + e.getMessage() + ".", replacement(e.fault()));
    } catch (IOException e) {
      return unfit(
          "The file cannot be read (" + e + ").", "Give this user permission to read the file.");
    }
    Path origin = Optional.ofNullable(path.toAbsolutePath().getParent()).orElse(path);
    Unfit unfit = platform(image, host.platform());
    if (unfit == null) {
      unfit = symbols(image);
    }
    if (unfit == null) {
      unfit = needed(image, origin, host);
    }
    if (unfit == null) {
      unfit = cpu(cpuFeatures);
    }
    if (unfit == null && host.noexec(origin)) {
      unfit =
          unfit(
              "The file lies on a mount with the option noexec, from which nothing can be loaded.",
              "Move the file to another folder, or mount without noexec.");
    }
    return unfit == null ? new Fit(image) : unfit;
  }

  private static Unfit unfit(String message, String remedy) {
    return new Unfit(FailureKind.UNFIT, message, remedy);
  }

  private static String replacement(NativeImageException.Fault fault) {
    return switch (fault) {
      case NOT_A_LIBRARY -> "Name the shared library itself (.so, .dylib, .dll).";
      case TRUNCATED -> "Copy or download the library again.";
      case MALFORMED -> "Replace the file by an undamaged copy.";
    };
  }

  private static @Nullable Unfit platform(NativeImage image, HostPlatform host) {
    Format expected =
        switch (host.os()) {
          case LINUX, ANDROID, OTHER -> Format.ELF;
          case MACOS -> Format.MACH_O;
          case WINDOWS -> Format.PE;
        };
    if (image.format() != expected) {
      return unfit(
          "The file has the format "
              + image.format()
              + ", but "
              + host
              + " loads "
              + expected
              + ".",
          "Use a build of the library for " + host.classifier() + ".");
    }
    if (!image.architectures().contains(host.architecture())) {
      return unfit(
          "The file is for "
              + image.architectures().stream()
                  .map(Architecture::label)
                  .collect(Collectors.joining(" and "))
              + ", but this JVM runs on "
              + host.architecture().label()
              + ".",
          "Use a build of the library for " + host.classifier() + ".");
    }
    return null;
  }

  private static @Nullable Unfit symbols(NativeImage image) {
    if (image.missingSymbols().isEmpty()) {
      return null;
    }
    return unfit(
        "The file does not export "
            + String.join(", ", new TreeSet<>(image.missingSymbols()))
            + ".",
        "Use a version of the library that has them, or correct the path if it names another library.");
  }

  private static @Nullable Unfit needed(NativeImage image, Path origin, HostEnvironment host) {
    Set<String> absent = new TreeSet<>();
    for (String needed : image.needed()) {
      switch (host.findNeeded(needed, image, origin)) {
        case Search.Found(Path found) -> {
          Unfit unfit = versions(image, needed, found, host.platform());
          if (unfit != null) {
            return unfit;
          }
        }
        case Search.NotFound() -> absent.add(needed);
        case Search.Undecidable() -> {}
      }
    }
    if (absent.isEmpty()) {
      return null;
    }
    if (host.platform().libc() == Libc.MUSL && absent.contains("libc.so.6")) {
      return unfit(
          "The file was built for glibc, but the C library of this host is musl.",
          "Use a build of the library for musl, or a host with glibc.");
    }
    return unfit(
        "The file needs " + String.join(", ", absent) + ", which this host's loader does not find.",
        "Install the missing libraries, or add their folder to "
            + host.loaderVariable()
            + " before the JVM starts.");
  }

  /**
   * The loader of glibc refuses a library if one it needs does not define a version that it asks
   * for; that of musl ignores versions.
   */
  private static @Nullable Unfit versions(
      NativeImage image, String needed, Path found, HostPlatform host) {
    List<String> asked = image.neededVersions().getOrDefault(needed, List.of());
    if (asked.isEmpty() || host.libc() != Libc.GLIBC) {
      return null;
    }
    NativeImage provider;
    try {
      provider = NativeImage.read(found);
    } catch (IOException e) {
      return null;
    }
    Set<String> absent = new TreeSet<>(asked);
    provider.definedVersions().forEach(absent::remove);
    if (absent.isEmpty() || provider.definedVersions().isEmpty()) {
      return null;
    }
    if (absent.stream().allMatch(version -> version.startsWith("GLIBC_"))) {
      return unfit(
          "The file needs glibc "
              + image.glibcFloor().orElse(String.join(", ", absent))
              + ", this host has "
              + (host.libcVersion() == null ? "an older one" : host.libcVersion())
              + ".",
          "Use a host or container image with a newer glibc, or a build of the library for an older one.");
    }
    return unfit(
        "The file needs the versions "
            + String.join(", ", absent)
            + " of "
            + needed
            + ", which "
            + found
            + " does not define.",
        "Install a newer " + needed + ", or a build of the library for an older one.");
  }

  private static @Nullable Unfit cpu(List<String> required) {
    Set<String> absent = new TreeSet<>(required);
    Optional<Set<String>> present =
        absent.isEmpty() ? Optional.empty() : HostPlatform.cpuFeatures();
    present.ifPresent(absent::removeAll);
    if (absent.isEmpty() || present.isEmpty()) {
      return null;
    }
    return new Unfit(
        FailureKind.CPU_FEATURE,
        "The library needs the CPU features "
            + String.join(", ", absent)
            + ", which this CPU lacks.",
        "Run on a CPU that has them, or use a build of the library for this one.");
  }
}
