package dev.baton.cases.program;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a small program file, as ExecuTorch's exporter would: values, planned memory, instructions
 * in one chain. Shares no code with Baton's reader. Used by one thread.
 *
 * <pre>{@code
 * byte[] pte = new ProgramBuilder()
 *     .method("forward", m -> {
 *       Slot x = m.input(DType.FLOAT, 2, 3);
 *       Slot y = m.tensor(DType.FLOAT, 2, 3);
 *       m.kernel("aten::mul.Scalar_out", x, m.real(2), y);
 *       m.output(y);
 *     })
 *     .toBytes();
 * }</pre>
 */
public final class ProgramBuilder {
  /** A value of a method, by its index in the file. */
  public record Slot(int index) {}

  /** A destination of a jump. */
  public static final class Label {
    int instruction = -1;

    private Label() {}
  }

  // ---- what the file holds

  sealed interface Item {
    record None() implements Item {}

    record Int(long value) implements Item {}

    record Bool(boolean value) implements Item {}

    record Real(double value) implements Item {}

    record Text(String value) implements Item {}

    record IntList(int[] items) implements Item {}

    record RealList(double[] items) implements Item {}

    record BoolList(boolean[] items) implements Item {}

    record TensorList(int[] items) implements Item {}

    record OptionalTensorList(int[] items) implements Item {}

    /**
     * @param place offset in planned memory; −1 if none is planned
     * @param data number of the constant, or of the mutable content if there is a place; 0 for none
     * @param memory the number of the memory
     */
    record Tensor(DType dtype, int[] sizes, boolean dynamic, long place, int data, int memory)
        implements Item {
      Tensor(DType dtype, int[] sizes, boolean dynamic, long place, int data) {
        this(dtype, sizes, dynamic, place, data, ProgramWriter.MEMORY_ID);
      }

      long byteSize() {
        return Shape.of(sizes).numel() * dtype.byteSize();
      }
    }
  }

  sealed interface Step {
    record Kernel(int operator, int[] args) implements Step {}

    record Delegate(int delegate, int[] args) implements Step {}

    record Move(int from, int to) implements Step {}

    record JumpFalse(int condition, Label to) implements Step {}

    record Free(int value) implements Step {}
  }

  record Backend(String id, int payload, Map<String, byte[]> specs) {}

  final List<Method> methods = new ArrayList<>();
  final List<byte[]> constants = new ArrayList<>();
  final List<byte[]> mutables = new ArrayList<>();
  final List<byte[]> payloads = new ArrayList<>();
  boolean constantsInSegment;

  public ProgramBuilder() {}

  /** Adds a method, written by the consumer. */
  public ProgramBuilder method(String name, Consumer<Method> writer) {
    Method method = new Method(name);
    methods.add(method);
    writer.accept(method);
    return this;
  }

  /**
   * Puts constants behind the tables, as exporters do since ExecuTorch 0.3, whose later runtimes
   * open no other programs; without, they lie within the tables.
   */
  public ProgramBuilder constantsInSegment() {
    constantsInSegment = true;
    return this;
  }

  /** The file. */
  public byte[] toBytes() {
    return ProgramWriter.write(this);
  }

  private static int add(List<byte[]> list, byte[] data) {
    list.add(data.clone());
    return list.size();
  }

  /** Bytes of floats, as files hold them. */
  public static byte[] bytes(float... values) {
    return MemorySegment.ofArray(values).toArray(ValueLayout.JAVA_BYTE);
  }

  /** Bytes of 64-bit integers. */
  public static byte[] bytes(long... values) {
    return MemorySegment.ofArray(values).toArray(ValueLayout.JAVA_BYTE);
  }

  /** A method in the making. */
  public final class Method {
    private static final long ALIGNMENT = 16;

