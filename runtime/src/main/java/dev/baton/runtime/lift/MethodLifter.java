package dev.baton.runtime.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.delegate.PayloadLifter;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Operator;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Parameter;
import dev.baton.graph.Shape;
import dev.baton.graph.SymbolType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.graph.ValueType;
import dev.baton.runtime.MissingOperatorException;
import dev.baton.runtime.kernel.Call;
import dev.baton.runtime.kernel.KernelException;
import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.Ints;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import dev.baton.runtime.text.Sentences;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Lifts one method.
 *
 * <p><b>Value first, memory second.</b> Each index of the value table keeps the graph value that it
 * was last given. Only a tensor that nobody writes and that is no input, constant or buffer is
 * looked up by its place in planned memory: it is a view that the exporter elided, and its source
 * is what was last written at exactly that place. Anything else there (another size, another dtype,
 * a partial overlap) is refused.
 *
 * <p><b>Blocks.</b> A block ends at a jump, at a jump's destination, and after an operator whose
 * data decide later shapes. What a block reads that an earlier one (or an earlier run) gave becomes
 * a variable.
 */
public final class MethodLifter {
  private static final TensorSpec.Allocation NOWHERE = new TensorSpec.Allocation(0, -1);

  private final Program program;
  private final ProgramMethod method;
  private final Kernels kernels;
  private final Function<String, @Nullable PayloadLifter> lifters;
  private final Predicate<String> loadable;
  private final List<Instruction> instructions;

  private final boolean[] written;
  private final boolean[] isInput;
  private final boolean[] isState;
  private Map<Long, TensorSpec> shared = Map.of();
  private final Map<Integer, Variable> variables = new TreeMap<>();
  private final Map<PayloadState, Variable> payloadStates = new LinkedHashMap<>();
  private final List<Draft> drafts = new ArrayList<>();
  private final Map<Integer, PlannedMemory> incoming = new HashMap<>();
  private final Map<Integer, Integer> payloadOutputs = new HashMap<>();

  /** The outputs of calls whose payloads have been opened, by instruction. */
  private final Map<Integer, Integer> knownOutputs;

  private final LiftedConstants constants;

  /** Those of calls that turned out to have others than was thought. */
  private final Map<Integer, Integer> misjudged = new HashMap<>();

  private final Set<String> missing = new LinkedHashSet<>();
  private final List<String> lifted = new ArrayList<>();
  private int nextVariable;

  /** A state that a payload names, of a delegate of the method. */
  private record PayloadState(int delegate, String name) {}

  /** A block while it is written. */
  private final class Draft {
    final int firstInstruction;
    final GraphEditor graph = new GraphEditor(kernels);
    final @Nullable Argument[] current = new Argument[method.values().size()];
    final Set<Integer> given = new TreeSet<>();
    final Map<PayloadState, Value> states = new HashMap<>();
    final Set<PayloadState> givenStates = new LinkedHashSet<>();
    final List<Variable> reads = new ArrayList<>();
    final Map<Integer, Payload> payloads = new HashMap<>();
    @Nullable Jump jump;

    Draft(int firstInstruction) {
      this.firstInstruction = firstInstruction;
    }
  }

  /** How a draft ends, in instruction numbers. */
  private record Jump(int condition, int ifFalse, int ifTrue) {}

  private MethodLifter(
      Program program,
      ProgramMethod method,
      Kernels kernels,
      Function<String, @Nullable PayloadLifter> lifters,
      Predicate<String> loadable,
      Map<Integer, Integer> knownOutputs,
      LiftedConstants constants) {
    this.program = program;
    this.knownOutputs = knownOutputs;
    this.method = method;
    this.kernels = kernels;
    this.lifters = lifters;
    this.loadable = loadable;
    this.constants = constants;
    this.instructions = flatten(method.chains());
    this.written = new boolean[method.values().size()];
    this.isInput = new boolean[method.values().size()];
    this.isState = new boolean[method.values().size()];
  }

  /**
   * @param lifters the lifter of a backend id, null if there is none: the payload then stays one
   *     opaque node
   * @param loadable true for the backend ids whose payloads a delegate could load as they are: what
   *     a lifter does not support then stays an opaque node too
   * @param constants of what lifters rearrange
   * @throws LiftException if the method cannot be lifted; operators that nobody knows are named all
   *     at once
   */
  public static LiftedMethod lift(
      Program program,
      ProgramMethod method,
      Kernels kernels,
      Function<String, @Nullable PayloadLifter> lifters,
      Predicate<String> loadable,
      LiftedConstants constants) {
    Map<Integer, Integer> known = new HashMap<>();
    while (true) {
      MethodLifter lifter =
          new MethodLifter(
              program, method, kernels, lifters, loadable, Map.copyOf(known), constants);
      constants.again();
      int before = known.size();
      try {
        LiftedMethod result = lifter.lift();
        if (lifter.misjudged.isEmpty()) {
          return result;
        }
      } catch (LiftException e) {
        if (lifter.misjudged.isEmpty()) {
          throw e;
        }
      }
      known.putAll(lifter.misjudged);
      if (known.size() == before) { // each call at most once
        throw lifter.fail(
            "the payload's lifter gives other outputs each time",
            Collections.min(lifter.misjudged.keySet()));
      }
    }
  }

