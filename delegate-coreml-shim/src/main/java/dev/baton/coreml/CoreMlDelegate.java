package dev.baton.coreml;

import dev.baton.coreml.ffi.ComputeUnits;
import dev.baton.coreml.ffi.CoreMlException;
import dev.baton.coreml.ffi.CoreMlLibrary;
import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.nativelib.FailureKind;
import dev.baton.nativelib.HostPlatform;
import dev.baton.nativelib.LibraryFinder;
import dev.baton.nativelib.LibraryLocation;
import dev.baton.nativelib.LibraryLocation.Located;
import dev.baton.nativelib.LibraryLocation.NotLocated;
import dev.baton.nativelib.LibrarySpec;
import dev.baton.nativelib.NativeLibraryException;
import dev.baton.nativelib.OperatingSystem;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Apple's Core ML: CPU, GPU and neural engine of a Mac. Runs payloads that were lowered for it, as
 * they are, through a small library ({@code native/coreml-shim}) that a user builds on a Mac.
 * Elsewhere the payloads are {@linkplain dev.baton.delegate.PayloadLifter lifted}, and this is not
 * needed; a library that is named explicitly, such as the emulator, is loaded on any system.
 */
public final class CoreMlDelegate implements Delegate {
  /** What users type. */
  public static final String NAME = "coreml";

  /** The backend id in program files. */
  public static final String PAYLOAD_ID = "CoreMLBackend";

  /** System property with the path of the library, or of its folder. */
  public static final String LIBRARY_PROPERTY = "baton.coreml.library";

  /** Option of {@link #open} with the path of the library, or of its folder. */
  public static final String LIBRARY_OPTION = "library";

  /**
   * Option of {@link #open}: {@code cpu_only}, {@code cpu_and_gpu}, {@code cpu_and_ne} or {@code
   * all}, instead of what the program was exported for.
   */
  public static final String COMPUTE_UNITS_OPTION = "compute-units";

  private static final LibrarySpec SPEC =
      LibrarySpec.named("coreml")
          .libraryName("baton_coreml")
          .property(LIBRARY_PROPERTY)
          .symbols("bcml_abi", "bcml_compile_start", "bcml_load", "bcml_predict")
          .remedy(
              "Build native/coreml-shim on a Mac (build-on-mac.sh), and name the library by -D"
                  + LIBRARY_PROPERTY
                  + "=PATH.")
          .build();

  private final HostPlatform platform;

  /** Used by the service loader. */
  public CoreMlDelegate() {
    this(HostPlatform.current());
  }

  CoreMlDelegate(HostPlatform platform) {
    this.platform = platform;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Set<String> payloadIds() {
    return Set.of(PAYLOAD_ID);
  }

  /** What was lowered for Core ML runs on it where it is, though Baton could lift it. */
  @Override
  public boolean prefersPayloads() {
    return true;
  }

  @Override
  public List<DelegateOption> options() {
    return List.of(
        DelegateOption.text(LIBRARY_OPTION),
        DelegateOption.oneOf(COMPUTE_UNITS_OPTION, ComputeUnits.names()));
  }

  @Override
  public Availability availability() {
    return availability((String) null);
  }

  @Override
  public Availability availability(OpenContext context) {
    return availability(context.options().get(LIBRARY_OPTION));
  }

  private Availability availability(@Nullable String option) {
    if (platform.os() != OperatingSystem.MACOS
        && option == null
        && System.getProperty(LIBRARY_PROPERTY) == null) {
      return Availability.unavailable(
          Availability.Reason.PLATFORM,
          "Core ML is part of macOS, and this is " + platform.classifier() + ".",
          "What was lowered for it runs here by Baton, which opens it; what Baton cannot open needs a Mac.",
          List.of());
    }
    try {
      return switch (locate(option)) {
        case Located located -> Availability.available(located.path() + " (" + located.how() + ")");
        case NotLocated absent ->
            Availability.unavailable(
                reason(absent.kind()),
                absent.message(),
                absent.remedy(),
                absent.tried().stream().map(Object::toString).toList());
      };
    } catch (InvalidPathException e) {
      return Availability.unavailable(
          Availability.Reason.LIBRARY_ABSENT,
          "The option " + LIBRARY_OPTION + " is no path: " + option + ".",
          "Give the path of the library.",
          List.of());
    }
  }

  private static LibraryLocation locate(@Nullable String option) {
    return option == null
        ? LibraryFinder.locate(SPEC)
        : LibraryFinder.locate(SPEC, Path.of(option));
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
    try {
      Path path = locate(context.options().get(LIBRARY_OPTION)).orThrow().path();
      return new CoreMlSession(CoreMlLibrary.load(path), context);
    } catch (NativeLibraryException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE, String.valueOf(e.getMessage()), e.remedy(), e);
    } catch (CoreMlException e) {
      throw new DelegateException(
          DelegateException.Kind.UNAVAILABLE,
          String.valueOf(e.getMessage()),
          "Build native/coreml-shim of this version of Baton.",
          e);
    }
  }
}
