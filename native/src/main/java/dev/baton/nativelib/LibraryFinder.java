package dev.baton.nativelib;

import dev.baton.nativelib.LibraryLocation.Located;
import dev.baton.nativelib.LibraryLocation.NotLocated;
import dev.baton.nativelib.LibrarySpec.EnvironmentFolder;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds native libraries without loading them.
 *
 * <p>The order of the search:
 *
 * <ol>
 *   <li>the path that the caller gives; nothing else is tried then
 *   <li>the system property of the description; nothing else is tried then
 *   <li>the folders of the description, then those under its environment variables
 *   <li>{@code java.library.path}, the loader's variable ({@code LD_LIBRARY_PATH}), the standard
 *       folders
 *   <li>resources in jars, extracted into a cache folder: that of the system property {@code
 *       baton.cache.dir}, else {@code XDG_CACHE_HOME/baton}, else {@code ~/.cache/baton}, else one
 *       in {@code java.io.tmpdir}
 * </ol>
 *
 * Each file found must pass its {@link Preflight}; if it does not, the search goes on, and the
 * failure is remembered.
 */
public final class LibraryFinder {
  private static final String GENERAL_REMEDY = "Install the library, or name its path";

  private final HostEnvironment host;

  LibraryFinder(HostEnvironment host) {
    this.host = host;
  }

  /**
   * Searches for a library. Loads nothing, and does not throw for what it meets on the way. Safe
   * for any number of threads and processes at once.
   *
   * @param spec what to look for, never null
   * @return where it is or why there is none, never null
   */
  public static LibraryLocation locate(LibrarySpec spec) {
    return locate(spec, null);
  }

  /**
   * {@link #locate(LibrarySpec)}, unless the caller knows better.
   *
   * @param spec what to look for, never null
   * @param explicit the file or the folder that holds it; null to search. If it will not do,
   *     nothing else is tried.
   * @return where it is or why there is none, never null
   */
  public static LibraryLocation locate(LibrarySpec spec, @Nullable Path explicit) {
    return new LibraryFinder(HostEnvironment.current()).find(spec, explicit);
  }

  LibraryLocation find(LibrarySpec spec, @Nullable Path explicit) {
    return new Run(spec).find(explicit);
  }

  /** One search and what it has tried. */
  private final class Run {
    private final LibrarySpec spec;
    private final HostPlatform platform = host.platform();
    private final List<Attempt> tried = new ArrayList<>();
    private final Set<Path> searched = new LinkedHashSet<>();
    private final List<Preflight.Unfit> unfit = new ArrayList<>();

    Run(LibrarySpec spec) {
      this.spec = spec;
    }

    LibraryLocation find(@Nullable Path explicit) {
      if (explicit != null) {
        return only(explicit, "path given by the caller");
      }
      String property = spec.property();
      String value = property == null ? null : host.property(property);
      if (value != null) {
        String how = "system property " + property;
        Optional<Path> path = HostEnvironment.path(value);
        if (path.isEmpty()) {
          tried.add(new Attempt(how, FailureKind.ABSENT, "\"" + value + "\" is no path."));
          return failure();
        }
        return only(path.get(), how);
      }
      List<String> fileNames = spec.fileNames(platform);
      List<String> resources = spec.resources(platform);
      if (fileNames.isEmpty() && resources.isEmpty()) {
        return new NotLocated(
            FailureKind.PLATFORM,
            "There is no library %s for %s, only for %s."
                .formatted(spec.name(), platform.classifier(), String.join(", ", spec.platforms())),
            "Run on one of these platforms"
                + (property == null
                    ? "."
                    : ", or name a build of your own by -D" + property + "=PATH."),
            List.of());
      }
      Located located = inFolders(fileNames);
      if (located == null) {
        located = inResources(resources);
      }
      return located == null ? failure() : permitted(located);
    }

    /** The one place that the user named: a file, or a folder that holds it. */
    private LibraryLocation only(Path path, String how) {
      Located located;
      if (Files.isDirectory(path)) {
        located = inFolders(how, List.of(path), spec.fileNames(platform));
      } else {
        located = check(path, how);
      }
      return located == null ? failure() : permitted(located);
    }

