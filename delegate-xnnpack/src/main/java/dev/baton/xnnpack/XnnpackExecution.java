package dev.baton.xnnpack;

import dev.baton.delegate.Bindings;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.RunContext;
import dev.baton.graph.Shape;
import dev.baton.xnnpack.ffi.XnnException;
import dev.baton.xnnpack.ffi.XnnRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The runtimes of one caller, bound to buffers. */
final class XnnpackExecution implements DelegateExecution {
  private final String name;
  private final Runtimes runtimes;
  private final List<Integer> inputPositions;

  /**
   * @param inputPositions of the external inputs among those of the subgraph
   */
  XnnpackExecution(String name, Runtimes runtimes, List<Integer> inputPositions) {
    this.name = name;
    this.runtimes = runtimes;
    this.inputPositions = inputPositions;
  }

  /** What a bind says, to be said again to another runtime. */
  private record Bound(List<int[]> inputs, List<Shape> outputs, long[] addresses) {
    static Bound of(Bindings io, List<Integer> inputPositions) {
      int inputs = inputPositions.size();
      long[] addresses = new long[inputs + io.outputCount()];
      List<int[]> sizes = new ArrayList<>();
      for (int id = 0; id < inputs; id++) {
        sizes.add(io.inputShape(inputPositions.get(id)).sizes());
        addresses[id] = io.input(inputPositions.get(id)).address();
      }
      List<Shape> outputs = new ArrayList<>();
      for (int i = 0; i < io.outputCount(); i++) {
        outputs.add(io.outputShape(i));
        addresses[inputs + i] = io.output(i).address();
      }
      return new Bound(sizes, outputs, addresses);
    }

    String shapes() {
      return inputs.stream().map(Arrays::toString).toList().toString();
    }
  }

  @Override
  public void bind(Bindings io) throws DelegateException {
    Bound bound = Bound.of(io, inputPositions);
    try {
      runtimes.bind(runtime -> bind(bound, runtime));
    } catch (XnnException e) {
      throw XnnpackSubgraph.failure(
          DelegateException.Kind.UNSUPPORTED,
          "binding " + name + " to inputs " + bound.shapes(),
          e);
    }
  }

  private void bind(Bound bound, XnnRuntime runtime) throws XnnException, DelegateException {
    if (runtime.setSizes(bound.inputs)) {
      for (int i = 0; i < bound.outputs.size(); i++) {
        long[] sizes = runtime.sizes(bound.inputs.size() + i);
        if (!Arrays.equals(sizes, Shapes.longs(bound.outputs.get(i)))) {
          runtime.forgetSizes();
          throw new DelegateException(
              DelegateException.Kind.FAILED,
              "binding %s to inputs %s: output %d has the shape %s for XNNPACK, %s for the host"
                  .formatted(
                      name, bound.shapes(), i, Arrays.toString(sizes), bound.outputs.get(i)));
        }
      }
    }
    for (int id = 0; id < bound.addresses.length; id++) {
      runtime.setAddress(id, bound.addresses[id]);
    }
    runtime.setup();
  }

  @Override
  public void run(RunContext context) throws DelegateException {
    try {
      runtimes.run(context);
    } catch (XnnException e) {
      throw XnnpackSubgraph.failure(DelegateException.Kind.FAILED, "running " + name, e);
    }
  }

  @Override
  public void close() {
    runtimes.close();
  }
}
