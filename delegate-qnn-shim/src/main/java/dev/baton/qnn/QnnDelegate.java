package dev.baton.qnn;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.nativelib.FailureKind;
import dev.baton.nativelib.LibraryLocation;
import dev.baton.nativelib.LibraryLocation.Located;
import dev.baton.nativelib.LibraryLocation.NotLocated;
import dev.baton.nativelib.NativeLibraryException;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnLibrary;
import dev.baton.qnn.ffi.SystemLibrary;
import dev.baton.qnn.payload.TrustList;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Qualcomm's neural processors, by the vendor's own libraries: on a Snapdragon the processor, on
 * x86-64 the simulator of it, by the same calls. Runs programs that were lowered for {@code
 * QnnBackend} and, where {@link #CLAIM_OPTION} asks for it, operators of others.
 *
 * <p>The HTP library is looked for at the path in the option {@link #LIBRARY_OPTION} or the system
 * property {@link #LIBRARY_PROPERTY}, then in the SDK that {@code QNN_SDK_ROOT} names, in the
 * {@code onnxruntime-qnn} package of the active Python environment, and where the system keeps
 * libraries. It is loaded when a session is first opened, and stays loaded. Its system library lies
 * beside it.
 */
public final class QnnDelegate implements Delegate {
  /** What users type. */
  public static final String NAME = "qnn";

  /** The backend id in program files. */
  public static final String PAYLOAD_ID = "QnnBackend";

  /** System property with the path of the HTP library, or of its folder. */
  public static final String LIBRARY_PROPERTY = "baton.qnn.library";

  /** Option of {@link #open} with the path of the HTP library, or of its folder. */
  public static final String LIBRARY_OPTION = "library";

  /**
   * Option of {@link #open} with a file of SHA-256 digests, one a line: payloads that are not among
   * them are refused. Without it all are taken. The library checks no integrity, and a damaged
   * payload can end the process.
   */
  public static final String TRUSTED_OPTION = "trusted-payloads";

  /**
   * Option of {@link #open}: {@code on} (or {@code true}) to take operators of programs that are
   * not lowered for QNN, of fixed shapes: on float32 and float16, and on integers of 8 and 16 bits
   * as the program quantizes them; {@code off} (or {@code false}) by default. Real numbers are
   * computed with about the precision of float16, and integers are rounded as the processor does,
   * so the caller is to ask for it; and the simulator is slower than any kernel. With a cache
   * directory, what was compiled is kept there.
   */
  public static final String CLAIM_OPTION = "claim";

  private static final Set<String> CLAIMING = Set.of("on", "true");

  private final Supplier<LibraryLocation> search;

  /** Used by the service loader. */
  public QnnDelegate() {
    this(() -> QnnLibraries.locate(null));
  }

  QnnDelegate(Supplier<LibraryLocation> search) {
    this.search = search;
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
  public List<DelegateOption> options() {
    return List.of(
        DelegateOption.oneOf(CLAIM_OPTION, "on", "off", "true", "false"),
        DelegateOption.text(LIBRARY_OPTION),
        DelegateOption.text(TRUSTED_OPTION));
  }

  @Override
  public Availability availability() {
    return availability(search.get());
  }

  @Override
  public Availability availability(OpenContext context) {
    try {
      return availability(locate(context));
    } catch (InvalidPathException e) {
      return Availability.unavailable(
          Availability.Reason.LIBRARY_ABSENT,
          "The option " + LIBRARY_OPTION + " is no path: " + e.getInput() + ".",
          "Give the path of libQnnHtp.so.",
          List.of());
    }
  }

  private LibraryLocation locate(OpenContext context) {
    Path explicit = explicit(context);
    return explicit == null ? search.get() : QnnLibraries.locate(explicit);
  }

  private static @Nullable Path explicit(OpenContext context) {
    String option = context.options().get(LIBRARY_OPTION);
    return option == null ? null : Path.of(option);
  }

  private static Availability availability(LibraryLocation location) {
    return switch (location) {
      case NotLocated absent ->
          Availability.unavailable(
              reason(absent.kind()),
              absent.message(),
              absent.remedy(),
              absent.tried().stream().map(Object::toString).toList());
      case Located found ->
          Availability.available(found.path() + " (" + found.how() + version(found.path()) + ")");
    };
  }

  /** What a library is, which is known once it is loaded. */
  private static String version(Path path) {
    QnnLibrary library = QnnLibrary.loaded(path);
    return library == null ? "" : ", " + library;
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
    boolean claiming = CLAIMING.contains(context.options().getOrDefault(CLAIM_OPTION, "off"));
    String trusted = context.options().get(TRUSTED_OPTION);
    TrustList trust = trusted == null ? TrustList.everything() : TrustList.read(trusted);
    try {
      Located located = locate(context).orThrow();
      SystemLibrary system = SystemLibrary.load(QnnLibraries.system(located.path()));
      QnnLibrary library = QnnLibrary.load(located.path());
      QnnLibraries.remember(explicit(context), located);
      return new QnnSession(library.backend(), system, trust, claiming);
    } catch (InvalidPathException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE,
          "the option " + LIBRARY_OPTION + " is no path: " + e.getInput(),
          "Give the path of libQnnHtp.so.",
          e);
    } catch (NativeLibraryException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e.remedy(), e);
    } catch (QnnException e) {
      throw Failures.opening(e);
    }
  }
}