    final String name;
    final List<Item> values = new ArrayList<>();
    final List<Integer> inputs = new ArrayList<>();
    final List<Integer> outputs = new ArrayList<>();
    final List<String> operators = new ArrayList<>();
    final List<Backend> delegates = new ArrayList<>();
    final List<Step> steps = new ArrayList<>();
    private final Map<Long, Slot> integers = new HashMap<>();
    private @Nullable Slot none;
    long plannedBytes = ALIGNMENT;
    long sharedBytes;

    private Method(String name) {
      this.name = name;
    }

    private Slot value(Item item) {
      values.add(item);
      return new Slot(values.size() - 1);
    }

    /** Gives the method a second memory, as large in all methods that share state in it. */
    public void sharedMemory(long bytes) {
      sharedBytes = bytes;
    }

    private long plan(DType dtype, int[] sizes) {
      long place = plannedBytes;
      long bytes = Math.max(1, Shape.of(sizes).numel() * dtype.byteSize());
      plannedBytes += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      return place;
    }

    // ---- tensors

    /** A tensor input. */
    public Slot input(DType dtype, int... sizes) {
      return input(tensor(dtype, sizes));
    }

    /** A tensor input whose sizes are upper bounds. */
    public Slot dynamicInput(DType dtype, int... bounds) {
      return input(dynamicTensor(dtype, bounds));
    }

    /** Makes any value an input: a plain value is one that was fixed at export. */
    public Slot input(Slot slot) {
      inputs.add(slot.index());
      return slot;
    }

    /** A tensor with planned memory of its own. */
    public Slot tensor(DType dtype, int... sizes) {
      return value(new Item.Tensor(dtype, sizes.clone(), false, plan(dtype, sizes), 0));
    }

    /** As {@link #tensor}; the sizes are upper bounds. */
    public Slot dynamicTensor(DType dtype, int... bounds) {
      return value(new Item.Tensor(dtype, bounds.clone(), true, plan(dtype, bounds), 0));
    }

    /** A tensor planned where another lies: a view that the exporter elided, or memory reused. */
    public Slot tensorAt(Slot other, DType dtype, int... sizes) {
      if (!(values.get(other.index()) instanceof Item.Tensor tensor) || tensor.place() < 0) {
        throw new IllegalArgumentException(other + " has no planned memory");
      }
      return value(new Item.Tensor(dtype, sizes.clone(), false, tensor.place(), 0));
    }

    public Slot constant(float[] data, int... sizes) {
      return constant(DType.FLOAT, bytes(data), sizes);
    }

    public Slot constant(DType dtype, byte[] data, int... sizes) {
      return value(new Item.Tensor(dtype, sizes.clone(), false, -1, add(constants, data)));
    }

    /** A mutable buffer that begins with zeros, where an operator reads it before it writes it. */
    public Slot state(DType dtype, int... sizes) {
      return tensor(dtype, sizes);
    }

    /** A mutable buffer with a first content. */
    public Slot state(float[] data, int... sizes) {
      return value(
          new Item.Tensor(
              DType.FLOAT,
              sizes.clone(),
              false,
              plan(DType.FLOAT, sizes),
              add(mutables, bytes(data))));
    }

    /**
     * A mutable buffer in a second memory, as {@code share_mutable_buffers} plans those of all
     * methods.
     *
     * @param place in bytes from the memory's start
     * @param data its first content; null for zeros
     */
    public Slot sharedState(long place, float @Nullable [] data, int... sizes) {
      return value(
          new Item.Tensor(
              DType.FLOAT,
              sizes.clone(),
              false,
              place,
              data == null ? 0 : add(mutables, bytes(data)),
              ProgramWriter.SHARED_MEMORY_ID));
    }

    // ---- plain values

    public Slot integer(long number) {
      return integers.computeIfAbsent(number, n -> value(new Item.Int(n)));
    }

    /** An integer that instructions write: never shared. */
    public Slot integerVariable(long first) {
      return value(new Item.Int(first));
    }

    public Slot real(double number) {
      return value(new Item.Real(number));
    }

