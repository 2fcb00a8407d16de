package dev.baton.xnnpack;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.nativelib.FailureKind;
import dev.baton.nativelib.LibraryFinder;
import dev.baton.nativelib.LibraryLocation;
import dev.baton.nativelib.LibraryLocation.Located;
import dev.baton.nativelib.LibraryLocation.NotLocated;
import dev.baton.nativelib.LibrarySpec;
import dev.baton.nativelib.NativeLibraryException;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnFunction;
import dev.baton.xnnpack.ffi.XnnLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs float subgraphs on XNNPACK, the CPU library that ExecuTorch and TensorFlow Lite use.
 *
 * <p>The library is looked for at the path that the option {@link #LIBRARY_OPTION} or the system
 * property {@link #LIBRARY_PROPERTY} names, then where the system keeps libraries, then in the
 * platform jar of {@code org.bytedeco:tensorflow-lite}. It is loaded when a session is first
 * opened, and stays loaded.
 */
public final class XnnpackDelegate implements Delegate {
  /** System property with the path of the library, or of its folder. */
  public static final String LIBRARY_PROPERTY = "baton.xnnpack.library";

  /** Option of {@link #open} with the path of the library, or of its folder. */
  public static final String LIBRARY_OPTION = "library";

  /**
   * Option of {@link #open}: {@code off} keeps packed weights out of the cache directory, {@code
   * on} by default. Packing resnet18's 46 MB takes most of its load; with a cache directory, later
   * loads, also of other processes, map the packed weights from a file that only the user can
   * write. They are known by checksums of the weights, the library's bytes and the CPU, so any
   * number of models may share the directory, if none of them is made to deceive another. Linux and
   * Android only.
   */
  public static final String PACKED_CACHE_OPTION = "packed-cache";

  /**
   * Option of {@link #open} with the most bytes that packed weights may take in the cache
   * directory; those used least recently go first. 4294967296 by default.
   */
  public static final String PACKED_CACHE_BYTES_OPTION = "packed-cache-bytes";

  private static final int PRIORITY = 100;

  /** Platforms whose jar holds a library that exports XNNPACK's functions. */
  private static final List<String> JARS = List.of("linux-x86_64", "linux-arm64", "android-arm64");

  private static final List<String> MAC_JARS = List.of("macosx-arm64", "macosx-x86_64");

  private static final String JAR_FOLDER = "org/bytedeco/tensorflowlite/";

  private static final LibrarySpec SPEC = spec();

  /** A library that was found, as long as its file and the property stay what they were. */
  private record Found(@Nullable String property, Located location, long size, FileTime modified) {
    static @Nullable Found of(Located location) {
      try {
        Path path = location.path();
        return new Found(
            System.getProperty(LIBRARY_PROPERTY),
            location,
            Files.size(path),
            Files.getLastModifiedTime(path));
      } catch (IOException e) {
        return null;
      }
    }
  }

  private volatile @Nullable Found found;

  /** Used by the service loader. */
  public XnnpackDelegate() {}

  private static LibrarySpec spec() {
    LibrarySpec.Builder spec =
        LibrarySpec.named("xnnpack")
            .libraryName("XNNPACK")
            .resourceLoader(XnnpackDelegate.class.getClassLoader())
            .property(LIBRARY_PROPERTY)
            .symbols(
                Stream.of(
                        XnnFunction.INITIALIZE,
                        XnnFunction.DEFINE_UNARY,
                        XnnFunction.DEFINE_BINARY,
                        XnnFunction.CREATE_RUNTIME,
                        XnnFunction.SETUP_RUNTIME)
                    .map(XnnFunction::symbol)
                    .toArray(String[]::new))
            .remedy(
                "Put org.bytedeco:tensorflow-lite with the classifier of your platform on the class"
                    + " path (not the module path), or name a library by -D"
                    + LIBRARY_PROPERTY
                    + "=PATH.");
    JARS.forEach(jar -> spec.resources(jar, JAR_FOLDER + jar + "/libjnitensorflowlite.so"));
    MAC_JARS.forEach(jar -> spec.resources(jar, JAR_FOLDER + jar + "/libjnitensorflowlite.dylib"));
    return spec.build();
  }

  @Override
  public String name() {
    return "xnnpack";
  }

  @Override
  public List<DelegateOption> options() {
    return List.of(
        DelegateOption.text(LIBRARY_OPTION),
        DelegateOption.oneOf(PACKED_CACHE_OPTION, "on", "off"),
        DelegateOption.bytes(PACKED_CACHE_BYTES_OPTION));
  }

  @Override
  public int priority() {
    return PRIORITY;
  }

  @Override
  public Availability availability() {
    return availability(locate());
  }

  @Override
  public Availability availability(OpenContext context) {
    String path = context.options().get(LIBRARY_OPTION);
    if (path == null) {
      return availability();
    }
    try {
      return availability(LibraryFinder.locate(SPEC, Path.of(path)));
    } catch (InvalidPathException e) {
      return Availability.unavailable(
          Availability.Reason.LIBRARY_ABSENT,
          "The option " + LIBRARY_OPTION + " is no path: " + path + ".",
          "Give the path of the XNNPACK library.",
          List.of());
    }
  }

  private static Availability availability(LibraryLocation found) {
    return switch (found) {
      case Located located ->
          Availability.available(
              located.path() + " (" + located.how() + version(located.path()) + ")");
      case NotLocated absent ->
          Availability.unavailable(
              reason(absent.kind()),
              absent.message(),
              absent.remedy(),
              absent.tried().stream().map(Object::toString).toList());
    };
  }

  /** What a library is, which is known once it is loaded. */
  private static String version(Path path) {
    XnnLibrary library = XnnLibrary.loaded(path);
    return library == null ? "" : ", XNNPACK of " + library.version();
  }

  /** Looks for the library, unless it is where it was. */
  private LibraryLocation locate() {
    Found before = found;
    if (before != null && before.equals(Found.of(before.location))) {
      return before.location;
    }
    LibraryLocation location = LibraryFinder.locate(SPEC);
    found = location instanceof Located located ? Found.of(located) : null;
    return location;
  }

  private static Availability.Reason reason(FailureKind kind) {
    return switch (kind) {
      case PLATFORM -> Availability.Reason.PLATFORM;
      case ABSENT -> Availability.Reason.LIBRARY_ABSENT;
      case UNFIT -> Availability.Reason.LIBRARY_UNFIT;
      case CPU_FEATURE -> Availability.Reason.HARDWARE;
      case CACHE -> Availability.Reason.LIBRARY_NOT_PLACED;
      case ACCESS_DENIED -> Availability.Reason.NATIVE_ACCESS_DENIED;
    };
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    String option = context.options().get(LIBRARY_OPTION);
    try {
      LibraryLocation location =
          option == null ? locate() : LibraryFinder.locate(SPEC, Path.of(option));
      XnnLibrary library = XnnLibrary.load(location.orThrow().path());
      return new XnnpackSession(library, context);
    } catch (NativeLibraryException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e.remedy(), e);
    } catch (InvalidPathException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE,
          "the option " + LIBRARY_OPTION + " is no path: " + option,
          "Give the path of the XNNPACK library.",
          e);
    } catch (XnnException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE,
          "XNNPACK cannot be initialised: " + e.getMessage(),
          "Run on a machine that XNNPACK supports, or without this delegate.",
          e);
    }
  }
}
