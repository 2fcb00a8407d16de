package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadOptions;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Java alone: results do not depend on threads, and runs leave nothing on the heap. */
@ExtendWith(NoLeaks.class)
class JavaPathTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** How long a small model may take until all that it needs is compiled. */
  private static final Duration WARM_UP = Duration.ofMinutes(2);

  private static final int RUNS = 20_000;

  static List<Path> cases() throws IOException {
    return ModelCase.find(MODELS).stream()
        .filter(f -> f.getFileName().toString().contains("-portable"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void threadsChangeNoBit(Path folder) throws IOException {
    ModelCase model = ModelCase.read(folder);
    List<byte[]> expected = outputs(model, LoadOptions.javaOnly().withThreads(1));
    for (int threads : new int[] {2, 3, 5}) {
      List<byte[]> actual = outputs(model, LoadOptions.javaOnly().withThreads(threads));
      assertEquals(expected.size(), actual.size());
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), actual.get(i), "output " + i + ", threads " + threads);
      }
    }
  }

  /** The bytes of all outputs of all calls. */
  private static List<byte[]> outputs(ModelCase model, LoadOptions options) throws IOException {
    List<byte[]> outputs = new ArrayList<>();
    try (Program program =
            Program.open(model.model(), ReadOptions.defaults().withDataFiles(model.dataFiles()));
        ModelMethod method = ModelMethod.load(program, model.method(), options);
        Execution execution = method.newExecution()) {
      for (ModelCase.Call call : model.calls()) {
        if (!call.method().equals(method.name())) {
          continue;
        }
        CaseRunner.setInputs(execution, call.inputs());
        execution.run();
        for (int i = 0; i < method.outputCount(); i++) {
          EValue output = execution.output(i);
          outputs.add(
              output.isTensor()
                  ? output.toTensor().data().toArray(ValueLayout.JAVA_BYTE)
                  : output.toString().getBytes(StandardCharsets.UTF_8));
        }
      }
    }
    return outputs;
  }

  @Test
  void optionsNameTheKernels() throws IOException {
    ModelCase model = ModelCase.read(MODELS.resolve("digits-portable"));
    LoadOptions options = LoadOptions.javaOnly().withKernels(List.of("reference"));
    try (Program program = Program.open(model.model());
        ModelMethod method = ModelMethod.load(program, model.method(), options)) {
      assertEquals(Set.of("reference"), method.placement().counts().keySet());
    }
    try (Program program = Program.open(model.model())) {
      LoadOptions unknown = options.withKernels(List.of("vectors"));
      BatonException e =
          assertThrows(
              BatonException.class, () -> ModelMethod.load(program, model.method(), unknown));
      assertTrue(e.getMessage().contains("'vectors'"), e::getMessage);
    }
  }

  /**
   * Vectors that the compiler leaves on the heap are hundreds of bytes each: if any loop keeps one,
   * the allocation never ends.
   */
  @ParameterizedTest
  @CsvSource({
    "digits-portable,1",
    "digits-portable,2",
    "lstm-portable,1",
    "lstm-portable,2",
    "mlp-dyn-portable,2",
    "kv-cache-portable,1",
    "norm-first-portable,2",
    "digits-xnn8,1",
    "digits-xnn8,2",
    "int8-tokens-xnn8d,2"
  })
  void aWarmRunAllocatesNothing(String name, int threads) throws IOException {
    ModelCase model = ModelCase.read(MODELS.resolve(name));
    LoadOptions options = LoadOptions.javaOnly().withThreads(threads);
    try (Program program = Program.open(model.model());
        ModelMethod method = ModelMethod.load(program, model.method(), options);
        Execution execution = method.newExecution()) {
      CaseRunner.setInputs(execution, model.calls().get(0).inputs());
      execution.observe((step, outputs) -> {});
      execution.run();
      execution.observe(null); // who observed before leaves nothing behind
      execution.run();
      long[] ids = idsOfThreads();
      assertTrue(ids.length >= threads, "the pool's threads are measured");
      long deadline = System.nanoTime() + WARM_UP.toNanos();
      long bytes;
      do {
        bytes = bytesOf(execution, ids);
      } while (bytes >= RUNS && System.nanoTime() < deadline);
      assertTrue(bytes < RUNS, bytes + " bytes in " + RUNS + " runs");
    }
  }

  /** This thread and those of pools. */
  private static long[] idsOfThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t == Thread.currentThread() || t.getName().startsWith("baton-kernels-"))
        .mapToLong(Thread::threadId)
        .toArray();
  }

  private static long bytesOf(Execution execution, long[] threads) {
    long before = allocated(threads);
    for (int i = 0; i < RUNS; i++) {
      execution.run();
    }
    return allocated(threads) - before;
  }

  private static long allocated(long[] threads) {
    long sum = 0;
    for (long id : threads) {
      long bytes = THREADS.getThreadAllocatedBytes(id);
      assertTrue(bytes >= 0, "allocation is measured");
      sum += bytes;
    }
    return sum;
  }
}
