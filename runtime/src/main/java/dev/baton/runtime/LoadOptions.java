package dev.baton.runtime;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How a method is loaded. Immutable; each {@code with…} gives a changed copy. */
public final class LoadOptions {
  /** More would only wait for each other; native pools do not end where a process has no more. */
  public static final int MAX_THREADS = 1024;

  private static final LoadOptions DEFAULTS = new LoadOptions();

  // Set by the with… methods alone, before the copy is handed out.
  private @Nullable List<String> delegates;
  private @Nullable FallbackPolicy policy;
  private Map<String, Map<String, String>> delegateOptions;
  private @Nullable List<String> kernels;
  private int threads;
  private @Nullable Path cacheDirectory;
  private long maxInstructions;
  private int plansKept;
  private long maxMemoryBytes;
  private @Nullable Duration deadline;
  private BooleanSupplier cancelled;
  private Consumer<Event> listener;
  private boolean profiling;
  private @Nullable Shadow shadow;
  private ClaimFilter claims;
  private boolean singleSteps;

  private LoadOptions() {
    delegateOptions = Map.of();
    threads = Runtime.getRuntime().availableProcessors();
    maxInstructions = 10_000_000;
    plansKept = 8;
    maxMemoryBytes = 16L << 30;
    cancelled = () -> false;
    listener = event -> {};
    claims = ClaimFilter.ANY;
  }

  private LoadOptions(LoadOptions other) {
    delegates = other.delegates;
    policy = other.policy;
    delegateOptions = other.delegateOptions;
    kernels = other.kernels;
    threads = other.threads;
    cacheDirectory = other.cacheDirectory;
    maxInstructions = other.maxInstructions;
    plansKept = other.plansKept;
    maxMemoryBytes = other.maxMemoryBytes;
    deadline = other.deadline;
    cancelled = other.cancelled;
    listener = other.listener;
    profiling = other.profiling;
    shadow = other.shadow;
    claims = other.claims;
    singleSteps = other.singleSteps;
  }

  /**
   * Every delegate that is available, by priority; as many threads as there are processors; fall
   * back and report.
   */
  public static LoadOptions defaults() {
    return DEFAULTS;
  }

  /** Java kernels alone. */
  public static LoadOptions javaOnly() {
    return DEFAULTS.withDelegates(List.of());
  }

  /**
   * The delegates to ask, in this order, and no others; empty for Java alone. Naming one makes
   * {@link FallbackPolicy#FAIL} the default.
   */
  public LoadOptions withDelegates(List<String> names) {
    LoadOptions copy = new LoadOptions(this);
    copy.delegates = List.copyOf(names);
    return copy;
  }

  public LoadOptions withPolicy(FallbackPolicy fallback) {
    LoadOptions copy = new LoadOptions(this);
    copy.policy = Objects.requireNonNull(fallback);
    return copy;
  }

  /** As {@link #withPolicy}, unless a policy was set. */
  LoadOptions withPolicyIfNoneIsSet(FallbackPolicy fallback) {
    return policy == null ? withPolicy(fallback) : this;
  }

  /** Sets an option of one delegate. */
  public LoadOptions withDelegateOption(String delegate, String key, String value) {
    Map<String, Map<String, String>> all = new HashMap<>(delegateOptions);
    Map<String, String> ours = new HashMap<>(delegateOptions(delegate));
    ours.put(key, value);
    all.put(delegate, Map.copyOf(ours));
    LoadOptions copy = new LoadOptions(this);
    copy.delegateOptions = Map.copyOf(all);
    return copy;
  }

  /**
   * The providers of Java kernels to use, by {@link
   * dev.baton.runtime.kernel.KernelProvider#name()}, and no others; the reference kernels always
   * are among them. {@code List.of("reference")} leaves those alone: with {@link #javaOnly} a
   * program then gives the same bits on every machine, at any number of threads. By default every
   * provider that the process has; a user's own operators come with the provider that brings them.
   * A load fails with a {@link BatonException} if the process has no provider of a name.
   */
  public LoadOptions withKernels(List<String> names) {
    LoadOptions copy = new LoadOptions(this);
    copy.kernels = List.copyOf(names);
    return copy;
  }

  /**
   * @param count threads that one run may use, 1 to {@link #MAX_THREADS}
   */
  public LoadOptions withThreads(int count) {
    if (count > MAX_THREADS) {
      throw new IllegalArgumentException("threads: " + count + ", expected at most " + MAX_THREADS);
    }
    LoadOptions copy = new LoadOptions(this);
    copy.threads = atLeastOne(count, "threads");
    return copy;
  }

  /**
   * A folder where delegates may keep compiled or packed forms, each in a folder of its own, for
   * later loads by any process of this user. None by default: nothing is written unasked. What is
   * kept is known by checksums, which a model made for that can imitate: let no programs share a
   * folder that do not trust each other's models.
   */
  public LoadOptions withCacheDirectory(Path directory) {
    LoadOptions copy = new LoadOptions(this);
    copy.cacheDirectory = Objects.requireNonNull(directory);
    return copy;
  }

  /**
   * A bound on the operators that one run may execute: it ends loops that do not end. 10 million by
   * default, as in ExecuTorch.
   */
  public LoadOptions withMaxInstructions(long count) {
    LoadOptions copy = new LoadOptions(this);
    copy.maxInstructions = count;
    return copy;
  }