  /** Chains run one after the other: as one list, with jumps moved along. */
  private static List<Instruction> flatten(List<List<Instruction>> chains) {
    List<Instruction> all = new ArrayList<>();
    for (List<Instruction> chain : chains) {
      int base = all.size();
      for (Instruction instruction : chain) {
        all.add(
            instruction instanceof Instruction.JumpFalseCall jump
                ? new Instruction.JumpFalseCall(jump.condition(), jump.destination() + base)
                : instruction);
      }
    }
    return all;
  }

  private LiftedMethod lift() {
    method.inputs().stream().forEach(i -> isInput[i] = true);
    findWrites();
    Set<Integer> leaders = leaders();
    PlannedMemory memory = new PlannedMemory();
    placeAtEntry(memory);
    Draft draft = begin(0);
    boolean reachable = true;
    for (int i = 0; i < instructions.size(); i++) {
      if (leaders.contains(i) && i != draft.firstInstruction) {
        draft.jump = draft.jump == null ? new Jump(-1, i, i) : draft.jump;
        draft = begin(i);
      }
      PlannedMemory arriving = incoming.remove(i);
      if (arriving != null) {
        if (reachable) {
          memory.merge(arriving);
        } else {
          memory = arriving;
        }
        reachable = true;
      }
      switch (instructions.get(i)) {
        case Instruction.KernelCall call -> {
          boolean decidesShapes;
          try {
            decidesShapes = kernelCall(draft, i, call, memory);
          } catch (KernelException e) {
            String operator = method.operators().get(call.operator()).fullName();
            throw fail(operator + ": " + e.getMessage(), i);
          }
          if (decidesShapes && !leaders.contains(i + 1)) {
            draft.jump = new Jump(-1, i + 1, i + 1);
            draft = begin(i + 1);
          }
        }
        case Instruction.DelegateCall call -> delegateCall(draft, i, call, memory);
        case Instruction.MoveCall move ->
            give(draft, move.to(), read(draft, move.from(), memory, i), memory, false);
        case Instruction.FreeCall free -> {}
        case Instruction.JumpFalseCall jump -> {
          Boolean known = knownCondition(jump.condition());
          if (known == null) {
            read(draft, jump.condition(), memory, i);
            variableOf(jump.condition());
          }
          boolean never = known != null && !known;
          boolean always = known != null && known;
          int ifTrue = never ? jump.destination() : i + 1;
          int ifFalse = always ? i + 1 : jump.destination();
          draft.jump = new Jump(known == null ? jump.condition() : -1, ifFalse, ifTrue);
          if (!always && jump.destination() > i) {
            PlannedMemory there = incoming.get(jump.destination());
            if (there == null) {
              incoming.put(jump.destination(), memory.copy());
            } else {
              there.merge(memory);
            }
          }
          reachable = !never;
        }
      }
    }
    if (draft.jump != null
        || drafts.stream()
            .anyMatch(d ->
                d.jump != null
                    && (d.jump.ifFalse == instructions.size()
                        || d.jump.ifTrue == instructions.size()))) {
      draft = draft.firstInstruction == instructions.size() ? draft : begin(instructions.size());
      PlannedMemory arriving = incoming.remove(instructions.size());
      if (arriving != null) {
        memory.merge(arriving);
      }
    }
    if (!missing.isEmpty()) {
      throw new MissingOperatorException(
          "method '"
              + method.name()
              + "' of "
              + program.source()
              + " uses operators that are not known: "
              + String.join(", ", missing)
              + ". If they are the model's own, define each in a subclass of CustomOperators"
              + " (dev.baton.runtime.kernel), name that class in META-INF/services/"
              + KernelProvider.class.getName()
              + ", and put it on the class path (BATON_CLASS_PATH for the baton command);"
              + " if not, export the model with another decomposition.",
          List.copyOf(missing));
    }
    return finish(draft, memory);
  }

  private Draft begin(int instruction) {
    Draft draft = new Draft(instruction);
    drafts.add(draft);
    return draft;
  }

  private Set<Integer> leaders() {
    Set<Integer> leaders = new TreeSet<>();
    for (int i = 0; i < instructions.size(); i++) {
      if (instructions.get(i) instanceof Instruction.JumpFalseCall jump) {
        leaders.add(jump.destination());
        leaders.add(i + 1);
      }
    }
    return leaders;
  }

  // ---- what is written, and what lives from run to run

