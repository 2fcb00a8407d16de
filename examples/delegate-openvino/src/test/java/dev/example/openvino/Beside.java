package dev.example.openvino;

import com.sun.management.OperatingSystemMXBean;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.graph.Shape;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.example.openvino.ffi.CompiledModel;
import dev.example.openvino.ffi.ElementType;
import dev.example.openvino.ffi.InferRequest;
import dev.example.openvino.ffi.OpenvinoException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Measures a portable program on the delegate beside OpenVINO itself, which reads the same model
 * from an ONNX file: in one process, with the same threads and properties, a run of each by turns.
 *
 * <pre>Beside CASE THREADS SECONDS</pre>
 *
 * CASE holds {@code case.json}, {@code model.pte}, {@code model.onnx} and {@code inputs/0.npy}; the
 * model has one input and one output of float32.
 */
final class Beside {
  private static final int WARM = 20;
  private static final int MOST = 1_000_000;

  private Beside() {}

  public static void main(String[] args) throws IOException, OpenvinoException {
    Path folder = Path.of(args[0]);
    int threads = Integer.parseInt(args[1]);
    long nanos = Long.parseLong(args[2]) * 1_000_000_000L;
    LoadOptions options =
        LoadOptions.defaults().withDelegates(List.of("openvino")).withThreads(threads);
    try (Arena arena = Arena.ofConfined();
        Program program = Program.open(folder.resolve("model.pte"));
        ModelMethod method = ModelMethod.load(program, "forward", options, Delegates.load());
        Execution execution = method.newExecution();
        CompiledModel model =
            Libraries.installed()
                .compile(folder.resolve("model.onnx"), OpenvinoSubgraph.properties(threads));
        InferRequest request = model.newRequest()) {
      System.out.println(method.placement().summary());
      ModelCase.Call call = ModelCase.read(folder).calls().get(0);
      CaseRunner.setInputs(execution, call.inputs());
      execution.run();
      Tensor input = call.inputs().get(0).read();
      Tensor output = execution.output(0).toTensor();
      MemorySegment given = arena.allocate(input.data().byteSize(), 64).copyFrom(input.data());
      MemorySegment result = arena.allocate(output.data().byteSize(), 64);
      request.setInput(0, ElementType.F32, shape(input), given);
      request.setOutput(0, ElementType.F32, shape(output), result);
      measure(execution, request, nanos);
    }
  }

  private static Shape shape(Tensor tensor) {
    return Shape.of(Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray());
  }

  private static void measure(Execution execution, InferRequest request, long nanos)
      throws OpenvinoException {
    long[] delegate = new long[MOST];
    long[] alone = new long[MOST];
    double[] ratios = new double[MOST];
    double delegateCpu = 0;
    double aloneCpu = 0;
    OperatingSystemMXBean process =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    int runs = -WARM;
    for (long end = System.nanoTime() + nanos; System.nanoTime() < end && runs < MOST; runs++) {
      long cpuStart = process.getProcessCpuTime();
      long start = System.nanoTime();
      execution.run();
      long between = System.nanoTime();
      long cpuBetween = process.getProcessCpuTime();
      request.infer();
      long stop = System.nanoTime();
      long cpuStop = process.getProcessCpuTime();
      if (runs >= 0) {
        delegate[runs] = between - start;
        alone[runs] = stop - between;
        ratios[runs] = (double) delegate[runs] / alone[runs];
        delegateCpu += cpuBetween - cpuStart;
        aloneCpu += cpuStop - cpuBetween;
      }
    }
    Arrays.sort(delegate, 0, runs);
    Arrays.sort(alone, 0, runs);
    Arrays.sort(ratios, 0, runs);
    System.out.printf(
        "%d runs of each; ms: delegate median %.3f, least %.3f; OpenVINO %.3f, %.3f%n",
        runs, delegate[runs / 2] / 1e6, delegate[0] / 1e6, alone[runs / 2] / 1e6, alone[0] / 1e6);
    System.out.printf(
        "ratio: %.3f by the clock (median of neighbours), %.3f by CPU time (of all runs)%n",
        ratios[runs / 2], delegateCpu / aloneCpu);
  }
}
