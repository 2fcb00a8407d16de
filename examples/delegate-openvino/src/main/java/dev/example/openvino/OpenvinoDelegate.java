package dev.example.openvino;

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
import dev.example.openvino.ffi.OpenvinoException;
import dev.example.openvino.ffi.OpenvinoLibrary;
import dev.example.openvino.ffi.OpenvinoVersion;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Runs subgraphs of float32, and payloads that were lowered for OpenVINO, on OpenVINO's CPU.
 *
 * <p>The C library is looked for at the path that the option {@link #LIBRARY_OPTION} or the system
 * property {@link #LIBRARY_PROPERTY} names, then in the Python environment and in the installation
 * that environment variables name, then where the system keeps libraries. It is loaded when a
 * session is first opened, stays loaded, and is never downloaded.
 */
public final class OpenvinoDelegate implements Delegate {
  /** System property with the path of {@code libopenvino_c}, or of its folder. */
  public static final String LIBRARY_PROPERTY = "openvino.library";

  /** Option of {@link #open} with that path. */
  public static final String LIBRARY_OPTION = "library";

  /** The backend id of payloads. */
  static final String PAYLOAD_ID = "OpenvinoBackend";

  /** Before XNNPACK, whose priority is 100: who installs OpenVINO wants it. */
  private static final int PRIORITY = 110;

  private static final String WHEEL = "lib/python3*/site-packages/openvino/libs";

  private static final String REMEDY =
      "Install OpenVINO "
          + OpenvinoVersion.OLDEST
          + " or newer (pip install openvino), and name the folder of its libraries by -D"
          + LIBRARY_PROPERTY
          + "=PATH.";

  static final LibrarySpec SPEC =
      LibrarySpec.named("openvino")
          .fileNames("linux-x86_64", "libopenvino_c.so", "libopenvino_c.so.*")
          .fileNames("linux-arm64", "libopenvino_c.so", "libopenvino_c.so.*")
          .fileNames("macosx-arm64", "libopenvino_c.dylib", "libopenvino_c.*.dylib")
          .fileNames("windows-x86_64", "openvino_c.dll")
          .property(LIBRARY_PROPERTY)
          .environmentFolders("VIRTUAL_ENV", WHEEL)
          .environmentFolders("CONDA_PREFIX", WHEEL)
          .environmentFolders("HOME", ".local/" + WHEEL)
          .environmentFolders("INTEL_OPENVINO_DIR", "runtime/lib/*")
          .symbols(OpenvinoLibrary.SYMBOLS.toArray(String[]::new))
          .remedy(REMEDY)
          .build();

  /** Used by the service loader. */
  public OpenvinoDelegate() {}

  @Override
  public String name() {
    return "openvino";
  }

  @Override
  public int priority() {
    return PRIORITY;
  }

  @Override
  public Set<String> payloadIds() {
    return Set.of(PAYLOAD_ID);
  }

  @Override
  public List<DelegateOption> options() {
    return List.of(DelegateOption.text(LIBRARY_OPTION));
  }

  @Override
  public Availability availability() {
    return availability(LibraryFinder.locate(SPEC));
  }

  @Override
  public Availability availability(OpenContext context) {
    String path = context.options().get(LIBRARY_OPTION);
    try {
      return path == null
          ? availability()
          : availability(LibraryFinder.locate(SPEC, Path.of(path)));
    } catch (InvalidPathException e) {
      return Availability.unavailable(
          Availability.Reason.LIBRARY_ABSENT,
          "The option " + LIBRARY_OPTION + " is no path: " + path + ".",
          REMEDY,
          List.of());
    }
  }

  private static Availability availability(LibraryLocation location) {
    return switch (location) {
      case Located located -> {
        OpenvinoVersion version = OpenvinoVersion.ofFile(located.path());
        String found = located.path() + " (" + located.how() + ")";
        yield version != null && version.compareTo(OpenvinoVersion.OLDEST) < 0
            ? Availability.unavailable(
                Availability.Reason.LIBRARY_UNFIT,
                "OpenVINO " + version + " was found, " + found + ", which is too old.",
                REMEDY,
                List.of(found))
            : Availability.available(found);
      }
      case NotLocated absent ->
          Availability.unavailable(
              reason(absent.kind()),
              absent.message(),
              absent.remedy(),
              absent.tried().stream().map(Object::toString).toList());
    };
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
    Availability availability = availability(context);
    if (!availability.isAvailable()) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE, availability.message(), availability.remedy(), null);
    }
    String option = context.options().get(LIBRARY_OPTION);
    try {
      LibraryLocation location =
          option == null ? LibraryFinder.locate(SPEC) : LibraryFinder.locate(SPEC, Path.of(option));
      OpenvinoLibrary library = OpenvinoLibrary.load(location.orThrow().path());
      library.deviceName(OpenvinoLibrary.CPU);
      if (library.isUntested()) {
        context.warn(
            "OpenVINO %s is newer than %s, which this delegate was tested with."
                .formatted(library.build(), OpenvinoVersion.TESTED));
      }
      return new OpenvinoSession(library);
    } catch (NativeLibraryException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e.remedy(), e);
    } catch (OpenvinoException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE,
          "OpenVINO has no device " + OpenvinoLibrary.CPU + ": " + e.getMessage(),
          "Install OpenVINO with its CPU plugin.",
          e);
    }
  }
}