  private void findWrites() {
    boolean[] readFirst = new boolean[written.length];
    Set<TensorSpec.Allocation> filled = new HashSet<>();
    Map<Integer, TensorSpec.Allocation> readEmpty = new HashMap<>();
    method.inputs().stream().forEach(v -> filled.add(placeOf(v)));
    IntConsumer read =
        v -> {
          readFirst[v] |= !written[v];
          if (!written[v] && placeOf(v) != NOWHERE && !filled.contains(placeOf(v))) {
            readEmpty.put(v, placeOf(v));
          }
        };
    IntConsumer write =
        v -> {
          written[v] = true;
          filled.add(placeOf(v));
        };
    List<Integer> mutated = new ArrayList<>();
    boolean[] named = isInput.clone();
    for (int i = 0; i < instructions.size(); i++) {
      switch (instructions.get(i)) {
        case Instruction.KernelCall call -> {
          call.args().stream().forEach(a -> indices(a).forEach(v -> named[v] = true));
          Operators.Spelling spelling = spelling(call).orElse(null);
          if (spelling == null) {
            call.args().stream().forEach(a -> written[a] = true);
            continue;
          }
          int inputs = Math.min(spelling.arguments().size(), call.args().size());
          for (int a = 0; a < inputs; a++) {
            int index = call.args().get(a);
            boolean overwritten =
                spelling.operator().name().equals("aten::copy") && spelling.mutated().contains(a);
            if (!overwritten) {
              indices(index).forEach(read::accept);
            }
          }
          for (int a : spelling.mutated()) {
            mutated.add(call.args().get(a));
          }
          resultIndices(spelling, call.args()).forEach(write::accept);
        }
        case Instruction.DelegateCall call -> {
          Integer known = knownOutputs.get(i);
          int outputs = known == null ? outputsOf(call, named) : known;
          payloadOutputs.put(i, outputs);
          call.args().stream().forEach(a -> named[a] = true);
          for (int a = 0; a < call.args().size(); a++) {
            int index = call.args().get(a);
            if (a < call.args().size() - outputs) {
              read.accept(index);
            } else {
              write.accept(index);
            }
          }
        }
        case Instruction.MoveCall move -> {
          named[move.from()] = true;
          named[move.to()] = true;
          read.accept(move.from());
          written[move.to()] = true;
        }
        default -> {}
      }
    }
    // A buffer may be read through an elided view of it alone.
    Set<TensorSpec.Allocation> viewed = new HashSet<>();
    readEmpty.forEach((v, place) -> {
      if (!written[v] && !isInput[v]) {
        viewed.add(place);
      }
    });
    for (int index : mutated) {
      if ((readFirst[index] || viewed.contains(placeOf(index)))
          && !isInput[index]
          && method.values().get(index) instanceof TensorSpec spec
          && spec.allocation() != null) {
        isState[index] = true;
      }
    }
    for (int index = 0; index < written.length; index++) {
      if (!(method.values().get(index) instanceof TensorSpec spec) || isInput[index]) {
        continue;
      }
      boolean external = spec.source() == TensorSpec.Source.PLANNED_EXTERNAL;
      if (external && spec.data() == null) {
        throw external(spec, index);
      }
      isState[index] |= external || spec.source() == TensorSpec.Source.PLANNED_WITH_DATA;
    }
    findSharedState();
  }

  /**
   * What lies in the memory for shared state and is not written here is written by another method.
   * A memory plan of another kind may put activations there: then it is a memory like any.
   */
  private void findSharedState() {
    Map<Long, TensorSpec> buffers = SharedBuffers.of(program);
    Set<TensorSpec.Allocation> held = new HashSet<>();
    List<Integer> there = new ArrayList<>();
    for (int index = 0; index < written.length; index++) {
      if (method.values().get(index) instanceof TensorSpec spec && SharedBuffers.isThere(spec)) {
        there.add(index);
        if (isState[index]) {
          held.add(placeOf(index));
        }
      }
    }
    if (there.stream().allMatch(i -> !isInput[i] && (isState[i] || !written[i]))) {
      shared = buffers;
      if (!buffers.isEmpty()) {
        there.stream().filter(i -> held.add(placeOf(i))).forEach(i -> isState[i] = true);
      }
    }
  }

  /** The program's shared buffer that a tensor of this method is; null if it is none. */
  private @Nullable TensorSpec sharedBuffer(TensorSpec spec) {
    return SharedBuffers.isThere(spec) ? shared.get(SharedBuffers.offset(spec)) : null;
  }

  /** A tensor's place in the file's memory plan; a place of nothing for what has none. */
  private TensorSpec.Allocation placeOf(int index) {
    return method.values().get(index) instanceof TensorSpec spec && spec.allocation() != null
        ? spec.allocation()
        : NOWHERE;
  }

