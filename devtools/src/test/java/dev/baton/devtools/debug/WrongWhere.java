package dev.baton.devtools.debug;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Subgraph;
import dev.baton.tck.FaultInjectingDelegate;
import dev.baton.tck.Faults;
import dev.baton.tck.ForwardingDelegate;
import dev.baton.tck.OperatorFault;
import dev.baton.tck.PureJavaDelegate;
import java.util.function.Predicate;

/** Computes an operator wrongly in some subgraphs, as a fusion would. */
final class WrongWhere extends ForwardingDelegate {
  private final Delegate wrong;
  private final Predicate<Subgraph> where;

  WrongWhere(OperatorFault fault, Predicate<Subgraph> where) {
    super(new PureJavaDelegate());
    this.wrong = FaultInjectingDelegate.of(Faults.none().with(fault));
    this.where = where;
  }

  static boolean has(Subgraph subgraph, String operator) {
    return subgraph.nodes().stream().anyMatch(n -> n.name().equals(operator));
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    DelegateSession wrongly = wrong.open(context);
    return new Session(super.open(context)) {
      @Override
      public CompiledSubgraph compile(Subgraph subgraph, CompileContext of)
          throws DelegateException {
        return where.test(subgraph) ? wrongly.compile(subgraph, of) : super.compile(subgraph, of);
      }

      @Override
      public void close() {
        wrongly.close();
        super.close();
      }
    };
  }
}
