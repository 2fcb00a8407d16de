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

/** A runtime of one caller. */
final class XnnpackExecution implements DelegateExecution {
  private final String name;
  private final XnnRuntime runtime;
  private final List<Integer> inputPositions;
  private List<Shape> boundShapes = List.of();
  private boolean reshaped;

  /**
   * @param inputPositions of the external inputs among those of the subgraph
   */
  XnnpackExecution(String name, XnnRuntime runtime, List<Integer> inputPositions) {
    this.name = name;
    this.runtime = runtime;
    this.inputPositions = inputPositions;
  }

  @Override
  public void bind(Bindings io) throws DelegateException {
    List<Shape> shapes = new ArrayList<>();
    inputPositions.forEach(position -> shapes.add(io.inputShape(position)));
    try {
      if (!reshaped || !shapes.equals(boundShapes)) {
        reshape(io, shapes);
      }
      for (int id = 0; id < shapes.size(); id++) {
        runtime.setAddress(id, io.input(inputPositions.get(id)).address());
      }
      for (int i = 0; i < io.outputCount(); i++) {
        runtime.setAddress(shapes.size() + i, io.output(i).address());
      }
      runtime.setup();
    } catch (XnnException e) {
      throw XnnpackSubgraph.failure(
          DelegateException.Kind.UNSUPPORTED, "binding " + name + " to inputs " + shapes, e);
    }
  }

  private void reshape(Bindings io, List<Shape> shapes) throws XnnException, DelegateException {
    reshaped = false;
    for (int id = 0; id < shapes.size(); id++) {
      runtime.setSizes(id, shapes.get(id).sizes());
    }
    runtime.reshape();
    for (int i = 0; i < io.outputCount(); i++) {
      long[] sizes = runtime.sizes(shapes.size() + i);
      if (!Arrays.equals(sizes, Shapes.longs(io.outputShape(i)))) {
        throw new DelegateException(
            DelegateException.Kind.FAILED,
            "binding %s to inputs %s: output %d has the shape %s for XNNPACK, %s for the host"
                .formatted(name, shapes, i, Arrays.toString(sizes), io.outputShape(i)));
      }
    }
    boundShapes = shapes;
    reshaped = true;
  }

  @Override
  public void run(RunContext context) throws DelegateException {
    try {
      runtime.invoke();
    } catch (XnnException e) {
      throw XnnpackSubgraph.failure(DelegateException.Kind.FAILED, "running " + name, e);
    }
  }

  @Override
  public void close() {
    runtime.close();
  }
}