    private @Nullable Located inFolders(List<String> fileNames) {
      if (fileNames.isEmpty()) {
        return null;
      }
      Located located = inFolders("folders of the caller", spec.folders(), fileNames);
      for (EnvironmentFolder folder : spec.environmentFolders(platform)) {
        if (located == null) {
          located = inEnvironment(folder, fileNames);
        }
      }
      if (located == null) {
        String separator = platform.os() == OperatingSystem.WINDOWS ? ";" : ":";
        List<Path> folders = HostEnvironment.folders(host.property("java.library.path"), separator);
        located = inFolders("java.library.path", folders, fileNames);
      }
      if (located == null) {
        located = inFolders(host.loaderVariable(), host.loaderFolders(), fileNames);
      }
      if (located == null) {
        located = inFolders("standard folders", host.standardFolders(), fileNames);
      }
      return located;
    }

    private @Nullable Located inEnvironment(EnvironmentFolder folder, List<String> fileNames) {
      String how = "environment variable " + folder.variable();
      String value = host.variable(folder.variable());
      if (value == null) {
        tried.add(new Attempt(how, FailureKind.ABSENT, "It is not set."));
        return null;
      }
      List<Path> folders =
          HostEnvironment.path(value).map(base -> expand(base, folder.pattern())).orElse(List.of());
      if (folders.isEmpty()) {
        tried.add(
            new Attempt(
                how,
                FailureKind.ABSENT,
                "There is no folder " + folder.pattern() + " in " + value + "."));
        return null;
      }
      return inFolders(how, folders, fileNames);
    }

    private @Nullable Located inFolders(String how, List<Path> folders, List<String> fileNames) {
      List<Path> fresh = new ArrayList<>(folders);
      fresh.removeIf(folder -> !searched.add(folder));
      boolean found = false;
      for (Path folder : fresh) {
        for (Path file : files(folder, fileNames)) {
          found = true;
          Located located = check(file, how);
          if (located != null) {
            return located;
          }
        }
      }
      if (!found && !fresh.isEmpty()) {
        tried.add(
            new Attempt(
                how + " (" + join(fresh) + ")",
                FailureKind.ABSENT,
                "No file named " + String.join(" or ", fileNames) + " is there."));
      }
      return null;
    }

    private @Nullable Located inResources(List<String> resources) {
      ResourceCache cache = new ResourceCache(host);
      for (String resource : resources) {
        URL url = spec.resourceLoader().getResource(resource);
        if (url == null) {
          tried.add(
              new Attempt(
                  "resource " + resource,
                  FailureKind.ABSENT,
                  "No jar that " + loaderName() + " sees has it."));
          continue;
        }
        Path file = asFile(url);
        FitRecord record = null;
        if (file == null) {
          file = cache.extract(url, tried);
          record = file == null ? null : FitRecord.of(file, question(), host);
          if (file != null && record != null && record.isKept()) {
            return new Located(file.toAbsolutePath(), "resource " + resource);
          }
        }
        Located located = file == null ? null : check(file, "resource " + resource);
        if (located != null && record != null) {
          record.keep();
        }
        if (located != null) {
          return located;
        }
      }
      return null;
    }

    private List<String> question() {
      List<String> question = new ArrayList<>(spec.symbols());
      if (!spec.cpuFeatures(platform).isEmpty()) {
        question.addAll(spec.cpuFeatures(platform));
        HostPlatform.cpuFeatures().ifPresent(has -> question.addAll(new TreeSet<>(has)));
      }
      return question;
    }

    private String loaderName() {
      String name = spec.resourceLoader().getName();
      return "the class loader " + (name == null ? spec.resourceLoader() : "\"" + name + "\"");
    }

    private @Nullable Located check(Path file, String how) {
      Path absolute = file.toAbsolutePath();
      return switch (HostCheck.check(file, spec.symbols(), spec.cpuFeatures(platform), host)) {
        case Preflight.Fit _ -> new Located(absolute, how);
        case Preflight.Unfit failed -> {
          unfit.add(failed);
          tried.add(new Attempt(how + ", " + absolute, failed.kind(), failed.message()));
          yield null;
        }
      };
    }

