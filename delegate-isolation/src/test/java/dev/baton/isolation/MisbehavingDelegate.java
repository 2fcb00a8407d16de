package dev.baton.isolation;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.RunContext;
import dev.baton.tck.ForwardingDelegate;
import dev.baton.tck.PureJavaDelegate;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Computes soundly, unless the first number that it gets says otherwise. Talks on stdout. */
public final class MisbehavingDelegate extends ForwardingDelegate {
  static final float CRASHES = 1001;
  static final float HANGS = 1002;
  static final float EXITS = 1003;
  static final float THROWS_ERROR = 1004;
  static final float REFUSES = 1005;

  /** Answers after a while. */
  static final float IS_SLOW = 1006;

  static final String TALK = "initialising the accelerator";

  public MisbehavingDelegate() {
    super(new PureJavaDelegate());
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    System.out.println(TALK);
    if (context.options().containsKey("crash-when-opened")) {
      crash();
    }
    return super.open(context);
  }

  @Override
  protected DelegateSession wrap(DelegateSession session) {
    return new Session(session) {
      @Override
      protected CompiledSubgraph wrap(CompiledSubgraph subgraph) {
        return new Compiled(subgraph) {
          @Override
          protected DelegateExecution wrap(DelegateExecution execution) {
            return new Misbehaving(execution);
          }
        };
      }
    };
  }

  /** A real one: the JVM dies of SIGSEGV. */
  static void crash() {
    MemorySegment.NULL.reinterpret(Integer.BYTES).set(ValueLayout.JAVA_INT, 0, 1);
  }

  private static final class Misbehaving extends ForwardingDelegate.Execution {
    private Bindings io;

    Misbehaving(DelegateExecution inner) {
      super(inner);
    }

    @Override
    public void bind(Bindings bindings) throws DelegateException {
      io = bindings;
      super.bind(bindings);
    }

    @Override
    public void run(RunContext context) throws DelegateException {
      float first = io.input(0).get(ValueLayout.JAVA_FLOAT, 0);
      if (first == CRASHES) {
        crash();
      } else if (first == HANGS) {
        sleep(Long.MAX_VALUE);
      } else if (first == EXITS) {
        System.exit(7);
      } else if (first == THROWS_ERROR) {
        throw new AssertionError("the vendor is surprised");
      } else if (first == REFUSES) {
        throw new DelegateException(
            DelegateException.Kind.RESOURCES, "no memory on the device", "Buy more.", null);
      } else if (first == IS_SLOW) {
        sleep(10_000); // long enough to be killed, on a busy machine too
      }
      super.run(context);
    }

    private static void sleep(long millis) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
