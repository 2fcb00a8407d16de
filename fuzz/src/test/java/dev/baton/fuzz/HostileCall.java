package dev.baton.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Operators;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.runtime.kernel.Elements;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.KernelGoldens;
import dev.baton.runtime.kernel.KernelHarness;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.Operand;
import dev.baton.runtime.kernel.Parallel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A call of one operator whose arguments lie: a golden call, changed. Allowed are an answer and a
 * refusal; anything else that is thrown, an index beyond an array or a tensor among it, a result
 * that is written beyond its end, and much processor time are findings. So is an answer of faster
 * kernels, on several threads, that is far from the reference kernel's.
 *
 * <pre>
 *  0..1  which operator    2..3  which of its goldens    4  which tensors are constants
 *  5..   edits of 8 bytes:
 *        0 which argument   1 which item, dimension or element   2 what is done
 *        3 a small number   4..7 a value
 * </pre>
 */
final class HostileCall {
  private static final int HEADER_BYTES = 5;
  private static final int EDIT_BYTES = 8;
  private static final int MOST_EDITS = 8;

  /** Of one changed tensor, so that no call may take long for being asked much. */
  private static final long MOST_ELEMENTS = 2048;

  /** Of the results, the scratch and the arrays of a call. */
  private static final long MOST_BYTES = 1 << 22;

  private static final Duration CPU_TIME = Duration.ofSeconds(5);
  private static final int THREADS = 3;

  /** Larger numbers leave no digits to compare. */
  private static final double LARGEST_COMPARED = 1e3;

  private static final double TOLERANCE = 1e-2;

  private static final long[] AWKWARD = {
    0,
    1,
    -1,
    2,
    -2,
    3,
    5,
    17,
    64,
    255,
    65_535,
    65_536,
    1_000_000_007,
    Integer.MAX_VALUE,
    Integer.MAX_VALUE - 1L,
    Integer.MIN_VALUE,
    1L << 31,
    1L << 32,
    1L << 62,
    Long.MAX_VALUE,
    Long.MAX_VALUE - 1,
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1
  };
  private static final double[] AWKWARD_REALS = {
    0,
    -0.0,
    1,
    -1,
    0.5,
    1e-45,
    1e300,
    -1e300,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY
  };

  private static final Kernels REFERENCE = Kernels.reference();
  private static final Kernels ALL = Kernels.load();

  /** The golden calls of each operator that has a kernel. */
  private static final List<List<KernelGoldens.Case>> CALLS = calls();

  private final Arena arena;
  private final KernelGoldens.Case golden;
  private final List<Object> arguments = new ArrayList<>();
  private final int constants;
  private boolean comparable = true;
  private boolean tooLarge;

  private HostileCall(Arena arena, KernelGoldens.Case golden, int constants) {
    this.arena = arena;
    this.golden = golden;
    this.constants = constants;
    golden.arguments().forEach(json -> arguments.add(KernelGoldens.argument(arena, json)));
  }

  private static List<List<KernelGoldens.Case>> calls() {
    Map<String, List<KernelGoldens.Case>> byOperator =
        KernelGoldens.all()
            .filter(golden -> golden.results() != null && !golden.isScalar())
            .filter(golden -> REFERENCE.find(golden.operator()) != null)
            .collect(
                Collectors.groupingBy(
                    KernelGoldens.Case::operator, TreeMap::new, Collectors.toList()));
    return List.copyOf(byOperator.values());
  }

  /** How many operators a recipe may name. */
  static int operators() {
    return CALLS.size();
  }

