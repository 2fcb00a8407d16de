package dev.baton.kernels.vector;

import static dev.baton.kernels.vector.Lanes.ALL;

import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Dims;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * {@code embedding(weight, indices)}: rows of a matrix of any dtype, each copied as one run of
 * bytes. An index counts from the first row, and is checked when it is used; {@code padding_idx}
 * concerns gradients alone.
 */
final class Embedding implements FastKernel {
  private Embedding() {}

  static @Nullable FastKernel find(String operator) {
    return operator.equals("aten::embedding") ? new Embedding() : null;
  }

  @Override
  public boolean supports(Call call) {
    return true;
  }

  @Override
  public Step bind(BoundCall call) {
    Operand weight = call.input("weight");
    Shape shape = weight.shape();
    long rowBytes = (long) shape.size(1) * weight.dtype().byteSize();
    long from = weight.data().address();
    long to = call.output(0).data().address();
    Operand indices = call.input("indices");
    Elements rows = Elements.of(indices);
    return Rows.step(
        call,
        indices.shape().numel(),
        (int) Math.min(Integer.MAX_VALUE, rowBytes / Float.BYTES),
        i -> {
          long row = Dims.fromFirst(rows.getLong(i), shape.size(0), 0);
          MemorySegment.copy(ALL, from + row * rowBytes, ALL, to + i * rowBytes, rowBytes);
        });
  }
}
