package dev.baton.runtime.shadow;

import dev.baton.runtime.Shadow;
import dev.baton.runtime.ShadowReport;
import dev.baton.runtime.kernel.Operand;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A delegate's part of one execution, sampled and compared. The thread that runs the part asks
 * whether a run is sampled, and gives what it read and wrote; the rest happens on another thread,
 * one run at a time.
 */
public final class ShadowedPart {
  private static final System.Logger LOG = System.getLogger("dev.baton");

  /** The part in Java, bound to memory of its own. Used by one thread at a time. */
  public interface Twin {
    List<Operand> inputs();

    List<Operand> outputs();

    /** Room for the outputs that are compared with its own. */
    List<Operand> given();

    void run();
  }

  private final Shadow options;
  private final String subgraph;
  private final String delegate;
  private final Consumer<String> trip;
  private final SplittableRandom random;
  private final ErrorDistribution errors = new ErrorDistribution();
  private final Semaphore idle = new Semaphore(1);
  private double worstAbsolute;
  private long runs;
  private long dropped;
  private volatile boolean tripped;
  private volatile boolean incomparable;
  private volatile boolean closing;

  /**
   * @param trip told once, by the thread that compares, in what way the bound was passed; may close
   *     the part
   */
  public ShadowedPart(Shadow options, String subgraph, String delegate, Consumer<String> trip) {
    this.options = options;
    this.subgraph = subgraph;
    this.delegate = delegate;
    this.trip = trip;
    this.random = new SplittableRandom(options.seed() ^ subgraph.hashCode());
  }

  /** Counts a run, and says whether it is sampled. */
  public boolean samples() {
    runs++;
    return random.nextDouble() < options.rate() && !incomparable && !tripped;
  }

  /** True if an error passed the bound. */
  public boolean hasTripped() {
    return tripped;
  }

  /**
   * Compares the run that has just ended, or has it compared. Throws nothing: where that fails, the
   * part is not compared any more.
   *
   * @param twins gives the twin of the shapes of the run; asked when no other is in use, and used
   *     after the call, until {@link #close}
   * @param inputs as the delegate read them
   * @param outputs as it wrote them
   */
  public void check(Supplier<? extends Twin> twins, List<Operand> inputs, List<Operand> outputs) {
    if (options.isOnCallersThread()) {
      Twin twin = copied(twins, inputs, outputs);
      tell(twin == null ? null : compare(twin));
      return;
    }
    if (ShadowThread.isBusy() || !idle.tryAcquire()) {
      dropped++;
      return;
    }
    Twin twin = copied(twins, inputs, outputs);
    if (twin == null || !offered(twin)) {
      idle.release();
      dropped++;
    }
  }

  /** The twin with copies of what it needs; null if there is none. */
  private @Nullable Twin copied(
      Supplier<? extends Twin> twins, List<Operand> inputs, List<Operand> outputs) {
    try {
      Twin twin = twins.get();
      copy(twin, inputs, outputs);
      return twin;
    } catch (Throwable e) { // the run itself was good
      giveUp(e);
      return null;
    }
  }

  private boolean offered(Twin twin) {
    try {
      return ShadowThread.offer(() -> {
        String passed;
        try {
          passed = compare(twin);
        } finally {
          idle.release();
        }
        tell(passed);
      });
    } catch (Throwable e) { // the system gives no thread
      giveUp(e);
      return false;
    }
  }

  private static void copy(Twin twin, List<Operand> inputs, List<Operand> outputs) {
    copy(inputs, twin.inputs());
    copy(outputs, twin.given());
  }

  private static void copy(List<Operand> from, List<Operand> to) {
    for (int i = 0; i < from.size(); i++) {
      to.get(i).data().copyFrom(from.get(i).data());
    }
  }

  /** In what way the bound was passed for the first time; null if it was not. */
  private @Nullable String compare(Twin twin) {
    Difference difference = Difference.NONE;
    try {
      twin.run();
      for (int i = 0; i < twin.outputs().size(); i++) {
        difference = difference.or(Difference.of(twin.given().get(i), twin.outputs().get(i)));
      }
    } catch (Throwable e) {
      giveUp(e);
      return null;
    }
    errors.add(difference.relative());
    synchronized (this) {
      worstAbsolute = Math.max(worstAbsolute, difference.absolute());
    }
    if (difference.relative() <= options.bound() || tripped) {
      return null;
    }
    tripped = true;
    return "%.3g of the greatest magnitude (%.3g in absolute terms), the bound is %.3g"
        .formatted(difference.relative(), difference.absolute(), options.bound());
  }

  private void giveUp(Throwable why) {
    incomparable = true;
    if (!closing) {
      LOG.log(
          System.Logger.Level.WARNING,
          subgraph + " is not compared with Java any more, which failed in its place",
          why);
    }
  }

  private void tell(@Nullable String passed) {
    if (passed == null) {
      return;
    }
    try {
      trip.accept(passed);
    } catch (Throwable e) { // a listener's
      LOG.log(System.Logger.Level.WARNING, "a listener of " + subgraph + " failed", e);
    }
  }

  /** True if a twin that runs shall end with any exception. */
  public boolean isClosing() {
    return closing;
  }

  /** Ends a comparison; when it returns, nothing given to {@link #check} is in use. */
  public void close() {
    closing = true;
    idle.acquireUninterruptibly();
    idle.release();
  }

  /** By the thread that runs the part. */
  public ShadowReport report() {
    double absolute;
    synchronized (this) {
      absolute = worstAbsolute;
    }
    return new ShadowReport(
        subgraph,
        delegate,
        runs,
        errors.total(),
        dropped,
        absolute,
        errors.worst(),
        errors.quantile(0.5),
        errors.quantile(0.99),
        tripped);
  }
}
