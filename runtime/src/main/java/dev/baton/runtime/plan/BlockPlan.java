package dev.baton.runtime.plan;

import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.DelegateException;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.Kernel;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.NodeCall;
import dev.baton.runtime.kernel.ScalarOperators;
import dev.baton.runtime.lift.Variable;
import dev.baton.runtime.placement.Unit;
import dev.baton.runtime.profile.MemoryPlan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * For one block and one set of input shapes: the type of every value, and where each tensor lies.
 * Immutable once made, shared by all executions.
 *
 * <p>A tensor lies in a variable's buffer, in the arena, or is a constant. Views lie where their
 * source does. A result that a variable receives is written into the variable's buffer by the step
 * that computes it, unless something still reads what the variable held; then it is copied at the
 * end.
 */
public final class BlockPlan implements NodeCall.Facts {
  /** Where a tensor lies. */
  sealed interface Place {}

  record InVariable(Variable variable) implements Place {}

  record InArena(MemoryLayout.Buffer buffer) implements Place {}

  /**
   * @param constant of the graph, or computed once
   */
  record InConstant(Value constant) implements Place {}

  /** A result that is copied to its variable at the end. */
  record Copy(Value from, Variable to, MemoryLayout.@Nullable Buffer staging) {}

  /** Of a tensor that fills several of the processor's lines, and of the arena itself. */
  private static final int ALIGNMENT = 64;

  /** Of others, as program files plan them: many of a step's operands are a few bytes. */
  private static final int SMALL_ALIGNMENT = 16;

  private static final long SMALL_BYTES = 1024;

  private final Graph graph;
  private List<Unit> units;
  private final List<Variable> reads;
  private final List<Variable> writes;
  private final @Nullable TensorType[] types;
  private final Call.@Nullable Number[] scalars;
  private final @Nullable Value[] roots;
  private final Map<Value, Place> places = new IdentityHashMap<>();
  private final List<Copy> copies = new ArrayList<>();
  private final Set<Node> views = new HashSet<>();
  private final Set<Value> late;
  private final int alignment;
  private long arenaBytes;
  private volatile long scratchBytes;

  private BlockPlan(
      Graph graph, List<Unit> units, List<Variable> reads, List<Variable> writes, Set<Value> late) {
    this.graph = graph;
    this.late = late;
    this.units = units.stream().filter(u -> !isLate(u)).toList();
    this.reads = reads;
    this.writes = writes;
    this.types = new TensorType[graph.valueCount()];
    this.scalars = new Call.Number[graph.valueCount()];
    this.roots = new Value[graph.valueCount()];
    int align = ALIGNMENT;
    for (Unit unit : units) {
      if (unit instanceof Unit.OnDelegate on) {
        BufferRequirements needs = on.compiled().buffers();
        align = Math.max(align, needs.alignment());
      }
    }
    this.alignment = align;
  }

  private boolean isLate(Unit unit) {
    return unit instanceof Unit.OnJava java && isComputedOnce(java.node());
  }

  private boolean isComputedOnce(Node node) {
    return node.results().stream().anyMatch(late::contains);
  }

  private boolean isConstant(Value value) {
    return value.isConstant() || late.contains(value);
  }

  /** What a graph's inputs are in a call. */
  public interface Inputs {
    Shape shape(Variable variable);

    Call.@Nullable Number scalar(Variable variable);
  }

  /**
   * Makes a plan.
   *
   * @param late results of Java nodes that count as constants: {@code LateConstants}
   * @param maxBytes that one tensor may have, inside a delegate's part too
   * @throws KernelException if an operator does not take the shapes
   * @throws DelegateException if an opaque payload does not
   */
  public static BlockPlan make(
      Graph graph,
      List<Unit> units,
      List<Variable> reads,
      List<Variable> writes,
      Set<Value> late,
      Inputs inputs,
      Kernels kernels,
      long maxBytes)
      throws DelegateException {
    BlockPlan plan = new BlockPlan(graph, units, reads, writes, late);
    plan.infer(inputs, kernels, maxBytes);
    if (kernels.joins()) {
      plan.units = Absorption.join(plan.units, graph, plan, plan::isComputedOnce);
    }
    plan.place();
    return plan;
  }

  // ---- types

