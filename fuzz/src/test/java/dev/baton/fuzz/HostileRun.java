package dev.baton.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseFormatException;
import dev.baton.cases.ModelCase;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.CancelledException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.TensorInfo;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramFormatException;
import dev.baton.runtime.program.ReadBudget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Opens, loads and runs a program that may be hostile. Allowed are an answer and a {@link
 * BatonException} that says where; anything else that is thrown, memory that is still held
 * afterwards, and much processor time are findings.
 */
final class HostileRun {
  /** What one file may cost where code is instrumented, beside what it asks its operators for. */
  private static final Duration CPU_TIME = Duration.ofSeconds(15);

  private static final Duration DEADLINE = Duration.ofSeconds(2);
  private static final long MEMORY = 1 << 24;
  private static final int INSTRUCTIONS = 2_000;

  private static final Logger LOG = Logger.getLogger("dev.baton");

  static {
    LOG.setLevel(Level.OFF); // each load would say a sentence
  }

  private HostileRun() {}

  /** Java kernels. */
  static LoadOptions java() {
    return guarded(LoadOptions.javaOnly());
  }

  /** Every delegate of this machine. */
  static LoadOptions delegates() {
    return guarded(LoadOptions.defaults());
  }

  private static LoadOptions guarded(LoadOptions options) {
    return options
        .withThreads(1)
        .withDeadline(DEADLINE)
        .withMaxMemoryBytes(MEMORY)
        .withMaxInstructions(INSTRUCTIONS);
  }

  /** Tries what a fuzzer's input makes of one of the programs. */
  static void ofProgram(byte[] input, List<Seed> seeds, LoadOptions options) {
    Recipe recipe = Recipe.of(input);
    Seed seed = recipe.of(seeds);
    attempt(recipe, seed, recipe.apply(seed), List.of(), options);
  }

  /** As {@link #ofProgram}; changed is a data file, beside the program of its name. */
  static void ofDataFile(byte[] input, List<Seed> seeds, LoadOptions options) {
    Recipe recipe = Recipe.of(input);
    Seed seed = recipe.of(seeds);
    byte[] program = Seed.read(Seed.path(seed.name(), "pte"));
    attempt(recipe, seed, program, List.of(recipe.apply(seed)), options);
  }

  /** As {@link #ofProgram}; changed is a bundled program, whose tests become a case as well. */
  static void ofBundle(byte[] input, List<Seed> seeds, LoadOptions options) {
    Recipe recipe = Recipe.of(input);
    Seed seed = recipe.of(seeds);
    byte[] bundle = recipe.apply(seed);
    try {
      readCase(bundle);
    } catch (Throwable e) {
      throw new AssertionError(recipe.describe(seed), e);
    }
    attempt(recipe, seed, bundle, List.of(), options);
  }

  private static void readCase(byte[] bundle) throws IOException {
    Path file = Files.createTempFile("hostile", ".bpte");
    try {
      Files.write(file, bundle);
      ModelCase.read(file);
    } catch (ProgramFormatException | CaseFormatException e) {
      assertTrue(e.getMessage().contains(file.toString()), e::getMessage);
    } finally {
      Files.delete(file);
    }
  }

  private static void attempt(
      Recipe recipe, Seed seed, byte[] file, List<byte[]> dataFiles, LoadOptions options) {
    try {
      attempt(recipe, file, dataFiles, options);
    } catch (Throwable e) {
      throw new AssertionError(recipe.describe(seed), e);
    }
  }

  private static void attempt(
      Recipe recipe, byte[] file, List<byte[]> dataFiles, LoadOptions options) {
    long held = NativeMemory.liveBytes();
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    try (Program program = open(file, dataFiles)) {
      List<String> methods = List.copyOf(program.methods().keySet());
      if (!methods.isEmpty()) {
        run(recipe, program, methods.get(recipe.method() % methods.size()), options);
      }
    } catch (ProgramFormatException e) {
      assertTrue(e.getMessage().contains(e.problem()), e::getMessage);
    }
    long spent = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
    assertTrue(spent < CPU_TIME.toNanos(), "took " + Duration.ofNanos(spent));
    assertEquals(held, NativeMemory.liveBytes(), () -> "held: " + NativeMemory.byPurpose());
  }

  private static Program open(byte[] file, List<byte[]> dataFiles) {
    return Program.of(
        MemorySegment.ofArray(file),
        dataFiles.stream().map(MemorySegment::ofArray).toList(),
        ReadBudget.defaults());
  }

  private static void run(Recipe recipe, Program program, String name, LoadOptions options) {
    try (ModelMethod method = ModelMethod.load(program, name, options);
        Execution execution = method.newExecution()) {
      execution.setDeadline(DEADLINE);
      for (int i = 0; i < method.inputCount(); i++) {
        TensorInfo info = method.input(i).orElse(null);
        if (info == null) {
          continue;
        }
        if (info.dynamic() && recipe.resize() > 0) {
          long[] shape = info.shape();
          for (int d = 0; d < shape.length; d++) {
            shape[d] -= (recipe.resize() >>> d & 3) % (shape[d] + 1);
          }
          execution.resizeInput(i, shape);
        }
        fill(execution.input(i), recipe.fill());
      }
      execution.run();
      for (int i = 0; i < method.outputCount(); i++) {
        read(execution, i);
      }
      try (StateSnapshot state = execution.saveState()) {
        execution.reset();
        execution.restoreState(state);
      }
    } catch (CancelledException e) {
      // The file asks for more than the deadline gives.
    } catch (BatonException e) {
      if (!e.getMessage().contains(name) && !e.getMessage().startsWith("the load has passed")) {
        throw new AssertionError("method '" + name + "' is not named", e);
      }
    }
  }

  private static void read(Execution execution, int index) {
    if (execution.output(index).isTensor()) {
      MemorySegment data = execution.output(index).toTensor().data();
      for (long at = 0; at < data.byteSize(); at += 64) {
        data.get(ValueLayout.JAVA_BYTE, at);
      }
    }
  }

  /** 0 zeros, 1 ones, 2 small numbers, 3 the greatest and least, any other a seed of bytes. */
  private static void fill(Tensor tensor, int how) {
    MemorySegment data = tensor.data();
    data.fill((byte) 0);
    SplittableRandom random = new SplittableRandom(how);
    for (long i = 0; i < tensor.numel(); i++) {
      long number =
          switch (how) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> i % 5 - 1;
            case 3 -> i % 2 == 0 ? Long.MAX_VALUE : Long.MIN_VALUE;
            default -> random.nextLong() >> random.nextInt(64);
          };
      put(data, tensor.dtype(), i, number);
    }
  }

  private static void put(MemorySegment data, DType dtype, long i, long number) {
    switch (dtype) {
      case BOOL -> data.set(ValueLayout.JAVA_BYTE, i, (byte) (number & 1));
      case FLOAT -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, number);
      case DOUBLE -> data.setAtIndex(ValueLayout.JAVA_DOUBLE, i, number);
      default -> {
        for (int b = 0; b < dtype.byteSize(); b++) {
          data.set(ValueLayout.JAVA_BYTE, i * dtype.byteSize() + b, (byte) (number >> 8 * b));
        }
      }
    }
  }
}
