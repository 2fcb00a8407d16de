package ${package};

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.nativelib.LibraryFinder;
import dev.baton.nativelib.LibraryLocation;
import dev.baton.nativelib.LibrarySpec;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Looks for its library and says what it found. It runs nothing yet. */
public final class ${className}Delegate implements Delegate {
  /** What users type. */
  public static final String NAME = "${delegateName}";

  /** The option with the path of the library. */
  public static final String LIBRARY_OPTION = "library";

  private static final LibrarySpec SPEC =
      LibrarySpec.named(NAME)
          .libraryName("${delegateName}")
          .property(NAME + ".library")
          .remedy("Install ${delegateName}, or name its library by -D" + NAME + ".library=PATH.")
          .build();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<DelegateOption> options() {
    return List.of(DelegateOption.text(LIBRARY_OPTION));
  }

  @Override
  public Availability availability() {
    return availability(Map.of());
  }

  @Override
  public Availability availability(OpenContext context) {
    return availability(context.options());
  }

  private static Availability availability(Map<String, String> options) {
    return switch (locate(options)) {
      case LibraryLocation.NotLocated absent ->
          Availability.unavailable(
              reason(absent),
              absent.message(),
              absent.remedy(),
              absent.tried().stream().map(Object::toString).toList());
      case LibraryLocation.Located found ->
          Availability.unavailable(
              Availability.Reason.OTHER,
              NAME + " is at " + found.path() + ", and this version does not run it yet.",
              "Wait for the next version.",
              java.util.List.of());
    };
  }

  private static LibraryLocation locate(Map<String, String> options) {
    String path = options.get(LIBRARY_OPTION);
    try {
      return path == null
          ? LibraryFinder.locate(SPEC)
          : LibraryFinder.locate(SPEC, Path.of(path));
    } catch (InvalidPathException e) {
      return new LibraryLocation.NotLocated(
          dev.baton.nativelib.FailureKind.ABSENT,
          "The option " + LIBRARY_OPTION + " is no path.",
          "Name the file of the library.",
          java.util.List.of());
    }
  }

  private static Availability.Reason reason(LibraryLocation.NotLocated absent) {
    return switch (absent.kind()) {
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
    throw new DelegateException(
        DelegateException.Kind.UNAVAILABLE, availability.message(), availability.remedy(), null);
  }
}
