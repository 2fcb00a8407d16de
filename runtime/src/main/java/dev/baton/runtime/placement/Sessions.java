package dev.baton.runtime.placement;

import dev.baton.delegate.Availability;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.StoredBytes;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.DelegateUnavailableException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.flight.DivergenceEvent;
import dev.baton.runtime.flight.FailureEvent;
import dev.baton.runtime.flight.Flight;
import dev.baton.runtime.memory.CountedArena;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.program.Program;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The delegates that a load may use, in the order in which they are asked, each opened once. Closed
 * by whoever made it, after everything that was compiled.
 */
public final class Sessions implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.baton");

  /** A delegate at work. */
  public record Open(Delegate delegate, DelegateSession session) {
    public String name() {
      return delegate.name();
    }
  }

  private volatile long start = System.nanoTime();
  private final @Nullable Program program;
  private volatile PhaseLog phases = new PhaseLog();
  private final LoadOptions options;
  private final List<Open> open = new ArrayList<>();
  private final Map<String, Availability> unavailable = new LinkedHashMap<>();

  /**
   * Opens what the options ask for.
   *
   * @param program whose methods are loaded; null if they come of none
   * @throws DelegateUnavailableException if the policy is {@link FallbackPolicy#FAIL} and one
   *     cannot work
   * @throws BatonException if a named delegate does not exist, or one has no such option
   */
  public Sessions(@Nullable Program program, Delegates delegates, LoadOptions options) {
    this.program = program;
    this.options = options.shadow().map(options::withShadow).orElse(options);
    delegates.delegates().forEach(this::requireKnownOptions);
    try {
      for (Delegate delegate : chosen(delegates)) {
        open(delegate);
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** An option that a delegate does not know is somebody's mistake, whatever the policy is. */
  private void requireKnownOptions(Delegate delegate) {
    Map<String, DelegateOption> known = new LinkedHashMap<>();
    delegate.options().forEach(option -> known.put(option.key(), option));
    if (known.isEmpty()) {
      return;
    }
    options
        .delegateOptions(delegate.name())
        .forEach((key, value) -> {
          DelegateOption option = known.get(key);
          if (option == null) {
            throw new BatonException(
                "delegate '%s' has no option '%s'; it has %s"
                    .formatted(delegate.name(), key, String.join(", ", known.keySet())));
          }
          if (!option.accepts().test(value)) {
            throw new BatonException(
                "the option '%s' of delegate '%s' is '%s', expected %s"
                    .formatted(key, delegate.name(), value, option.expected()));
          }
        });
  }

  private List<Delegate> chosen(Delegates delegates) {
    List<String> names = options.delegates().orElse(null);
    if (names == null) {
      return delegates.delegates();
    }
    List<Delegate> chosen = new ArrayList<>();
    for (String name : names) {
      Delegate delegate = delegates.find(name);
      if (delegate == null) {
        String leftOut = delegates.leftOut().get(name);
        if (leftOut != null) {
          throw new BatonException(leftOut);
        }
        List<String> known = delegates.delegates().stream().map(Delegate::name).toList();
        throw new BatonException(
            "there is no delegate '"
                + name
                + "'; known: "
                + (known.isEmpty() ? "none" : String.join(", ", known))
                + ". A delegate is a jar on the class path or module path that provides dev.baton.delegate.Delegate."
                + (delegates.problems().isEmpty()
                    ? ""
                    : " " + String.join(" ", delegates.problems())));
      }
      chosen.add(delegate);
    }
    return chosen;
  }

  private void open(Delegate delegate) {
    long before = System.nanoTime();
    openTimed(delegate);
    phases.add(LoadPhase.Kind.OPEN, delegate.name(), before);
  }

  /** Whether a delegate can work here, with the options that it has. */
  Availability availability(Delegate delegate) {
    try {
      return delegate.availability(new Context(delegate.name(), "", true));
    } catch (RuntimeException | LinkageError e) {
      return Availability.unavailable(
          Availability.Reason.OTHER,
          "availability() threw " + e,
          "Report this to the delegate's vendor.",
          List.of());
    }
  }

  private void openTimed(Delegate delegate) {
    Availability availability = availability(delegate);
    if (!availability.isAvailable()) {
      refuse(
          delegate.name(),
          availability,
          new Event.DelegateUnavailable(delegate.name(), availability),
          null);
      return;
    }
    try {
      open.add(new Open(delegate, delegate.open(new Context(delegate.name(), "", true))));
    } catch (DelegateException | RuntimeException | LinkageError e) {
      String remedy = e instanceof DelegateException d ? d.remedy() : "";
      Availability refused =
          Availability.unavailable(
              Availability.Reason.OTHER,
              "it could not be opened: " + e.getMessage(),
              remedy,
              List.of());
      refuse(
          delegate.name(),
          refused,
          new Event.OpenFailed(
              delegate.name(), e instanceof Exception x ? x : new IllegalStateException(e)),
          e);
    }
  }

  private void refuse(
      String name, Availability availability, Event event, @Nullable Throwable cause) {
    unavailable.put(name, availability);
    // That something is absent which nobody asked for by name is neither an error nor news.
    boolean expected = options.delegates().isEmpty() && event instanceof Event.DelegateUnavailable;
    if (options.policy() == FallbackPolicy.FAIL && !expected) {
      throw new DelegateUnavailableException(name, availability, cause);
    }
    record(event);
    options.listener().accept(event);
    if (!expected || isConfigured(name)) {
      report(event);
    }
  }

  /** True if somebody said where the delegate's library is, or how it is to work. */
  private boolean isConfigured(String delegate) {
    return !options.delegateOptions(delegate).isEmpty()
        || System.getProperties().stringPropertyNames().stream()
            .anyMatch(p -> p.startsWith("baton." + delegate + "."));
  }

  /** Tells the listener, and nobody else: what matters to the speed at most. */
  public void tell(Event event) {
    options.listener().accept(event);
    LOG.log(System.Logger.Level.DEBUG, event.message());
  }

  /** Tells the listener, and the log if the policy says so. */
  public void emit(Event event) {
    record(event);
    options.listener().accept(event);
    report(event);
  }

  private static void record(Event event) {
    if (!Flight.isOn()) {
      return;
    }
    switch (event) {
      case Event.OpenFailed(String delegate, Exception cause) ->
          failure("open", delegate, "", cause);
      case Event.ClaimFailed(String delegate, String method, Exception cause) ->
          failure("claim", delegate, method, cause);
      case Event.CompileFailed failed ->
          failure("compile", failed.delegate(), failed.subgraph(), failed.cause());
      case Event.PayloadsLifted(String delegate, String method, String _, Exception cause) ->
          failure("load", delegate, method, cause);
      case Event.RunFailed(String delegate, String subgraph, Exception cause) ->
          failure("run", delegate, subgraph, cause);
      case Event.ShadowDiverged(String delegate, String subgraph, String error) ->
          DivergenceEvent.happened(delegate, subgraph, error);
      default -> {}
    }
  }

  private static void failure(String moment, String delegate, String what, Exception cause) {
    FailureEvent.happened(moment, delegate, what, String.valueOf(cause.getMessage()));
  }

  private void report(Event event) {
    if (options.policy() == FallbackPolicy.FALL_BACK_AND_REPORT) {
      LOG.log(System.Logger.Level.WARNING, event.message());
    }
  }

  /** Another load begins: its deadline counts from now. */
  public void beginLoad() {
    start = System.nanoTime();
    phases = new PhaseLog();
  }

  /** Of the load that began last; the first load has those of opening. */
  public PhaseLog phases() {
    return phases;
  }

  /** Nanoseconds to the deadline; a very large number if there is none. */
  private long remaining() {
    return options
        .deadline()
        .map(d -> d.toNanos() - (System.nanoTime() - start))
        .orElse(Long.MAX_VALUE);
  }

  private boolean mustEnd() {
    return options.isCancelled() || remaining() <= 0;
  }

  /**
   * Ends a load that nobody waits for.
   *
   * @throws BatonException if it was cancelled, or the deadline has passed
   */
  public void checkCancelled() {
    if (mustEnd()) {
      throw new BatonException(
          options.isCancelled()
              ? "the load was cancelled"
              : "the load has passed its deadline of " + options.deadline().orElse(Duration.ZERO));
    }
  }

  /** In the order in which they are asked. */
  public List<Open> open() {
    return open;
  }

  /** Those that were asked and cannot work here. */
  public Map<String, Availability> unavailable() {
    return unavailable;
  }

  public LoadOptions options() {
    return options;
  }

  /**
   * A context for a delegate.
   *
   * @param method empty when a session is opened
   */
  public Context context(String delegate, String method) {
    return new Context(delegate, method, true);
  }

  /**
   * A context for a delegate's execution, which the load's deadline and cancellation do not
   * concern.
   */
  public Context executionContext(String delegate, String method) {
    return new Context(delegate, method, false);
  }

  /** What the host tells a delegate. */
  public final class Context implements OpenContext, CompileContext, ExecutionContext {
    private final String delegate;
    private final String method;
    private final boolean loading;
    private final PhaseLog told = phases;

    private Context(String delegate, String method, boolean loading) {
      this.delegate = delegate;
      this.method = method;
      this.loading = loading;
    }

    @Override
    public String method() {
      return method;
    }

    @Override
    public Optional<StoredBytes> stored(MemorySegment bytes) {
      return program == null ? Optional.empty() : program.stored(bytes);
    }

    @Override
    public Map<String, String> options() {
      return options.delegateOptions(delegate);
    }

    @Override
    public int threads() {
      return options.threads();
    }

    @Override
    public Optional<Path> cacheDirectory() {
      return options.cacheDirectory().map(p -> p.resolve(delegate));
    }

    @Override
    public Arena newArena() {
      return new CountedArena("delegate " + delegate);
    }

    @Override
    public void progress(String what, double fraction) {
      options.listener().accept(new Event.Progress(delegate, what, fraction));
    }

    @Override
    public boolean isProfiled() {
      return options.isProfiling();
    }

    @Override
    public void record(String what, long startNanos, long nanos) {
      told.add(new LoadPhase(LoadPhase.Kind.PART, what, startNanos, nanos));
    }

    @Override
    public boolean isCancelled() {
      return loading && mustEnd();
    }

    @Override
    public OptionalLong remainingNanos() {
      return !loading || options.deadline().isEmpty()
          ? OptionalLong.empty()
          : OptionalLong.of(Math.max(remaining(), 0));
    }

    @Override
    public void warn(String message) {
      Event event = new Event.Warning(delegate, message);
      options.listener().accept(event);
      LOG.log(System.Logger.Level.WARNING, event.message());
    }
  }

  @Override
  public void close() {
    List<Open> all = List.copyOf(open.reversed());
    open.clear();
    Closing.all(all.stream().map(o -> o.session()::close));
  }
}