  private void infer(Inputs inputs, Kernels kernels, long maxBytes) throws DelegateException {
    for (int i = 0; i < reads.size(); i++) {
      Value value = graph.inputs().get(i);
      if (value.isTensor()) {
        types[value.id()] = new TensorType(value.dtype(), inputs.shape(reads.get(i)), false);
      } else {
        scalars[value.id()] = inputs.scalar(reads.get(i));
      }
    }
    Map<Node, Unit.OnDelegate> payloads = new IdentityHashMap<>();
    for (Unit unit : units) {
      if (unit instanceof Unit.OnDelegate on && on.opaque()) {
        payloads.put(on.nodes().get(0), on);
      }
    }
    for (Node node : graph.nodes()) {
      NodeCall call = new NodeCall(node, this);
      if (ScalarOperators.contains(node.name())) {
        scalars[node.result().id()] = at(node, () -> ScalarOperators.evaluate(call));
        continue;
      }
      if (!node.results().isEmpty() && !node.result().isTensor()) {
        continue; // taken out of a tensor when the block runs
      }
      Unit.OnDelegate payload = payloads.get(node);
      List<TensorType> inferred =
          payload != null
              ? payloadTypes(node, payload)
              : at(node, () -> results(node, call, kernels));
      if (inferred.size() != node.results().size()) {
        throw new KernelException(
            node
                + ": "
                + inferred.size()
                + " results were inferred, the graph has "
                + node.results().size());
      }
      for (int r = 0; r < inferred.size(); r++) {
        Value result = node.results().get(r);
        TensorType type = inferred.get(r);
        if (type.dtype() != result.dtype()) {
          throw new KernelException(
              node + ": result " + r + " is " + type + ", the program says " + result.type());
        }
        if (type.byteSize() > maxBytes) {
          throw new KernelException(
              node
                  + " gives "
                  + type
                  + ", more than the bound of "
                  + maxBytes
                  + " bytes; LoadOptions.withMaxMemoryBytes raises it");
        }
        types[result.id()] = new TensorType(type.dtype(), type.shape(), false);
      }
    }
  }

  private static <T> T at(Node node, java.util.function.Supplier<T> what) {
    try {
      return what.get();
    } catch (KernelException e) {
      throw new KernelException(node + ": " + e.getMessage());
    } catch (RuntimeException e) {
      if (!KernelException.isRefusal(e)) {
        throw e;
      }
      throw new KernelException(node + " refuses its arguments: " + e.getMessage());
    }
  }

  private List<TensorType> results(Node node, NodeCall call, Kernels kernels) {
    Kernel kernel = kernels.find(node.name());
    if (kernel != null) {
      return kernel.infer(call);
    }
    for (Value input : node.inputs()) {
      if (!(input.type() instanceof TensorType t) || !t.shape().equals(type(input).shape())) {
        throw new KernelException(
            "there is no Java kernel to tell its result at other shapes than the exported ones");
      }
    }
    return node.results().stream().map(Value::tensorType).toList();
  }

  private List<TensorType> payloadTypes(Node node, Unit.OnDelegate payload)
      throws DelegateException {
    List<Shape> shapes = payload.inputs().stream().map(v -> type(v).shape()).toList();
    List<Shape> reported = payload.compiled().outputShapes(shapes).orElse(null);
    List<TensorType> result = new ArrayList<>();
    for (int r = 0; r < node.results().size(); r++) {
      Value value = node.results().get(r);
      result.add(
          new TensorType(value.dtype(), reported == null ? value.shape() : reported.get(r), false));
    }
    return result;
  }

  @Override
  public TensorType type(Value value) {
    if (value.isConstant()) {
      return value.tensorType();
    }
    TensorType type = types[value.id()];
    if (type == null) {
      throw new KernelException("the shape of " + value + " is not known");
    }
    return type;
  }

  @Override
  public Call.Number scalar(Value value) {
    return known(scalars, value);
  }

  /** One of the scalars by value, of a plan or of its revision. */
  static Call.Number known(Call.@Nullable Number[] scalars, Value value) {
    Call.Number number = scalars[value.id()];
    if (number == null) {
      throw new KernelException("the scalar " + value + " is not known before the block has run");
    }
    return number;
  }

  // ---- places