  /** Value indices that an argument stands for: itself, or the items of a list. */
  private List<Integer> indices(int index) {
    return switch (method.values().get(index)) {
      case ProgramValue.IntListValue list -> list.items().stream().boxed().toList();
      case ProgramValue.TensorListValue list -> list.items().stream().boxed().toList();
      case ProgramValue.OptionalTensorListValue list ->
          list.items().stream().filter(i -> i >= 0).boxed().toList();
      default -> List.of(index);
    };
  }

  private Optional<Operators.Spelling> spelling(Instruction.KernelCall call) {
    return kernels.spelling(method.operators().get(call.operator()).fullName());
  }

  /** The value indices that receive an operator's results, in order. */
  private List<Integer> resultIndices(Operators.Spelling spelling, Ints args) {
    List<Integer> results = new ArrayList<>();
    spelling.mutated().forEach(a -> results.add(args.get(a)));
    int next = spelling.arguments().size();
    if (spelling.operator().resultCount() < 0) {
      if (next < args.size()) {
        results.addAll(indices(args.get(next)));
      }
      return results;
    }
    while (results.size() < spelling.operator().resultCount() && next < args.size()) {
      results.add(args.get(next++));
    }
    return results;
  }

  /**
   * Outputs of a call whose payload has not been opened: the longest suffix of consecutive,
   * ascending indices that are no constants and that nothing before has named. The file does not
   * say their number, and an input that is an elided view looks the same.
   */
  private int outputsOf(Instruction.DelegateCall call, boolean[] named) {
    Ints args = call.args();
    int count = 0;
    while (count < args.size()) {
      int index = args.get(args.size() - 1 - count);
      boolean next = count == 0 || index == args.get(args.size() - count) - 1;
      boolean constant =
          method.values().get(index) instanceof TensorSpec spec
              && (spec.source() == TensorSpec.Source.CONSTANT
                  || spec.source() == TensorSpec.Source.EXTERNAL);
      if (!next || constant || named[index]) {
        break;
      }
      count++;
    }
    return count;
  }

  private void placeAtEntry(PlannedMemory memory) {
    for (int index = 0; index < written.length; index++) {
      if (isState[index]) {
        place(memory, index);
      }
    }
    method.inputs().stream().forEach(index -> place(memory, index));
  }

  private void place(PlannedMemory memory, int index) {
    if (method.values().get(index) instanceof TensorSpec spec && spec.allocation() != null) {
      memory.write(
          spec.allocation().memoryId(), spec.allocation().offset(), spec.byteSize(), index);
    }
  }

  // ---- reading and writing values

  private Variable variableOf(int index) {
    return variables.computeIfAbsent(
        index,
        i -> {
          ProgramValue value = method.values().get(i);
          Variable.Kind kind =
              isInput[i]
                  ? Variable.Kind.INPUT
                  : isState[i] ? Variable.Kind.STATE : Variable.Kind.LOCAL;
          String name = kind.name().toLowerCase(Locale.ROOT) + " " + i;
          return switch (value) {
            case TensorSpec spec -> {
              TensorSpec common = kind == Variable.Kind.STATE ? sharedBuffer(spec) : null;
              TensorSpec first = common == null ? spec : common; // its content may be elsewhere
              yield new Variable(
                  nextVariable++,
                  spec.name() == null ? name : spec.name(),
                  kind,
                  typeOf(spec, i),
                  first.data() == null || isInput[i] ? null : constant(first, i),
                  null,
                  common == null ? null : spec.allocation());
            }
            case ProgramValue.IntValue v ->
                new Variable(
                    nextVariable++, name, kind, SymbolType.INT, null, Call.Number.of(v.value()));
            case ProgramValue.BoolValue v ->
                new Variable(
                    nextVariable++, name, kind, SymbolType.BOOL, null, Call.Number.of(v.value()));
            case ProgramValue.DoubleValue v ->
                new Variable(
                    nextVariable++, name, kind, SymbolType.DOUBLE, null, Call.Number.of(v.value()));
            default -> throw fail("value " + i + " is read before anything is in it", -1);
          };
        });
  }

  private Argument read(Draft draft, int index, PlannedMemory memory, int instruction) {
    Argument known = draft.current[index];
    if (known != null) {
      return known;
    }
    Argument argument = load(draft, index, memory, instruction);
    draft.current[index] = argument;
    return argument;
  }

