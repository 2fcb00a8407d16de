package dev.baton.tck;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import java.util.Optional;

/**
 * A delegate without a library: it claims whatever the reference kernels compute, and runs it with
 * them in memory of its own. No service file names it.
 */
public final class PureJavaDelegate implements Delegate {
  /** What users would type. */
  public static final String NAME = "pure-java";

  private final Kernels kernels = Kernels.reference();

  public PureJavaDelegate() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Availability availability() {
    return Availability.available("pure Java, in this process");
  }

  @Override
  public DelegateSession open(OpenContext context) {
    return new Session(kernels);
  }

  private record Session(Kernels kernels) implements DelegateSession {
    @Override
    public void claim(GraphView graph, Claims claims) {
      for (Node node : graph.nodes()) {
        refusal(node)
            .ifPresentOrElse(reason -> claims.decline(node, reason), () -> claims.take(node));
      }
    }

    private Optional<Decline> refusal(Node node) {
      Kernel kernel = kernels.find(node.name());
      if (kernel == null) {
        return Optional.of(
            Decline.of(Decline.Kind.OPERATOR, "there is no reference kernel for " + node.name()));
      }
      if (node.inputs().stream().anyMatch(v -> !v.isTensor())
          || node.results().stream().anyMatch(v -> !v.isTensor())) {
        return Optional.of(
            Decline.of(Decline.Kind.ARGUMENT, "a scalar that the program computes is involved"));
      }
      if (node.inputs().stream()
          .anyMatch(v -> v.isConstant() && !ConstantCopy.isSupported(v.constant()))) {
        return Optional.of(
            Decline.of(Decline.Kind.ARGUMENT, "a packed constant is not unpacked here"));
      }
      try {
        NodeCall call = new NodeCall(node, NodeCall.declaredTypes());
        kernel.infer(call);
        return kernel.isDataDependent(call)
            ? Optional.of(Decline.of(Decline.Kind.DYNAMIC_SHAPE, "the sizes depend on data"))
            : Optional.empty();
      } catch (KernelException e) {
        return Optional.of(Decline.of(Decline.Kind.ARGUMENT, String.valueOf(e.getMessage())));
      }
    }

    @Override
    public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
        throws DelegateException {
      for (Node node : subgraph.nodes()) {
        Optional<Decline> refusal = refusal(node);
        if (refusal.isPresent()) {
          throw new DelegateException(
              DelegateException.Kind.UNSUPPORTED, node + ": " + refusal.get().detail());
        }
        for (Value input : node.inputs()) {
          if (!input.isConstant()
              && !subgraph.inputs().contains(input)
              && !subgraph.nodes().contains(input.producer())) {
            throw new IllegalStateException(
                node + " uses " + input + ", which nothing in " + subgraph.name() + " gives");
          }
        }
      }
      return new JavaSubgraph(
          subgraph.nodes(), subgraph.inputs(), subgraph.outputs(), kernels, context);
    }

    @Override
    public void close() {}
  }
}