  private void place() {
    int end = units.size();
    int[] first = new int[graph.valueCount()];
    int[] last = new int[graph.valueCount()];
    for (int i = 0; i < graph.inputs().size(); i++) {
      first[graph.inputs().get(i).id()] = -1;
    }
    for (int u = 0; u < end; u++) {
      Unit unit = units.get(u);
      for (Value value : unit.inputs()) {
        last[value.id()] = u;
      }
      for (Value value : unit.outputs()) {
        first[value.id()] = u;
        last[value.id()] = Math.max(last[value.id()], u);
      }
    }
    for (Value result : graph.outputs()) {
      last[result.id()] = end;
    }
    shareViews(last);
    Map<Value, Variable> direct = receivers();
    for (int i = 0; i < graph.inputs().size(); i++) {
      if (graph.inputs().get(i).isTensor()) {
        places.put(graph.inputs().get(i), new InVariable(reads.get(i)));
      }
    }
    overwrite(last, direct);
    List<MemoryLayout.Buffer> buffers = new ArrayList<>();
    writeResults(first, last, buffers);
    Set<Value> ofDelegates = ofDelegates();
    for (Unit unit : units) {
      for (Value value : unit.outputs()) {
        Value root = root(value);
        if (root == value && value.isTensor() && !places.containsKey(root)) {
          MemoryLayout.Buffer buffer =
              buffer(
                  type(root).byteSize(),
                  ofDelegates.contains(root),
                  first[root.id()],
                  last[root.id()]);
          buffers.add(buffer);
          places.put(root, new InArena(buffer));
        }
      }
    }
    arenaBytes = MemoryLayout.assign(buffers);
  }

  private MemoryLayout.Buffer buffer(long bytes, boolean forDelegate, int first, int last) {
    int align = bytes < SMALL_BYTES ? SMALL_ALIGNMENT : ALIGNMENT;
    return new MemoryLayout.Buffer(
        MemoryLayout.align(Math.max(bytes, 1), SMALL_ALIGNMENT),
        forDelegate ? Math.max(align, alignment) : align,
        first,
        last);
  }

  /** Where the tensors lie that a delegate reads or writes. */
  private Set<Value> ofDelegates() {
    Set<Value> found = new HashSet<>();
    for (Unit unit : units) {
      if (unit instanceof Unit.OnDelegate) {
        unit.inputs().forEach(v -> found.add(root(v)));
        unit.outputs().forEach(v -> found.add(root(v)));
      }
    }
    return found;
  }

  Value root(Value value) {
    Value at = value;
    for (Value next = roots[at.id()]; next != null; next = roots[at.id()]) {
      at = next;
    }
    return at;
  }

  private void join(Value value, Value source, int[] last) {
    Value root = root(source);
    roots[value.id()] = root;
    if (!isConstant(root)) {
      last[root.id()] = Math.max(last[root.id()], last[value.id()]);
    }
  }

  private void shareViews(int[] last) {
    for (Unit unit : units) {
      if (unit instanceof Unit.OnJava java
          && java.kernel().isView(new NodeCall(java.node(), this))) {
        List<Value> tensors = java.node().inputs();
        views.add(java.node());
        join(java.node().result(), tensors.get(0), last);
      }
    }
  }

  /** The variable that a value is for, where it is for one. */
  private Map<Value, Variable> receivers() {
    Map<Value, Variable> receivers = new IdentityHashMap<>();
    for (int w = 0; w < writes.size(); w++) {
      receivers.putIfAbsent(graph.results().get(w), writes.get(w));
    }
    return receivers;
  }

  /** Gives a step's result the buffer of an operand that nobody needs afterwards. */
  private void overwrite(int[] last, Map<Value, Variable> receivers) {
    for (int u = 0; u < units.size(); u++) {
      if (!(units.get(u) instanceof Unit.OnJava java) || views.contains(java.node())) {
        continue;
      }
      String parameter = java.kernel().overwrites();
      Value operand = parameter == null ? null : java.node().tensorOrNull(parameter);
      if (operand == null || isConstant(operand)) {
        continue;
      }
      Value result = java.outputs().get(0);
      Value root = root(operand);
      boolean fits =
          !isConstant(root)
              && last[root.id()] == u
              && type(root).byteSize() == type(result).byteSize()
              && type(operand).shape().equals(type(result).shape())
              && type(operand).dtype() == type(result).dtype()
              && java.nodes().stream()
                      .flatMap(n -> n.inputs().stream())
                      .filter(v -> root(v) == root)
                      .count()
                  == 1;
      if (!fits) {
        continue;
      }
      // A buffer of the caller or of the state is overwritten only by what it is to hold
      // afterwards.
      boolean mayChange =
          !(places.get(root) instanceof InVariable held)
              || (held.variable().kind() != Variable.Kind.INPUT
                  && receivers.get(result) == held.variable());
      if (mayChange) {
        join(result, operand, last);
      }
    }
  }