  private Argument load(Draft draft, int index, PlannedMemory memory, int instruction) {
    ProgramValue value = method.values().get(index);
    switch (value) {
      case TensorSpec spec -> {
        if (!written[index] && !isInput[index] && !isState[index]) {
          if (spec.allocation() == null) {
            return draft.graph.constant(constant(spec, index));
          }
          PlannedMemory.Content content =
              memory.at(spec.allocation().memoryId(), spec.allocation().offset());
          if (content != null) {
            return elidedView(draft, spec, index, content.value(), memory, instruction);
          }
          if (spec.byteSize() > 0) {
            throw fail(
                "tensor "
                    + index
                    + " is read before anything is written at memory "
                    + spec.allocation().memoryId()
                    + ", offset "
                    + spec.allocation().offset()
                    + ", or what was written there depends on a jump",
                instruction);
          }
          return draft.graph.constant(empty(typeOf(spec, index)));
        }
      }
      case ProgramValue.IntValue v -> {
        if (!written[index]) {
          return Argument.of(v.value());
        }
      }
      case ProgramValue.BoolValue v -> {
        if (!written[index]) {
          return Argument.of(v.value());
        }
      }
      case ProgramValue.DoubleValue v -> {
        if (!written[index]) {
          return Argument.of(v.value());
        }
      }
      case ProgramValue.NullValue v -> {
        return Argument.none();
      }
      case ProgramValue.StringValue v -> {
        return new Argument.Text(v.value());
      }
      case ProgramValue.IntListValue list -> {
        return items(draft, list.items(), memory, instruction);
      }
      case ProgramValue.TensorListValue list -> {
        return items(draft, list.items(), memory, instruction);
      }
      case ProgramValue.OptionalTensorListValue list -> {
        return items(draft, list.items(), memory, instruction);
      }
      case ProgramValue.DoubleListValue list -> {
        return new Argument.Items(list.items().stream().<Argument>map(Argument::of).toList());
      }
      case ProgramValue.BoolListValue list -> {
        return new Argument.Items(list.items().stream().<Argument>map(Argument::of).toList());
      }
    }
    Variable variable = variableOf(index);
    draft.reads.add(variable);
    return draft.graph.input(variable.type());
  }

  private Argument items(Draft draft, Ints indices, PlannedMemory memory, int instruction) {
    return new Argument.Items(
        indices.stream()
            .mapToObj(i -> i < 0 ? Argument.none() : read(draft, i, memory, instruction))
            .toList());
  }

  private Argument elidedView(
      Draft draft, TensorSpec spec, int index, int source, PlannedMemory memory, int instruction) {
    Argument base = read(draft, source, memory, instruction);
    TensorType type = typeOf(spec, index);
    if (!(base instanceof Value value) || !value.isTensor()) {
      throw fail(
          "tensor " + index + " lies where value " + source + " is, which is no tensor",
          instruction);
    }
    TensorType given = value.tensorType();
    if (given.dtype() != type.dtype() || given.shape().numel() != type.shape().numel()) {
      throw fail(
          "tensor "
              + index
              + ", "
              + type
              + ", lies over value "
              + source
              + ", "
              + given
              + ": not a view",
          instruction);
    }
    if (given.shape().equals(type.shape())) {
      return value;
    }
    if (type.dynamic() || given.dynamic()) {
      throw fail(
          "tensor " + index + " is a view of value " + source + " with other sizes that vary",
          instruction);
    }
    return draft
        .graph
        .node(
            Operators.get("aten::view_copy"),
            List.of(value, Argument.ints(type.shape().sizes())),
            List.of(type),
            Origin.ofInstruction(instruction))
        .get(0);
  }

  private void give(
      Draft draft, int index, Argument argument, PlannedMemory memory, boolean writesBytes) {
    draft.current[index] = argument;
    draft.given.add(index);
    if (writesBytes) {
      place(memory, index);
    }
  }

  private Value readState(Draft draft, PayloadState state, TensorType type) {
    if (type.dynamic()) {
      throw new IllegalArgumentException("the state '" + state.name() + "' varies in size");
    }
    Variable variable =
        payloadStates.computeIfAbsent(
            state,
            s -> new Variable(nextVariable++, s.name(), Variable.Kind.STATE, type, null, null));
    if (!variable.type().equals(type)) {
      throw new IllegalArgumentException(
          "the state '" + state.name() + "' is " + variable.type() + ", and now " + type);
    }
    return draft.states.computeIfAbsent(
        state,
        s -> {
          draft.reads.add(variable);
          return draft.graph.input(type);
        });
  }

  private void giveState(Draft draft, PayloadState state, Value value) {
    Variable variable = payloadStates.get(state);
    if (variable == null) {
      throw new IllegalArgumentException("there is no state '" + state.name() + "'");
    }
    if (!variable.type().equals(value.type())) {
      throw new IllegalArgumentException(
          "the state '" + state.name() + "' is " + variable.type() + ", given " + value.type());
    }
    draft.states.put(state, value);
    draft.givenStates.add(state);
  }

  private @Nullable Boolean knownCondition(int index) {
    if (!written[index] && method.values().get(index) instanceof ProgramValue.BoolValue literal) {
      return literal.value();
    }
    return null;
  }

  private TensorType typeOf(TensorSpec spec, int index) {
    if (!DType.isKnown(spec.scalarType().code())) {
      throw fail(
          "tensor "
              + index
              + " has the scalar type "
              + spec.scalarType()
              + ", which Baton does not compute with",
          -1);
    }
    return new TensorType(
        DType.of(spec.scalarType().code()),
        Shape.of(spec.sizes().toArray()),
        spec.dynamism() != TensorSpec.Dynamism.STATIC);
  }