    public Slot bool(boolean truth) {
      return value(new Item.Bool(truth));
    }

    public Slot text(String words) {
      return value(new Item.Text(words));
    }

    public Slot none() {
      Slot known = none;
      if (known == null) {
        known = value(new Item.None());
        none = known;
      }
      return known;
    }

    public Slot integers(long... numbers) {
      int[] items = Arrays.stream(numbers).mapToInt(n -> integer(n).index()).toArray();
      return value(new Item.IntList(items));
    }

    /** A list of integers, some of which instructions compute. */
    public Slot integers(Slot... items) {
      return value(new Item.IntList(indices(items)));
    }

    public Slot reals(double... numbers) {
      return value(new Item.RealList(numbers.clone()));
    }

    public Slot bools(boolean... truths) {
      return value(new Item.BoolList(truths.clone()));
    }

    public Slot tensors(Slot... items) {
      return value(new Item.TensorList(indices(items)));
    }

    /** A list of tensors; null for an absent one. */
    public Slot optionalTensors(@Nullable Slot... items) {
      int[] all = new int[items.length];
      for (int i = 0; i < items.length; i++) {
        Slot item = items[i];
        all[i] = item == null ? -1 : item.index();
      }
      return value(new Item.OptionalTensorList(all));
    }

    private static int[] indices(Slot... slots) {
      return Arrays.stream(slots).mapToInt(Slot::index).toArray();
    }

    // ---- instructions

    /**
     * Calls an operator with an out tensor.
     *
     * @param operator as files spell it, such as {@code aten::add.out}
     * @param args every argument, then the out tensors once: the file repeats the last, as the
     *     exporter does
     */
    public void kernel(String operator, Slot... args) {
      kernelGiving(operator, args[args.length - 1], args);
    }

    /**
     * Calls an operator that gives a scalar, or changes an argument in place.
     *
     * @param result what receives the result: a scalar's slot, or the changed argument again
     */
    public void kernelGiving(String operator, Slot result, Slot... args) {
      int known = operators.indexOf(operator);
      if (known < 0) {
        known = operators.size();
        operators.add(operator);
      }
      int[] all = Arrays.copyOf(indices(args), args.length + 1);
      all[args.length] = result.index();
      steps.add(new Step.Kernel(known, all));
    }

    /**
     * Calls a payload.
     *
     * @param id the backend, such as {@code XnnpackBackend}
     */
    public void delegate(String id, byte[] payload, List<Slot> ins, List<Slot> outs) {
      delegate(id, payload, Map.of(), ins, outs);
    }

    /** As {@link #delegate(String, byte[], List, List)}, with compile specs. */
    public void delegate(
        String id, byte[] payload, Map<String, byte[]> specs, List<Slot> ins, List<Slot> outs) {
      delegates.add(new Backend(id, add(payloads, payload) - 1, new LinkedHashMap<>(specs)));
      List<Slot> all = new ArrayList<>(ins);
      all.addAll(outs);
      steps.add(new Step.Delegate(delegates.size() - 1, indices(all.toArray(Slot[]::new))));
    }

    public void move(Slot from, Slot to) {
      steps.add(new Step.Move(from.index(), to.index()));
    }

    /** A destination, to be {@linkplain #place placed} later or to have been. */
    public Label label() {
      return new Label();
    }

    /** The label is the next instruction. */
    public void place(Label label) {
      label.instruction = steps.size();
    }

    public void jumpIfFalse(Slot condition, Label to) {
      steps.add(new Step.JumpFalse(condition.index(), to));
    }

    /** Jumps in any case. */
    public void jump(Label to) {
      jumpIfFalse(bool(false), to);
    }

    public void free(Slot tensor) {
      steps.add(new Step.Free(tensor.index()));
    }

    public void output(Slot... slots) {
      Arrays.stream(slots).forEach(s -> outputs.add(s.index()));
    }
  }
}