  /** Tries what a fuzzer's input makes of a golden call. */
  static void attempt(byte[] recipe) {
    ByteBuffer bytes = ByteBuffer.wrap(recipe).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < HEADER_BYTES) {
      return;
    }
    List<KernelGoldens.Case> goldens = CALLS.get((bytes.getShort() & 0xffff) % CALLS.size());
    KernelGoldens.Case golden = goldens.get((bytes.getShort() & 0xffff) % goldens.size());
    try (Arena arena = Arena.ofConfined()) {
      HostileCall call = new HostileCall(arena, golden, bytes.get());
      for (int i = 0; i < MOST_EDITS && bytes.remaining() >= EDIT_BYTES; i++) {
        call.edit(
            bytes.get() & 0xff,
            bytes.get() & 0xff,
            bytes.get() & 0xff,
            bytes.get(),
            bytes.getInt());
      }
      call.attempt();
    }
  }

  // ---- edits

  private void edit(int which, int part, int action, byte small, int value) {
    if (arguments.isEmpty()) {
      return;
    }
    int at = which % arguments.size();
    Object other = arguments.get((value & Integer.MAX_VALUE) % arguments.size());
    boolean takesOther = action % 16 == 15 && arguments.get(at) instanceof Operand;
    arguments.set(
        at,
        takesOther && other instanceof Operand
            ? other
            : orKept(at, changed(arguments.get(at), part, action, small, value)));
  }

  /** Arguments, and items of lists, are absent only where the schema says that they may be. */
  private Object orKept(int at, Object changed) {
    String type = Operators.get(golden.operator()).parameters().get(at).type();
    boolean absent = changed == null && !type.endsWith("?");
    boolean absentItem =
        changed instanceof List<?> list && list.contains(null) && !type.contains("?[");
    return absent || absentItem ? arguments.get(at) : changed;
  }

  private Object changed(Object argument, int part, int action, byte small, int value) {
    return switch (argument) {
      case null -> null;
      case Operand tensor -> changed(tensor, part, action, small, value);
      case Boolean b -> !b;
      case Number n when n instanceof Double -> real(n.doubleValue(), action, small, value);
      case Number n -> integer(n.longValue(), action, small, value);
      case List<?> list -> changed(list, part, action, small, value);
      default -> action % 8 == 0 ? null : argument;
    };
  }

  private static Object integer(long number, int action, byte small, int value) {
    return switch (action % 5) {
      case 0 -> (long) value;
      case 1 -> number + small;
      case 2 -> number * small;
      case 3 -> null;
      default -> AWKWARD[(small & 0xff) % AWKWARD.length];
    };
  }

  private Object real(double number, int action, byte small, int value) {
    comparable = false;
    return switch (action % 4) {
      case 0 -> (double) Float.intBitsToFloat(value);
      case 1 -> number + small;
      case 2 -> null;
      default -> AWKWARD_REALS[(small & 0xff) % AWKWARD_REALS.length];
    };
  }

  private List<Object> changed(List<?> list, int part, int action, byte small, int value) {
    List<Object> items = new ArrayList<>(list);
    int at = items.isEmpty() ? 0 : part % items.size();
    switch (action % 8) {
      case 0 -> items.clear();
      case 1 -> items.add(items.isEmpty() ? (Object) (long) value : items.get(at));
      case 2 -> {
        if (!items.isEmpty()) {
          items.remove(at);
        }
      }
      case 3 -> Collections.fill(items, AWKWARD[(small & 0xff) % AWKWARD.length]);
      default -> {
        if (!items.isEmpty()) {
          items.set(at, changed(items.get(at), part, action / 8, small, value));
        }
      }
    }
    return items;
  }

  private Object changed(Operand tensor, int part, int action, byte small, int value) {
    int[] sizes = tensor.shape().sizes();
    int dim = sizes.length == 0 ? 0 : part % sizes.length;
    DType dtype = tensor.dtype();
    switch (action % 8) {
      case 0, 1 -> {
        if (sizes.length > 0) {
          sizes[dim] = action % 8 == 0 ? Math.max(0, sizes[dim] + small) : size(small);
        }
      }
      case 2 -> {
        sizes = Arrays.copyOf(sizes, sizes.length + 1);
        sizes[sizes.length - 1] = small & 3;
      }
      case 3 -> sizes = Arrays.copyOf(sizes, Math.max(0, sizes.length - 1));
      case 4 -> dtype = DType.values()[part % DType.values().length];
      case 5 -> {
        return null;
      }
      default -> {}
    }
    Operand changed = copy(tensor, dtype, sizes);
    if (changed == null) {
      return tensor;
    }
    long n = changed.shape().numel();
    if (action % 8 >= 6 && n > 0 && !dtype.isComplex()) {
      Elements elements = Elements.of(changed);
      long at = (value & Integer.MAX_VALUE) % n;
      if (dtype.isFloatingPoint()) {
        elements.setDouble(at, AWKWARD_REALS[(small & 0xff) % AWKWARD_REALS.length]);
        comparable = false;
      } else if (dtype != DType.BOOL) {
        elements.setLong(at, AWKWARD[(small & 0xff) % AWKWARD.length]);
      }
    }
    return changed;
  }

  private static int size(byte small) {
    return small == Byte.MAX_VALUE
        ? Integer.MAX_VALUE
        : small < 0 ? 1 << (-small % 17) : small % 40;
  }

  /** The tensor's bytes, again and again; null if it would be too large. */
  private Operand copy(Operand tensor, DType dtype, int[] sizes) {
    long count = 1;
    for (int size : sizes) {
      count = size == 0 || count == 0 ? 0 : Math.min(count * size, MOST_ELEMENTS + 1);
    }
    if (count > MOST_ELEMENTS) {
      return null;
    }
    Operand copy = new KernelHarness(arena, golden.operator(), null).tensor(dtype, Shape.of(sizes));
    long from = tensor.data().byteSize();
    if (from == 0) {
      copy.data().fill((byte) 0);
    }
    for (long at = 0; from > 0 && at < copy.data().byteSize(); at += from) {
      MemorySegment.copy(
          tensor.data(), 0, copy.data(), at, Math.min(from, copy.data().byteSize() - at));
    }
    if (dtype == DType.BOOL) {
      for (long i = 0; i < count; i++) {
        copy.data()
            .setAtIndex(
                ValueLayout.JAVA_BYTE,
                i,
                (byte) (copy.data().getAtIndex(ValueLayout.JAVA_BYTE, i) & 1));
      }
    }
    return copy;
  }

  // ---- the call

  private void attempt() {
    try {
      List<Operand> expected = run(REFERENCE, Parallel.SERIAL);
      List<Operand> actual = run(ALL, threads());
      if (!tooLarge) { // the two need different memory
        assertTrue((expected == null) == (actual == null), "one of two kernels refuses");
      }
      if (expected != null && actual != null && comparable) {
        compare(expected, actual);
      }
    } catch (Throwable e) {
      throw new AssertionError(describe(), e);
    }
  }

  /** What PyTorch's results were bounds the results of the changed call. */
  private List<TensorType> declared() {
    List<TensorType> types = new ArrayList<>();
    for (Object result : golden.results()) {
      if (result == null) {
        return List.of();
      }
      Operand known = KernelGoldens.tensor(arena, (Map<?, ?>) result);
      types.add(new TensorType(known.dtype(), known.shape(), true));
    }
    return types;
  }

  /** Null if the call is refused. */
  private List<Operand> run(Kernels kernels, Parallel parallel) {
    Kernel kernel = kernels.find(golden.operator());
    String[] named =
        Operators.get(golden.operator()).parameters().stream()
            .map(p -> p.name())
            .filter(name -> (name.hashCode() & constants) != 0)
            .toArray(String[]::new);
    KernelHarness harness =
        new KernelHarness(arena, golden.operator(), kernel)
            .withMostBytes(MOST_BYTES)
            .withDeclared(declared())
            .withConstants(named)
            .withParallel(parallel);
    List<Object> own = new ArrayList<>();
    arguments.forEach(a -> own.add(a instanceof Operand o ? harness.copy(o) : a));
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    List<Operand> results = null;
    try {
      results = harness.run(own).results();
    } catch (KernelException | ArithmeticException e) {
      // Refused.
    } catch (IllegalArgumentException | IllegalStateException | NegativeArraySizeException e) {
      assertTrue(KernelException.isRefusal(e));
    }
    long spent = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
    assertTrue(spent < CPU_TIME.toNanos(), "took " + Duration.ofNanos(spent));
    tooLarge |= harness.refusedForSize();
    harness.requireNothingWrittenBeyondTensors();
    return results;
  }

  private static Parallel threads() {
    return new Parallel() {
      @Override
      public int threads() {
        return THREADS;
      }

      @Override
      public void run(int tasks, Task task) {
        for (int t = tasks - 1; t >= 0; t--) {
          task.run(t, t % THREADS);
        }
      }
    };
  }

  private static void compare(List<Operand> expected, List<Operand> actual) {
    for (int r = 0; r < expected.size(); r++) {
      if (expected.get(r).dtype().isComplex()) {
        continue;
      }
      Elements want = Elements.of(expected.get(r));
      Elements got = Elements.of(actual.get(r));
      long n = expected.get(r).shape().numel();
      double largest = 1;
      for (long i = 0; i < n; i++) {
        largest = Math.max(largest, Math.abs(want.getDouble(i)));
      }
      for (long i = 0; i < n && largest < LARGEST_COMPARED; i++) {
        double error = Math.abs(want.getDouble(i) - got.getDouble(i));
        String at = "result " + r + ", element " + i + ": ";
        assertTrue(
            !(error > TOLERANCE * largest), at + got.getDouble(i) + ", not " + want.getDouble(i));
      }
    }
  }

  private String describe() {
    StringBuilder text = new StringBuilder(golden.operator()).append('(');
    for (Object argument : arguments) {
      text.append(describe(argument)).append(", ");
    }
    return text.append("constants ").append(constants).append(')').toString();
  }

  private static String describe(Object argument) {
    return switch (argument) {
      case null -> "none";
      case Operand o -> o.dtype() + "" + o.shape();
      case List<?> list -> list.stream().map(HostileCall::describe).toList().toString();
      default -> argument.toString();
    };
  }
}