  private Constant constant(TensorSpec spec, int index) {
    TensorType type = typeOf(spec, index);
    if (spec.data() == null) {
      if (spec.external()) {
        throw external(spec, index);
      }
      if (type.byteSize() == 0) {
        return empty(type);
      }
      throw fail("tensor " + index + " has neither data nor memory, and nothing gives it", -1);
    }
    return Constant.of(
        spec.data(),
        new TensorType(type.dtype(), type.shape(), false),
        DimOrder.of(spec.dimOrder().toArray()));
  }

  private LiftException external(TensorSpec spec, int index) {
    return fail(
        "tensor "
            + index
            + " ('"
            + spec.name()
            + "') lies in a data file (.ptd), "
            + (program.dataFiles().isEmpty()
                ? "and none was given: add it with ReadOptions.withDataFiles, or --data on a command line"
                : "but the given ones do not have it: " + dataFiles()),
        -1);
  }

  private String dataFiles() {
    return program.dataFiles().stream()
        .map(f -> f.source() + " (" + f.entries().size() + " keys)")
        .collect(Collectors.joining(", "));
  }

  private static Constant empty(TensorType type) {
    return Constant.of(
        MemorySegment.ofArray(new long[0]), new TensorType(type.dtype(), type.shape(), false));
  }

  private LiftException fail(String what, int instruction) {
    return new LiftException(
        "method '"
            + method.name()
            + "' of "
            + program.source()
            + (instruction < 0 ? "" : ", instruction " + instruction)
            + ": "
            + what);
  }

  // ---- instructions

  /** True if what follows depends on data that the operator gives. */
  private boolean kernelCall(
      Draft draft, int instruction, Instruction.KernelCall call, PlannedMemory memory) {
    String fileName = method.operators().get(call.operator()).fullName();
    Operators.Spelling spelling = kernels.spelling(fileName).orElse(null);
    if (spelling == null) {
      missing.add(fileName);
      return false;
    }
    Operator operator = spelling.operator();
    if (call.args().size() < spelling.arguments().size()) {
      throw fail(
          fileName
              + " has "
              + call.args().size()
              + " arguments, expected at least "
              + spelling.arguments().size(),
          instruction);
    }
    List<Integer> results = resultIndices(spelling, call.args());
    List<Argument> arguments =
        arguments(draft, spelling, call.args(), results, memory, instruction);
    Origin origin = Origin.ofInstruction(instruction);
    boolean view = operator.name().equals("executorch_prim::et_view");
    if (!results.isEmpty() && !(method.values().get(results.get(0)) instanceof TensorSpec)) {
      SymbolType kind =
          switch (method.values().get(results.get(0))) {
            case ProgramValue.BoolValue b -> SymbolType.BOOL;
            case ProgramValue.DoubleValue d -> SymbolType.DOUBLE;
            default -> SymbolType.INT;
          };
      give(
          draft,
          results.get(0),
          draft.graph.scalar(operator, arguments, kind, origin),
          memory,
          false);
      return operator.name().equals("aten::_local_scalar_dense");
    }
    List<TensorType> declared =
        results.stream()
            .map(r -> method.values().get(r) instanceof TensorSpec s ? typeOf(s, r) : null)
            .toList();
    if (declared.contains(null)) {
      throw fail(fileName + " gives a tensor where the file has none", instruction);
    }
    List<Value> values = draft.graph.node(operator, arguments, declared, origin);
    for (int r = 0; r < results.size(); r++) {
      give(draft, results.get(r), values.get(r), memory, !view);
    }
    return draft.graph.decidesShapes(operator, arguments);
  }

  private List<Argument> arguments(
      Draft draft,
      Operators.Spelling spelling,
      Ints args,
      List<Integer> results,
      PlannedMemory memory,
      int instruction) {
    Operator operator = spelling.operator();
    List<Argument> arguments = new ArrayList<>();
    for (Parameter parameter : operator.parameters()) {
      int position = spelling.arguments().indexOf(parameter.name());
      if (position >= 0) {
        arguments.add(read(draft, args.get(position), memory, instruction));
      } else if (parameter.name().equals("dtype")
          && !results.isEmpty()
          && method.values().get(results.get(0)) instanceof TensorSpec out) {
        arguments.add(Argument.of(out.scalarType().code())); // the out tensor carries it
      } else if (parameter.defaultValue() != null) {
        arguments.add(parameter.defaultValue());
      } else {
        throw fail(
            operator.name() + ": the argument '" + parameter.name() + "' is not in the file",
            instruction);
      }
    }
    return arguments;
  }

