package dev.baton.kernels.vector;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.kernel.BoundCall;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.MatrixProduct;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Parallel;
import dev.baton.runtime.kernel.Step;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products, with vectors along n. A constant B is packed once, any other block by block. An
 * addend of (n) is added in passing.
 */
final class MatrixMultiply implements FastKernel {
  static @Nullable FastKernel find(String operator) {
    return switch (operator) {
      case "aten::mm",
          "aten::bmm",
          "aten::addmm",
          "aten::baddbmm",
          "aten::linear",
          "aten::matmul" ->
          new MatrixMultiply();
      default -> null;
    };
  }

  @Override
  public boolean supports(Call call) {
    MatrixProduct product = MatrixProduct.of(call);
    String addend = product.names().addend();
    boolean linear = call.node().name().equals("aten::linear");
    return call.type(product.names().a()).dtype() == DType.FLOAT
        && (linear || call.shape(product.names().b()).rank() >= 2)
        && (!product.transposed() || linear)
        && product.k() > 0
        && product.alpha(call) == 1
        && (addend == null
            || call.isNone(addend)
            || (product.beta(call) == 1 && call.shape(addend).equals(Shape.of(product.n()))));
  }

  @Override
  public boolean absorbs(Call call, List<Call> before, Call next) {
    return Epilogue.takes(next);
  }

  @Override
  public Step bind(BoundCall call) {
    if (call.output(0).shape().numel() == 0) {
      return () -> {};
    }
    return new Bound(call, MatrixProduct.of(call));
  }

  private static final class Bound implements Step, Parallel.Task, Gemm.Source {
    private final MatrixProduct product;
    private final Gemm gemm;
    private final int tasks;
    private final Parallel parallel;
    private final Epilogue epilogue;
    private final long a;
    private final long b;
    private final long c;
    private final @Nullable MemorySegment packed;
    private final MemorySegment scratch;
    private final long workerBytes;
    private final long[] aAt;
    private final long[] bAt;
    private final long[] bases;
    private final Parallel.Task packer = this::pack;

    Bound(BoundCall call, MatrixProduct product) {
      this.product = product;
      this.aAt = product.startsOfA(call);
      this.bAt = product.startsOfB(call);
      this.parallel = call.parallel();
      this.gemm =
          new Gemm(
              product.m(),
              product.n(),
              product.k(),
              product.batch(),
              parallel.threads(),
              Gemm.Keeps.ROWS);
      this.tasks = gemm.tasks * product.batch(); // a run makes no shapes
      String addend = product.names().addend();
      Operand bias = addend == null ? null : call.inputOrNull(addend);
      this.epilogue = Epilogue.of(call, bias, false);
      this.a = call.input(product.names().a()).data().address();
      this.c = call.output(0).data().address();
      this.packed =
          call.shape(product.names().b()).rank() <= 2
              ? call.packed(product.names().b(), gemm.panels.packer(product.transposed()))
              : null;
      // Where it is packed nobody reads the constant: asked for, it might have to be copied.
      this.b = packed != null ? 0 : call.input(product.names().b()).data().address();
      this.workerBytes = (gemm.scratchBytes() + 63) & -64;
      this.scratch =
          call.scratch(
              workerBytes * parallel.threads() + (packed == null ? gemm.packedBytes() : 0));
      this.bases = new long[parallel.threads()];
    }

    @Override
    public void run() {
      if (packed == null && gemm.packsFirst) {
        parallel.run(gemm.panels.count, packer);
      }
      parallel.run(tasks, this);
    }

    private void pack(int panel, int worker) {
      bases[worker] = b + 4 * bAt[0];
      gemm.pack(this, packed(), panel, worker);
    }

    /** Address of B packed before the product; 0 if tasks pack what they need. */
    private long packed() {
      if (packed != null) {
        return packed.address();
      }
      return gemm.packsFirst ? scratch.address() + workerBytes * parallel.threads() : 0;
    }

    @Override
    public void run(int task, int worker) {
      int matrix = task / gemm.tasks;
      bases[worker] = b + 4 * bAt[matrix];
      long element = (long) matrix * product.m() * product.n();
      gemm.run(
          task % gemm.tasks,
          worker,
          a + 4 * aAt[matrix],
          packed(),
          packed == null ? this : null,
          c + 4 * element,
          scratch.address() + workerBytes * worker,
          epilogue,
          element,
          matrix * product.m());
    }

    @Override
    public void fill(long to, int k0, int kn, int panel, int worker) {
      if (product.transposed()) {
        gemm.panels.fillTransposed(bases[worker], to, k0, kn, panel);
      } else {
        gemm.panels.fill(bases[worker], to, k0, kn, panel);
      }
    }
  }
}