  /** Shape signatures for which an execution keeps its plan; 8 by default. */
  public LoadOptions withPlansKept(int count) {
    LoadOptions copy = new LoadOptions(this);
    copy.plansKept = atLeastOne(count, "plans kept");
    return copy;
  }

  /**
   * A bound on the memory of one execution: inputs, outputs, state, activations, and what Java
   * kernels need to work in. It is one for each tensor inside a delegate's subgraph too. 16 GiB by
   * default; a file that asks for more is refused, by the load where sizes are fixed.
   */
  public LoadOptions withMaxMemoryBytes(long bytes) {
    LoadOptions copy = new LoadOptions(this);
    copy.maxMemoryBytes = bytes;
    return copy;
  }

  /**
   * How long a load may take. Delegates are told; where the time is up between two of their steps,
   * the load ends with a {@link BatonException}.
   */
  public LoadOptions withDeadline(Duration fromStart) {
    LoadOptions copy = new LoadOptions(this);
    copy.deadline = Objects.requireNonNull(fromStart);
    return copy;
  }

  /**
   * @param asked often, by the thread that loads and by delegates' threads; once true, the load
   *     ends with a {@link BatonException}
   */
  public LoadOptions withCancellation(BooleanSupplier asked) {
    LoadOptions copy = new LoadOptions(this);
    copy.cancelled = Objects.requireNonNull(asked);
    return copy;
  }

  /** Receives events, on the thread that causes them; must not throw. */
  public LoadOptions withListener(Consumer<Event> consumer) {
    LoadOptions copy = new LoadOptions(this);
    copy.listener = Objects.requireNonNull(consumer);
    return copy;
  }

  /**
   * Asks delegates to be able to tell how long their own operators take, for {@link
   * Execution#startProfile}. Off by default: XNNPACK then looks at the clock for each operator of
   * each run.
   */
  public LoadOptions withProfiling(boolean on) {
    LoadOptions copy = new LoadOptions(this);
    copy.profiling = on;
    return copy;
  }

  /**
   * Repeats a sample of delegates' runs in Java and compares: a part whose error passes the bound
   * runs in Java from then on, as after a failure. Off by default, unless the system property
   * {@value Shadow#RATE_PROPERTY} gives a rate.
   */
  public LoadOptions withShadow(Shadow sampling) {
    LoadOptions copy = new LoadOptions(this);
    copy.shadow = Objects.requireNonNull(sampling);
    return copy;
  }

  /**
   * Restricts which operators delegates may claim; the rest runs in Java. For whoever looks for the
   * operators that a delegate gets wrong. Opaque payloads are not asked about.
   */
  public LoadOptions withClaims(ClaimFilter filter) {
    LoadOptions copy = new LoadOptions(this);
    copy.claims = Objects.requireNonNull(filter);
    return copy;
  }

  /**
   * Runs each operator as a step of its own, so that a {@link RunObserver} sees what it gives: Java
   * fuses nothing, and a delegate's subgraphs are single operators, or the least groups that it
   * claims, whether they are worth entering or not. Slow; off by default.
   */
  public LoadOptions withSingleSteps(boolean on) {
    LoadOptions copy = new LoadOptions(this);
    copy.singleSteps = on;
    return copy;
  }

  private static int atLeastOne(int count, String what) {
    if (count < 1) {
      throw new IllegalArgumentException(what + ": " + count + ", expected at least 1");
    }
    return count;
  }

  /** The named delegates; empty if all are asked. */
  public Optional<List<String>> delegates() {
    return Optional.ofNullable(delegates);
  }

  /**
   * As set; else {@link FallbackPolicy#FAIL} if delegates are named, {@link
   * FallbackPolicy#FALL_BACK_AND_REPORT} if not.
   */
  public FallbackPolicy policy() {
    if (policy != null) {
      return policy;
    }
    return delegates == null || delegates.isEmpty()
        ? FallbackPolicy.FALL_BACK_AND_REPORT
        : FallbackPolicy.FAIL;
  }

  /** Options of a delegate; never null. */
  public Map<String, String> delegateOptions(String delegate) {
    return delegateOptions.getOrDefault(delegate, Map.of());
  }

  /** The named providers of kernels; empty if all are used. */
  public Optional<List<String>> kernels() {
    return Optional.ofNullable(kernels);
  }

  public int threads() {
    return threads;
  }

  public Optional<Path> cacheDirectory() {
    return Optional.ofNullable(cacheDirectory);
  }

  public long maxInstructions() {
    return maxInstructions;
  }

  public int plansKept() {
    return plansKept;
  }

  public long maxMemoryBytes() {
    return maxMemoryBytes;
  }

  public Optional<Duration> deadline() {
    return Optional.ofNullable(deadline);
  }

  public boolean isCancelled() {
    return cancelled.getAsBoolean();
  }

  public boolean isProfiling() {
    return profiling;
  }

  /** Empty if delegates' runs are not compared with Java. */
  public Optional<Shadow> shadow() {
    return shadow == null ? Shadow.ofProperties() : Optional.of(shadow);
  }

  /** What delegates may claim; {@link ClaimFilter#ANY} unless it was set. */
  public ClaimFilter claims() {
    return claims;
  }

  public boolean isSingleSteps() {
    return singleSteps;
  }

  public Consumer<Event> listener() {
    return listener;
  }
}
