package dev.baton.runtime;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How a method is loaded. Immutable; each {@code with…} gives a changed copy. */
public final class LoadOptions {
  private static final LoadOptions DEFAULTS =
      new LoadOptions(null, null, Map.of(), 0, null, 10_000_000, 8, 16L << 30, e -> {});

  private final @Nullable List<String> delegates;
  private final @Nullable FallbackPolicy policy;
  private final Map<String, Map<String, String>> delegateOptions;
  private final int threads;
  private final @Nullable Path cacheDirectory;
  private final long maxInstructions;
  private final int plansKept;
  private final long maxMemoryBytes;
  private final Consumer<Event> listener;

  private LoadOptions(
      @Nullable List<String> delegates,
      @Nullable FallbackPolicy policy,
      Map<String, Map<String, String>> delegateOptions,
      int threads,
      @Nullable Path cacheDirectory,
      long maxInstructions,
      int plansKept,
      long maxMemoryBytes,
      Consumer<Event> listener) {
    this.delegates = delegates;
    this.policy = policy;
    this.delegateOptions = delegateOptions;
    this.threads = threads;
    this.cacheDirectory = cacheDirectory;
    this.maxInstructions = maxInstructions;
    this.plansKept = plansKept;
    this.maxMemoryBytes = maxMemoryBytes;
    this.listener = listener;
  }

  /**
   * Every delegate that is available, by priority; as many threads as processors; fall back and
   * report.
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
    return new LoadOptions(
        List.copyOf(names),
        policy,
        delegateOptions,
        threads,
        cacheDirectory,
        maxInstructions,
        plansKept,
        maxMemoryBytes,
        listener);
  }

  public LoadOptions withPolicy(FallbackPolicy fallback) {
    return new LoadOptions(
        delegates,
        Objects.requireNonNull(fallback),
        delegateOptions,
        threads,
        cacheDirectory,
        maxInstructions,
        plansKept,
        maxMemoryBytes,
        listener);
  }

  /** Sets an option of one delegate. */
  public LoadOptions withDelegateOption(String delegate, String key, String value) {
    Map<String, Map<String, String>> all = new HashMap<>(delegateOptions);
    Map<String, String> ours = new HashMap<>(all.getOrDefault(delegate, Map.of()));
    ours.put(key, value);
    all.put(delegate, Map.copyOf(ours));
    return new LoadOptions(
        delegates,
        policy,
        Map.copyOf(all),
        threads,
        cacheDirectory,
        maxInstructions,
        plansKept,
        maxMemoryBytes,
        listener);
  }

  /**
   * @param count threads that one run may use, at least 1
   */
  public LoadOptions withThreads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads: " + count + ", expected at least 1");
    }
    return new LoadOptions(
        delegates,
        policy,
        delegateOptions,
        count,
        cacheDirectory,
        maxInstructions,
        plansKept,
        maxMemoryBytes,
        listener);
  }

  /** A folder where delegates may keep compiled or packed forms, each in a folder of its own. */
  public LoadOptions withCacheDirectory(Path directory) {
    return new LoadOptions(
        delegates,
        policy,
        delegateOptions,
        threads,
        directory,
        maxInstructions,
        plansKept,
        maxMemoryBytes,
        listener);
  }

  /**
   * A bound on the operators that one run may execute: it ends loops that do not end. 10 million by
   * default, as in ExecuTorch.
   */
  public LoadOptions withMaxInstructions(long count) {
    return new LoadOptions(
        delegates,
        policy,
        delegateOptions,
        threads,
        cacheDirectory,
        count,
        plansKept,
        maxMemoryBytes,
        listener);
  }

  /** Shape signatures for which an execution keeps its plan; 8 by default. */
  public LoadOptions withPlansKept(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("plans kept: " + count + ", expected at least 1");
    }
    return new LoadOptions(
        delegates,
        policy,
        delegateOptions,
        threads,
        cacheDirectory,
        maxInstructions,
        count,
        maxMemoryBytes,
        listener);
  }

  /**
   * A bound on the native memory of one execution: inputs, outputs, state and activations. 16 GiB
   * by default; a file that asks for more is refused.
   */
  public LoadOptions withMaxMemoryBytes(long bytes) {
    return new LoadOptions(
        delegates,
        policy,
        delegateOptions,
        threads,
        cacheDirectory,
        maxInstructions,
        plansKept,
        bytes,
        listener);
  }

  /** Receives events, on the thread that causes them; must not throw. */
  public LoadOptions withListener(Consumer<Event> consumer) {
    return new LoadOptions(
        delegates,
        policy,
        delegateOptions,
        threads,
        cacheDirectory,
        maxInstructions,
        plansKept,
        maxMemoryBytes,
        consumer);
  }

  /** The named delegates; empty if all are asked. */
  public Optional<List<String>> delegates() {
    return Optional.ofNullable(delegates);
  }

  public FallbackPolicy policy() {
    return policy != null
        ? policy
        : delegates == null || delegates.isEmpty()
            ? FallbackPolicy.FALL_BACK_AND_REPORT
            : FallbackPolicy.FAIL;
  }

  /** Options of a delegate; never null. */
  public Map<String, String> delegateOptions(String delegate) {
    return delegateOptions.getOrDefault(delegate, Map.of());
  }

  /** Threads that one run may use: as set, else as many as there are processors. */
  public int threads() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  public Optional<Path> cacheDirectory() {
    return Optional.ofNullable(cacheDirectory);
  }

  public long maxInstructions() {
    return maxInstructions;
  }

  public long maxMemoryBytes() {
    return maxMemoryBytes;
  }

  public int plansKept() {
    return plansKept;
  }

  public Consumer<Event> listener() {
    return listener;
  }

  /** The thread count if it was set. */
  public OptionalInt explicitThreads() {
    return threads > 0 ? OptionalInt.of(threads) : OptionalInt.empty();
  }
}