  private void delegateCall(
      Draft draft, int instruction, Instruction.DelegateCall call, PlannedMemory memory) {
    var spec = method.delegates().get(call.delegate());
    PayloadLifter lifter = lifters.apply(spec.id());
    String refusal = "";
    if (lifter != null) {
      PayloadGraphBuilder builder =
          new PayloadGraphBuilder(draft.graph, spec.id(), instruction, call.args().size()) {
            @Override
            Argument argument(int k) {
              return read(draft, call.args().get(k), memory, instruction);
            }

            @Override
            TensorSpec spec(int k) {
              if (method.values().get(call.args().get(k)) instanceof TensorSpec tensor) {
                return tensor;
              }
              throw new IllegalArgumentException(
                  "argument " + k + " of the delegate call is no tensor");
            }

            @Override
            TensorType type(int k) {
              return typeOf(spec(k), call.args().get(k));
            }

            @Override
            public MemorySegment allocate(long bytes, long alignment) {
              return constants.allocate(bytes, alignment);
            }

            @Override
            public Value state(String name, TensorType type) {
              return readState(draft, new PayloadState(call.delegate(), name), type);
            }

            @Override
            public void updateState(String name, Value value) {
              giveState(draft, new PayloadState(call.delegate(), name), value);
            }
          };
      List<TensorType> types = new ArrayList<>();
      for (int k = 0; k < call.args().size(); k++) {
        if (method.values().get(call.args().get(k)) instanceof TensorSpec tensor) {
          types.add(typeOf(tensor, call.args().get(k)));
        }
      }
      try {
        lifter.lift(
            new ProgramPayload(program, method.name(), spec, types, List.of(), ""), builder);
        lifted.add(spec.id());
        int outputs = builder.outputs().size();
        if (outputs != payloadOutputs.getOrDefault(instruction, 0)) {
          misjudged.put(instruction, outputs);
        }
        builder
            .outputs()
            .forEach((k, value) -> give(draft, call.args().get(k), value, memory, true));
        return;
      } catch (LiftException e) {
        throw e;
      } catch (DelegateException | RuntimeException e) { // any: a lifter may trust its payload
        if (e instanceof DelegateException failure
            && failure.kind() == DelegateException.Kind.UNSUPPORTED
            && loadable.test(spec.id())) {
          refusal = Sentences.of(failure);
        } else {
          throw cannotOpen(spec.id(), instruction, e);
        }
      }
    }
    int inputs = call.args().size() - payloadOutputs.getOrDefault(instruction, 0);
    List<Argument> arguments = new ArrayList<>();
    List<TensorType> inputTypes = new ArrayList<>();
    List<TensorType> outputTypes = new ArrayList<>();
    for (int k = 0; k < call.args().size(); k++) {
      int index = call.args().get(k);
      if (!(method.values().get(index) instanceof TensorSpec tensor)) {
        throw fail("argument " + k + " of the delegate call is no tensor", instruction);
      }
      if (k < inputs) {
        arguments.add(read(draft, index, memory, instruction));
        inputTypes.add(typeOf(tensor, index));
      } else {
        outputTypes.add(typeOf(tensor, index));
      }
    }
    if (outputTypes.isEmpty()) {
      throw fail(
          "the call of "
              + spec.id()
              + " gives nothing that the method has not named before: its outputs cannot be told",
          instruction);
    }
    List<Value> results =
        draft.graph.node(
            PAYLOAD,
            List.of(new Argument.Items(arguments)),
            outputTypes,
            new Origin(instruction, spec.id(), -1));
    draft.payloads.put(
        producerId(results),
        new ProgramPayload(program, method.name(), spec, inputTypes, outputTypes, refusal));
    for (int k = inputs; k < call.args().size(); k++) {
      give(draft, call.args().get(k), results.get(k - inputs), memory, true);
    }
  }

  private LiftException cannotOpen(String id, int instruction, Exception cause) {
    return new LiftException(
        "method '"
            + method.name()
            + "' of "
            + program.source()
            + ", instruction "
            + instruction
            + ": the "
            + id
            + " payload cannot be opened: "
            + Sentences.join(
                Sentences.of(cause),
                program.dataFiles().isEmpty() ? "" : "Data files: " + dataFiles()),
        cause);
  }

  private static int producerId(List<Value> results) {
    var producer = results.get(0).producer();
    if (producer == null) {
      throw new IllegalStateException("a result without a producer");
    }
    return producer.id();
  }

  /** The operator of a node that calls an opaque payload. */
  public static final Operator PAYLOAD =
      Operator.parse("baton::payload(Tensor[] inputs) -> Tensor[]");

  // ---- the whole

