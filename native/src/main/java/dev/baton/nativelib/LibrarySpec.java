package dev.baton.nativelib;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a library is called, where it may be, and what it must offer. Immutable and safe for any
 * number of threads.
 *
 * <p>A platform is named by its {@linkplain HostPlatform#classifier() classifier}. No parameter and
 * no result of this class or its builder is null unless it says so.
 */
public final class LibrarySpec {
  private static final String ANY_PLATFORM = "*";

  private final String name;
  private final @Nullable String property;
  private final @Nullable String remedy;
  private final ClassLoader resourceLoader;
  private final List<Path> folders;
  private final List<String> symbols;
  private final List<EnvironmentFolder> environmentFolders;
  private final Map<String, List<String>> fileNames;
  private final Map<String, List<String>> resources;
  private final Map<String, List<String>> cpuFeatures;
  private final List<String> stems;

  record EnvironmentFolder(String classifier, String variable, String pattern) {}

  private LibrarySpec(Builder builder) {
    name = builder.name;
    property = builder.property;
    remedy = builder.remedy;
    resourceLoader =
        builder.resourceLoader == null
            ? ClassLoader.getSystemClassLoader()
            : builder.resourceLoader;
    folders = List.copyOf(builder.folders);
    symbols = List.copyOf(builder.symbols);
    environmentFolders = List.copyOf(builder.environmentFolders);
    fileNames = copy(builder.fileNames);
    resources = copy(builder.resources);
    cpuFeatures = copy(builder.cpuFeatures);
    stems = List.copyOf(builder.stems);
  }

  private static Map<String, List<String>> copy(Map<String, List<String>> lists) {
    Map<String, List<String>> copy = new LinkedHashMap<>();
    lists.forEach((key, list) -> copy.put(key, List.copyOf(list)));
    return copy;
  }

  /**
   * A builder for the library that users and messages call {@code name}.
   *
   * @param name such as {@code xnnpack}
   */
  public static Builder named(String name) {
    return new Builder(name);
  }

  /** What users and messages call the library. */
  public String name() {
    return name;
  }

  /** The system property that holds its path; null where there is none. */
  public @Nullable String property() {
    return property;
  }

  /** What a user without the library should do; null where the general advice serves. */
  public @Nullable String remedy() {
    return remedy;
  }

  /** The loader whose resources are searched. */
  public ClassLoader resourceLoader() {
    return resourceLoader;
  }

  /** Folders of the caller's choice. */
  public List<Path> folders() {
    return folders;
  }

  /** Symbols without which the library is of no use. */
  public List<String> symbols() {
    return symbols;
  }

  /**
   * The platforms for which files or resources are named; empty if files are named for every
   * platform.
   */
  public Set<String> platforms() {
    if (!stems.isEmpty()) {
      return Set.of();
    }
    Set<String> platforms = new TreeSet<>(fileNames.keySet());
    platforms.addAll(resources.keySet());
    return platforms;
  }

  /** File names to look for on a platform, best first. */
  public List<String> fileNames(HostPlatform platform) {
    Set<String> names =
        new LinkedHashSet<>(fileNames.getOrDefault(platform.classifier(), List.of()));
    stems.forEach(stem -> names.add(platform.os().libraryFileName(stem)));
    return List.copyOf(names);
  }

  /** Resources to look for on a platform, best first. */
  public List<String> resources(HostPlatform platform) {
    return resources.getOrDefault(platform.classifier(), List.of());
  }

  /** CPU features that the library needs on a platform, as Linux names them. */
  public List<String> cpuFeatures(HostPlatform platform) {
    return cpuFeatures.getOrDefault(platform.classifier(), List.of());
  }

  List<EnvironmentFolder> environmentFolders(HostPlatform platform) {
    return environmentFolders.stream()
        .filter(folder ->
            folder.classifier.equals(ANY_PLATFORM)
                || folder.classifier.equals(platform.classifier()))
        .toList();
  }

  @Override
  public String toString() {
    return "LibrarySpec[" + name + "]";
  }

  /**
   * Builds a {@link LibrarySpec}. Not safe for several threads. Each method returns this builder.
   */
  public static final class Builder {
    private final String name;
    private @Nullable String property;
    private @Nullable String remedy;
    private @Nullable ClassLoader resourceLoader;
    private final List<Path> folders = new ArrayList<>();
    private final List<String> symbols = new ArrayList<>();
    private final List<EnvironmentFolder> environmentFolders = new ArrayList<>();
    private final Map<String, List<String>> fileNames = new LinkedHashMap<>();
    private final Map<String, List<String>> resources = new LinkedHashMap<>();
    private final Map<String, List<String>> cpuFeatures = new LinkedHashMap<>();
    private final List<String> stems = new ArrayList<>();

    private Builder(String name) {
      this.name = name;
    }

    /**
     * Looks for the shared library {@code stem} on every platform: {@code XNNPACK} is
     * libXNNPACK.so, libXNNPACK.dylib, XNNPACK.dll.
     */
    public Builder libraryName(String stem) {
      stems.add(stem);
      return this;
    }

    /**
     * Looks for files of these names on one platform, before those of {@link #libraryName}. A name
     * may have the wildcard {@code *}, such as {@code libcudart.so.*} for libraries that carry
     * their version: of several files the greatest name is tried first.
     */
    public Builder fileNames(String classifier, String... names) {
      return add(fileNames, classifier, names);
    }

    /**
     * Looks for these resources on one platform, where no file was found. Paths have no leading
     * slash.
     */
    public Builder resources(String classifier, String... paths) {
      return add(resources, classifier, paths);
    }

    /**
     * The class loader that sees the jar with the resources; without this, the system class loader.
     */
    public Builder resourceLoader(ClassLoader loader) {
      resourceLoader = loader;
      return this;
    }

    /**
     * The system property that holds the path of the file or of its folder. When set, nothing else
     * is searched.
     */
    public Builder property(String name) {
      property = name;
      return this;
    }

    /** Searches these folders first. */
    public Builder folders(Path... paths) {
      folders.addAll(List.of(paths));
      return this;
    }

    /**
     * Searches folders under the one that an environment variable holds.
     *
     * @param variable such as {@code QNN_SDK_ROOT}
     * @param patterns folders relative to its value; each part may have the wildcards of {@link
     *     java.nio.file.FileSystem#getPathMatcher glob}; the empty pattern is the value itself
     */
    public Builder environmentFolders(String variable, String... patterns) {
      return environmentFoldersOn(ANY_PLATFORM, variable, patterns);
    }

    /** {@link #environmentFolders} for one platform. */
    public Builder environmentFoldersOn(String classifier, String variable, String... patterns) {
      for (String pattern : patterns) {
        environmentFolders.add(new EnvironmentFolder(classifier, variable, pattern));
      }
      return this;
    }

    /** Requires exported symbols, named as in C. */
    public Builder symbols(String... names) {
      symbols.addAll(List.of(names));
      return this;
    }

    /**
     * Requires CPU features on one platform, as Linux names them; not checked where they cannot be
     * told.
     */
    public Builder cpuFeatures(String classifier, String... features) {
      return add(cpuFeatures, classifier, features);
    }

    /** What a user without the library should do, one sentence. */
    public Builder remedy(String sentence) {
      remedy = sentence;
      return this;
    }

    /**
     * The description.
     *
     * @throws IllegalStateException if it names no file and no resource
     */
    public LibrarySpec build() {
      if (stems.isEmpty() && fileNames.isEmpty() && resources.isEmpty()) {
        throw new IllegalStateException(
            "The description of the library "
                + name
                + " names no file and no resource: call libraryName, fileNames or resources.");
      }
      return new LibrarySpec(this);
    }

    private Builder add(Map<String, List<String>> lists, String classifier, String... elements) {
      lists.computeIfAbsent(classifier, _ -> new ArrayList<>()).addAll(List.of(elements));
      return this;
    }
  }
}
