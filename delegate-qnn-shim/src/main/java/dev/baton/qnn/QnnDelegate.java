package dev.baton.qnn;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.nativelib.FailureKind;
import dev.baton.nativelib.LibraryFinder;
import dev.baton.nativelib.LibraryLocation;
import dev.baton.nativelib.LibraryLocation.Located;
import dev.baton.nativelib.LibraryLocation.NotLocated;
import dev.baton.nativelib.LibrarySpec;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Qualcomm's neural processors. This version looks for the QNN libraries and says what it found; it
 * does not run them yet, so it is never available.
 *
 * <p>The HTP library is looked for at the path in the system property {@link #LIBRARY_PROPERTY},
 * then in the SDK that {@code QNN_SDK_ROOT} names, in the {@code onnxruntime-qnn} package of the
 * active Python environment, and where the system keeps libraries.
 */
public final class QnnDelegate implements Delegate {
  /** What users type. */
  public static final String NAME = "qnn";

  /** The backend id in program files. */
  public static final String PAYLOAD_ID = "QnnBackend";

  /** System property with the path of the HTP library, or of its folder. */
  public static final String LIBRARY_PROPERTY = "baton.qnn.library";

  private static final String NOT_YET_REMEDY =
      "Export the model for XNNPACK or without a backend; Baton runs both.";

  private static final LibrarySpec SPEC = spec();

  private final Supplier<LibraryLocation> search;

  /** Used by the service loader. */
  public QnnDelegate() {
    this(() -> LibraryFinder.locate(SPEC));
  }

  QnnDelegate(Supplier<LibraryLocation> search) {
    this.search = search;
  }

  private static LibrarySpec spec() {
    LibrarySpec.Builder spec =
        LibrarySpec.named("qnn")
            .property(LIBRARY_PROPERTY)
            .symbols("QnnInterface_getProviders")
            .remedy(
                "Install Qualcomm's AI Engine Direct SDK and set QNN_SDK_ROOT to its folder, or"
                    + " name the HTP library by -D"
                    + LIBRARY_PROPERTY
                    + "=PATH.");
    for (String platform : new String[] {"linux-x86_64", "linux-arm64", "android-arm64"}) {
      spec.fileNames(platform, "libQnnHtp.so");
    }
    return spec.fileNames("windows-arm64", "QnnHtp.dll")
        .environmentFoldersOn("linux-x86_64", "QNN_SDK_ROOT", "lib/x86_64-linux-*")
        .environmentFoldersOn(
            "linux-arm64", "QNN_SDK_ROOT", "lib/aarch64-oe-linux-*", "lib/aarch64-ubuntu-*")
        .environmentFoldersOn("android-arm64", "QNN_SDK_ROOT", "lib/aarch64-android")
        .environmentFoldersOn(
            "windows-arm64", "QNN_SDK_ROOT", "lib/aarch64-windows-*", "lib/arm64x-windows-*")
        .environmentFolders("VIRTUAL_ENV", "lib/python3*/site-packages/onnxruntime_qnn")
        .environmentFolders("CONDA_PREFIX", "lib/python3*/site-packages/onnxruntime_qnn")
        .build();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<String> payloadIds() {
    return Set.of(PAYLOAD_ID);
  }

  @Override
  public Availability availability() {
    return switch (search.get()) {
      case NotLocated absent ->
          Availability.unavailable(
              reason(absent.kind()),
              absent.message(),
              absent.remedy(),
              absent.tried().stream().map(Object::toString).toList());
      case Located found ->
          Availability.unavailable(
              Availability.Reason.OTHER,
              "QNN was found at "
                  + found.path()
                  + " ("
                  + found.how()
                  + "), and this version of Baton does not run it yet.",
              NOT_YET_REMEDY,
              java.util.List.of());
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
    throw new DelegateException(
        DelegateException.Kind.UNSUPPORTED,
        "This version of Baton does not run QNN yet.",
        NOT_YET_REMEDY,
        null);
  }
}