  private LiftedMethod finish(Draft last, PlannedMemory memory) {
    List<LiftedMethod.Output> outputs = new ArrayList<>();
    List<Variable> outputVariables = new ArrayList<>();
    List<Value> outputValues = new ArrayList<>();
    for (int i = 0; i < method.outputs().size(); i++) {
      int index = method.outputs().get(i);
      Argument argument = read(last, index, memory, instructions.size());
      switch (argument) {
        case Value value -> {
          Variable variable =
              new Variable(
                  nextVariable++,
                  "output " + i,
                  Variable.Kind.OUTPUT,
                  value.type(),
                  null,
                  value.isTensor() ? null : Call.Number.of(0));
          outputVariables.add(variable);
          outputValues.add(value);
          outputs.add(new LiftedMethod.VariableOutput(variable));
        }
        case Argument.None none -> outputs.add(new LiftedMethod.FixedOutput(null));
        case Argument.Int v -> outputs.add(new LiftedMethod.FixedOutput(v.value()));
        case Argument.Real v -> outputs.add(new LiftedMethod.FixedOutput(v.value()));
        case Argument.Bool v -> outputs.add(new LiftedMethod.FixedOutput(v.value()));
        case Argument.Text v -> outputs.add(new LiftedMethod.FixedOutput(v.value()));
        case Argument.Items v ->
            throw fail("output " + i + " is a list, which no exporter writes", -1);
      }
    }
    Map<Integer, Integer> blockOf = new HashMap<>();
    for (int b = 0; b < drafts.size(); b++) {
      blockOf.put(drafts.get(b).firstInstruction, b);
    }
    List<Block> blocks = new ArrayList<>();
    for (int b = 0; b < drafts.size(); b++) {
      Draft draft = drafts.get(b);
      List<Variable> writes = new ArrayList<>();
      List<Value> results = new ArrayList<>();
      for (Map.Entry<Integer, Variable> entry : variables.entrySet()) {
        if (draft.given.contains(entry.getKey()) && draft.current[entry.getKey()] != null) {
          writes.add(entry.getValue());
          results.add(asValue(draft, draft.current[entry.getKey()], entry.getKey()));
        }
      }
      for (Map.Entry<PayloadState, Variable> entry : payloadStates.entrySet()) {
        Value value = draft.states.get(entry.getKey());
        if (value != null && draft.givenStates.contains(entry.getKey())) {
          writes.add(entry.getValue());
          results.add(value);
        }
      }
      if (draft == last) {
        writes.addAll(outputVariables);
        results.addAll(outputValues);
      }
      Block.Next next;
      if (draft == last) {
        next = new Block.Return();
      } else {
        Jump jump =
            draft.jump == null
                ? new Jump(
                    -1, drafts.get(b + 1).firstInstruction, drafts.get(b + 1).firstInstruction)
                : draft.jump;
        next =
            jump.condition < 0
                ? new Block.Goto(target(blockOf, jump.ifTrue))
                : new Block.Branch(
                    variableOf(jump.condition),
                    target(blockOf, jump.ifTrue),
                    target(blockOf, jump.ifFalse));
      }
      blocks.add(new Block(draft.graph.build(results), draft.reads, writes, draft.payloads, next));
    }
    List<LiftedMethod.Input> inputs = new ArrayList<>();
    for (int i = 0; i < method.inputs().size(); i++) {
      int index = method.inputs().get(i);
      inputs.add(
          switch (method.values().get(index)) {
            case TensorSpec spec ->
                new LiftedMethod.TensorInput(
                    variableOf(index), DimOrder.of(spec.dimOrder().toArray()));
            case ProgramValue.IntValue v -> new LiftedMethod.FixedInput(v.value());
            case ProgramValue.DoubleValue v -> new LiftedMethod.FixedInput(v.value());
            case ProgramValue.BoolValue v -> new LiftedMethod.FixedInput(v.value());
            case ProgramValue.StringValue v -> new LiftedMethod.FixedInput(v.value());
            default -> throw fail("input " + i + " is neither a tensor nor a plain value", -1);
          });
    }
    List<Variable> all = new ArrayList<>(variables.values());
    all.addAll(payloadStates.values());
    all.addAll(outputVariables);
    all.sort(Comparator.comparingInt(Variable::index));
    return new LiftedMethod(method.name(), inputs, outputs, all, blocks, lifted);
  }

  private int target(Map<Integer, Integer> blockOf, int instruction) {
    Integer block = blockOf.get(instruction);
    if (block == null) {
      throw fail("a jump leads to instruction " + instruction + ", where no block begins", -1);
    }
    return block;
  }

  /** A literal that crosses blocks becomes a scalar node; a tensor is itself. */
  private Value asValue(Draft draft, @Nullable Argument argument, int index) {
    if (argument instanceof Value value) {
      return value;
    }
    Operator literal = Operators.get("executorch_prim::add.Scalar");
    if (argument instanceof Argument.Int
        || argument instanceof Argument.Real
        || argument instanceof Argument.Bool) {
      ValueType type = variableOf(index).type();
      return draft
          .graph
          .node(literal, List.of(argument, Argument.of(0)), List.of(type), Origin.HOST)
          .get(0);
    }
    throw fail("value " + index + " crosses a jump and is " + argument, -1);
  }
}