    private LibraryLocation permitted(Located located) {
      return NativeAccess.denial()
          .<LibraryLocation>map(why -> {
            tried.add(new Attempt(located.path().toString(), FailureKind.ACCESS_DENIED, why));
            return new NotLocated(
                FailureKind.ACCESS_DENIED,
                "The library %s was found (%s), but may not be loaded. %s"
                    .formatted(spec.name(), located.path(), why),
                NativeAccess.remedy(),
                tried);
          })
          .orElse(located);
    }

    /**
     * A file that was found and is unfit says more than a cache that refused, and this more than
     * folders without the file.
     */
    private NotLocated failure() {
      for (Preflight.Unfit failed : unfit) {
        if (failed.kind() != FailureKind.ABSENT) {
          Attempt attempt =
              tried.stream()
                  .filter(a -> a.why().equals(failed.message()))
                  .findFirst()
                  .orElseThrow();
          return new NotLocated(
              failed.kind(),
              "The library %s was found (%s), but cannot be used. %s"
                  .formatted(spec.name(), attempt.where(), failed.message()),
              failed.remedy(),
              tried);
        }
      }
      for (Attempt attempt : tried) {
        if (attempt.kind() == FailureKind.CACHE) {
          return new NotLocated(
              FailureKind.CACHE,
              "The library %s is in a jar, but no cache folder serves to extract it; the first was: %s"
                  .formatted(spec.name(), attempt),
              "Name a folder that is writable and mounted without noexec by -D"
                  + ResourceCache.PROPERTY
                  + "=FOLDER.",
              tried);
        }
      }
      String places =
          tried.size() == 1 ? tried.getFirst().toString() : "Tried " + tried.size() + " places.";
      return new NotLocated(
          FailureKind.ABSENT,
          "The library %s for %s was not found. %s"
              .formatted(spec.name(), platform.classifier(), places),
          absentRemedy(),
          tried);
    }

    private String absentRemedy() {
      if (spec.remedy() != null) {
        return spec.remedy();
      }
      return GENERAL_REMEDY
          + (spec.property() == null ? "." : " by -D" + spec.property() + "=PATH.");
    }
  }

  private static String join(List<Path> folders) {
    return folders.stream().map(Path::toString).collect(Collectors.joining(", "));
  }

  /** A resource in a folder of classes needs no extraction. */
  private static @Nullable Path asFile(URL url) {
    if (!url.getProtocol().toLowerCase(Locale.ROOT).equals("file")) {
      return null;
    }
    try {
      return Path.of(url.toURI());
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null;
    }
  }

  /** The existing files of a folder that names mean, in their order. */
  private static List<Path> files(Path folder, List<String> fileNames) {
    List<Path> files = new ArrayList<>();
    for (String fileName : fileNames) {
      if (fileName.indexOf('*') >= 0) {
        files.addAll(matches(folder, fileName));
      } else if (Files.exists(folder.resolve(fileName))) {
        files.add(folder.resolve(fileName));
      }
    }
    return files;
  }

  /** What of a folder a name with wildcards means, newest name first. */
  private static List<Path> matches(Path folder, String pattern) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> matches = Files.newDirectoryStream(folder, pattern)) {
      matches.forEach(found::add);
    } catch (IOException | DirectoryIteratorException | PatternSyntaxException e) {
      return List.of(); // a folder that cannot be listed has no match
    }
    found.sort((a, b) -> b.compareTo(a));
    return found;
  }

  /**
   * The existing folders under {@code base} that a pattern with wildcards means, newest name first.
   */
  private static List<Path> expand(Path base, String pattern) {
    List<Path> folders = List.of(base);
    for (String part : pattern.split("/", -1)) {
      if (part.isEmpty()) {
        continue;
      }
      folders =
          folders.stream()
              .flatMap(folder -> matches(folder, part).stream())
              .filter(Files::isDirectory)
              .sorted((a, b) -> b.compareTo(a))
              .toList();
    }
    return folders;
  }
}