  private void writeResults(int[] first, int[] last, List<MemoryLayout.Buffer> buffers) {
    Map<Variable, Value> held = new IdentityHashMap<>();
    for (int i = 0; i < reads.size(); i++) {
      held.put(reads.get(i), graph.inputs().get(i));
    }
    List<Copy> pending = new ArrayList<>();
    for (int w = 0; w < writes.size(); w++) {
      Value value = graph.results().get(w);
      Variable variable = writes.get(w);
      if (!value.isTensor()) {
        continue;
      }
      if (!(variable.type() instanceof TensorType bound)) {
        throw new KernelException(
            variable.name() + " is " + variable.type() + ", and is given " + type(value));
      }
      if (type(value).byteSize() > bound.byteSize()) {
        throw new KernelException(
            variable.name()
                + " becomes "
                + type(value)
                + ", past the bound that the program gives it, "
                + bound);
      }
      Value root = root(value);
      if (places.get(root) instanceof InVariable in && in.variable() == variable) {
        continue; // already there
      }
      Value before = held.get(variable);
      boolean free = before == null || last[root(before).id()] < first[root.id()];
      if (free && !isConstant(root) && !places.containsKey(root)) {
        places.put(root, new InVariable(variable));
      } else {
        pending.add(new Copy(value, variable, null));
      }
    }
    Set<Variable> overwritten = new HashSet<>();
    pending.forEach(c -> overwritten.add(c.to()));
    for (Copy copy : pending) {
      if (places.get(root(copy.from())) instanceof InVariable in
          && overwritten.contains(in.variable())) {
        MemoryLayout.Buffer staging =
            buffer(type(copy.from()).byteSize(), false, units.size(), units.size());
        buffers.add(staging);
        copies.add(new Copy(copy.from(), copy.to(), staging));
      } else {
        copies.add(copy);
      }
    }
  }

  /** Where a value lies; null if it is inside a delegate. */
  @Nullable Place placeOf(Value value) {
    Value root = root(value);
    return isConstant(root) ? new InConstant(root) : places.get(root);
  }

  // ---- for whoever binds

  Graph graph() {
    return graph;
  }

  List<Unit> units() {
    return units;
  }

  List<Variable> reads() {
    return reads;
  }

  /** By value, null where they are not known before the block has run. */
  Call.@Nullable Number[] scalars() {
    return scalars;
  }

  List<Variable> writes() {
    return writes;
  }

  List<Copy> copies() {
    return copies;
  }

  boolean isView(Node node) {
    return views.contains(node);
  }

  int alignment() {
    return alignment;
  }

  /**
   * Where everything lies in the arena, from step to step.
   *
   * @param block that this is a plan of
   * @param positions of nodes among the operators of the placement
   */
  public MemoryPlan describe(int block, ToIntFunction<Node> positions) {
    List<List<Integer>> steps = new ArrayList<>();
    Map<MemoryLayout.Buffer, List<MemoryPlan.Result>> held = new IdentityHashMap<>();
    for (Unit unit : units) {
      steps.add(unit.nodes().stream().map(positions::applyAsInt).toList());
      for (Value value : unit.outputs()) {
        Node producer = value.producer();
        if (producer != null && value.isTensor() && placeOf(value) instanceof InArena in) {
          held.computeIfAbsent(in.buffer(), b -> new ArrayList<>())
              .add(new MemoryPlan.Result(positions.applyAsInt(producer), value.resultIndex()));
        }
      }
    }
    for (Copy copy : copies) {
      if (copy.staging() != null) {
        held.put(copy.staging(), List.of());
      }
    }
    List<MemoryPlan.Buffer> buffers = new ArrayList<>();
    held.forEach((b, values) ->
        buffers.add(new MemoryPlan.Buffer(b.offset, b.bytes, b.first, b.last, values)));
    buffers.sort(
        Comparator.comparingInt(MemoryPlan.Buffer::first)
            .thenComparingLong(MemoryPlan.Buffer::offset));
    return new MemoryPlan(block, arenaBytes, steps, buffers);
  }

  /** Bytes of the arena. */
  public long arenaBytes() {
    return arenaBytes;
  }

  /** The most that a step asked for when the plan was last bound; 0 before. */
  long scratchBytes() {
    return scratchBytes;
  }

  void needsScratch(long bytes) {
    scratchBytes = bytes;
  }

  /** Type of a result of the graph. */
  TensorType resultType(int result) {
    return type(graph.results().get(result));
  }
}
