package dev.baton.nativelib;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where this host keeps libraries, and what its file systems allow. Reads at each call; never
 * throws for what it finds.
 *
 * @param root the folder that holds {@code proc} and {@code etc}
 */
record HostEnvironment(
    HostPlatform platform,
    Function<String, @Nullable String> properties,
    Function<String, @Nullable String> variables,
    Path root) {

  /** Finding a library that another one needs. */
  sealed interface Search {
    record Found(Path path) implements Search {}

    record NotFound() implements Search {}

    record Undecidable() implements Search {}
  }

  static HostEnvironment current() {
    return new HostEnvironment(
        HostPlatform.current(), System::getProperty, System::getenv, Path.of("/"));
  }

  @Nullable String property(String name) {
    return nonEmpty(properties.apply(name));
  }

  @Nullable String variable(String name) {
    return nonEmpty(variables.apply(name));
  }

  private static @Nullable String nonEmpty(@Nullable String value) {
    return value == null || value.isBlank() ? null : value;
  }

  /** The folders of a list such as LD_LIBRARY_PATH's value, without those that are no path. */
  static List<Path> folders(@Nullable String list, String separator) {
    if (list == null) {
      return List.of();
    }
    return Arrays.stream(list.split(separator, -1))
        .filter(folder -> !folder.isEmpty())
        .map(HostEnvironment::path)
        .flatMap(Optional::stream)
        .toList();
  }

  static Optional<Path> path(String text) {
    try {
      return Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** The variable that this system's loader takes folders from. */
  String loaderVariable() {
    return switch (platform.os()) {
      case MACOS -> "DYLD_LIBRARY_PATH";
      case WINDOWS -> "PATH";
      case LINUX, ANDROID, OTHER -> "LD_LIBRARY_PATH";
    };
  }

  List<Path> loaderFolders() {
    String separator = platform.os() == OperatingSystem.WINDOWS ? ";" : ":";
    return folders(variable(loaderVariable()), separator);
  }

  /** Folders that hold libraries on systems of this kind. */
  List<Path> standardFolders() {
    List<String> folders = new ArrayList<>();
    switch (platform.os()) {
      case LINUX, OTHER -> {
        String multiarch = platform.architecture().multiarch();
        if (!multiarch.isEmpty()) {
          folders.add("usr/local/lib/" + multiarch);
          folders.add("lib/" + multiarch);
          folders.add("usr/lib/" + multiarch);
        }
        folders.addAll(List.of("usr/local/lib", "lib64", "usr/lib64", "lib", "usr/lib"));
      }
      case ANDROID -> folders.addAll(List.of("vendor/lib64", "system/lib64"));
      case MACOS -> folders.addAll(List.of("usr/local/lib", "opt/homebrew/lib"));
      case WINDOWS -> {}
    }
    return folders.stream().map(root::resolve).toList();
  }

  /** Where the loader would find a library that {@code image}, lying in {@code origin}, needs. */
  Search findNeeded(String needed, NativeImage image, Path origin) {
    return switch (image.format()) {
      case ELF -> findElf(needed, image, origin);
      case MACH_O -> findMachO(needed);
      case PE -> new Search.Undecidable();
    };
  }

  private Search findElf(String needed, NativeImage image, Path origin) {
    if (needed.indexOf('/') >= 0) {
      return path(needed).filter(Files::exists).isPresent()
          ? new Search.Found(Path.of(needed))
          : new Search.NotFound();
    }
    for (Path loaded : loadedFiles(root)) {
      if (loaded.endsWith(needed) && suits(loaded, image.architectures())) {
        return new Search.Found(loaded);
      }
    }
    boolean undecidable = platform.os() != OperatingSystem.LINUX;
    Set<Path> candidates = new LinkedHashSet<>();
    for (String runPath : image.runPaths()) {
      String expanded =
          runPath.replace("${ORIGIN}", origin.toString()).replace("$ORIGIN", origin.toString());
      Optional<Path> folder = path(expanded);
      undecidable |= expanded.indexOf('$') >= 0 || folder.isEmpty();
      folder.ifPresent(existing -> candidates.add(existing.resolve(needed)));
    }
    loaderFolders().forEach(folder -> candidates.add(folder.resolve(needed)));
    candidates.addAll(inLoaderCache(needed));
    standardFolders().forEach(folder -> candidates.add(folder.resolve(needed)));
    for (Path candidate : candidates) {
      if (suits(candidate, image.architectures())) {
        return new Search.Found(candidate);
      }
    }
    return undecidable ? new Search.Undecidable() : new Search.NotFound();
  }

  /** The loader passes over libraries of another architecture. */
  private static boolean suits(Path candidate, Collection<Architecture> architectures) {
    try {
      return Files.isRegularFile(candidate)
          && NativeImage.read(candidate).architectures().stream().anyMatch(architectures::contains);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * System libraries of macOS lie in a shared cache, not in files; {@code @rpath} depends on who
   * loads.
   */
  private static Search findMachO(String needed) {
    if (needed.startsWith("@")
        || needed.startsWith("/usr/lib/")
        || needed.startsWith("/System/")
        || !needed.startsWith("/")) {
      return new Search.Undecidable();
    }
    return path(needed)
        .filter(Files::exists)
        .<Search>map(Search.Found::new)
        .orElseGet(Search.NotFound::new);
  }

  /**
   * The paths that ld.so.cache gives for a library; its strings are enough, the index into them is
   * not needed.
   */
  private List<Path> inLoaderCache(String needed) {
    String cache;
    try {
      cache = Files.readString(root.resolve("etc/ld.so.cache"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return List.of();
    }
    List<Path> paths = new ArrayList<>();
    String ending = "/" + needed + "\0";
    for (int at = cache.indexOf(ending); at >= 0; at = cache.indexOf(ending, at + 1)) {
      int start = cache.lastIndexOf('\0', at) + 1;
      path(cache.substring(start, at + ending.length() - 1)).ifPresent(paths::add);
    }
    return paths;
  }

  /** Files mapped into this process (Linux), in the order of their addresses. */
  static Set<Path> loadedFiles(Path root) {
    Set<String> names = new LinkedHashSet<>();
    for (String line : lines(root.resolve("proc/self/maps"))) {
      int path = line.indexOf('/');
      if (path > 0 && line.contains(".so")) {
        names.add(line.substring(path));
      }
    }
    Set<Path> files = new LinkedHashSet<>();
    names.forEach(name -> path(name).ifPresent(files::add));
    return files;
  }

  /**
   * Whether a file in this folder, which need not exist yet, lies on a mount that forbids
   * execution.
   */
  boolean noexec(Path folder) {
    Path real = realPath(folder);
    Path longest = null;
    boolean noexec = false;
    for (String line : lines(root.resolve("proc/self/mounts"))) {
      String[] fields = line.split(" ", -1);
      Optional<Path> mount = fields.length < 4 ? Optional.empty() : path(unescape(fields[1]));
      if (mount.isPresent()
          && real.startsWith(mount.get())
          && (longest == null || mount.get().getNameCount() >= longest.getNameCount())) {
        longest = mount.get();
        noexec = List.of(fields[3].split(",", -1)).contains("noexec");
      }
    }
    return noexec;
  }

  private static Path realPath(Path path) {
    Path absolute = path.toAbsolutePath().normalize();
    for (Path known = absolute; known != null; known = known.getParent()) {
      try {
        return known.toRealPath().resolve(known.relativize(absolute));
      } catch (IOException e) {
        // not there yet: its parent decides
      }
    }
    return absolute;
  }

  /** Mount points have space, tab, newline and backslash as three octal digits. */
  private static String unescape(String field) {
    return field
        .replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }

  private static List<String> lines(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
