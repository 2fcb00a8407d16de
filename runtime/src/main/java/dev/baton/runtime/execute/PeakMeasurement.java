package dev.baton.runtime.execute;

import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.lift.Block;
import dev.baton.runtime.lift.LiftedMethod;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.Sessions;
import dev.baton.runtime.profile.MachinePeak;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/**
 * Measures the machine: a layer is placed, compiled and run as any model would be; memory is copied
 * by all threads. The least time of many counts, so that a busy machine is told apart from a slow
 * one.
 */
public final class PeakMeasurement {
  /** Rows, and width in and out: a megabyte of weights, which second-level caches hold. */
  private static final int ROWS = 256;

  private static final int WIDTH = 512;
  private static final long COPIED = 64L << 20;
  private static final int COPIES = 6;

  /** A round measures as often as it can in this time. */
  private static final long ROUND_NANOS = 30_000_000;

  private static final int LEAST_ROUNDS = 5;

  /** The JVM has compiled what it will, where so many rounds bring nothing. */
  private static final int IDLE_ROUNDS = 4;

  private static final int MOST_ROUNDS = 60;
  private static final double NEWS = 0.97;

  private PeakMeasurement() {}

  /** As {@link MachinePeak#measure}. */
  public static MachinePeak measure(LoadOptions wanted, Delegates delegates) {
    LoadOptions options =
        wanted
            .withPolicy(FallbackPolicy.FALL_BACK)
            .withListener((Event event) -> {})
            .withProfiling(false);
    try (Arena arena = Arena.ofShared();
        Sessions sessions = new Sessions(null, delegates, options);
        WorkerPool workers = new WorkerPool(options.threads());
        CompiledMethod method =
            CompiledMethod.compile(layer(arena), Kernels.load(), delegates, sessions, workers);
        ExecutionCore core = new ExecutionCore(method, null)) {
      core.data(method.lifted().variables().get(0)).fill((byte) 0);
      double nanos = best(core);
      return new MachinePeak(
          options.threads(),
          2.0 * ROWS * WIDTH * WIDTH / nanos,
          method.placement().operators().get(0).runner(),
          2.0 * COPIED / copy(workers));
    }
  }

  private static LiftedMethod layer(Arena arena) {
    TensorType weights = TensorType.of(DType.FLOAT, WIDTH, WIDTH);
    MemorySegment data = arena.allocate(weights.byteSize() + 128, 64);
    for (long i = 0; i < weights.shape().numel(); i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f / (1 + i % WIDTH));
    }
    TensorType rows = TensorType.of(DType.FLOAT, ROWS, WIDTH);
    Variable input = new Variable(0, "input", Variable.Kind.INPUT, rows, null, null);
    Variable output = new Variable(1, "output", Variable.Kind.OUTPUT, rows, null, null);
    Graph.Builder builder = new Graph.Builder();
    Value x = builder.input(rows);
    Value w = builder.constant(Constant.of(data, weights));
    Value y =
        builder
            .node(
                Operators.get("aten::linear"),
                List.of(x, w, Argument.None.NONE),
                List.of(rows),
                Origin.HOST)
            .result();
    Block block =
        new Block(
            builder.build(List.of(y)),
            List.of(input),
            List.of(output),
            Map.of(),
            new Block.Return());
    return new LiftedMethod(
        "peak",
        List.of(new LiftedMethod.TensorInput(input, DimOrder.contiguous(2))),
        List.of(new LiftedMethod.VariableOutput(output)),
        List.of(input, output),
        List.of(block),
        List.of());
  }

  private static double best(ExecutionCore core) {
    long best = Long.MAX_VALUE;
    int idle = 0;
    for (int round = 0; round < MOST_ROUNDS; round++) {
      long least = Long.MAX_VALUE;
      long begin = System.nanoTime();
      long before = begin;
      while (before - begin < ROUND_NANOS) {
        core.run();
        long after = System.nanoTime();
        least = Math.min(least, after - before);
        before = after;
      }
      idle = least < best * NEWS ? 0 : idle + 1;
      best = Math.min(best, least);
      if (round + 1 >= LEAST_ROUNDS && idle >= IDLE_ROUNDS) {
        break;
      }
    }
    return best;
  }

  private static double copy(WorkerPool workers) {
    int parts = workers.threads();
    long part = COPIED / parts / 64 * 64;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment from = arena.allocate(part * parts, 64);
      MemorySegment to = arena.allocate(part * parts, 64);
      long best = Long.MAX_VALUE;
      for (int i = 0; i < COPIES; i++) {
        long start = System.nanoTime();
        workers.run(
            parts, (task, worker) -> MemorySegment.copy(from, task * part, to, task * part, part));
        best = Math.min(best, System.nanoTime() - start);
      }
      return best * ((double) COPIED / (part * parts));
    }
  }
}
