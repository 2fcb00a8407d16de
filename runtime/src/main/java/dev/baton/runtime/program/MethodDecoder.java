package dev.baton.runtime.program;

import com.google.flatbuffers.Table;
import dev.baton.runtime.program.schema.AllocationDetails;
import dev.baton.runtime.program.schema.BackendDelegate;
import dev.baton.runtime.program.schema.BackendDelegateDataReference;
import dev.baton.runtime.program.schema.Bool;
import dev.baton.runtime.program.schema.BoolList;
import dev.baton.runtime.program.schema.Chain;
import dev.baton.runtime.program.schema.ContainerMetadata;
import dev.baton.runtime.program.schema.DataLocation;
import dev.baton.runtime.program.schema.DelegateCall;
import dev.baton.runtime.program.schema.DoubleList;
import dev.baton.runtime.program.schema.DoubleValue;
import dev.baton.runtime.program.schema.EValue;
import dev.baton.runtime.program.schema.ExecutionPlan;
import dev.baton.runtime.program.schema.ExtraTensorInfo;
import dev.baton.runtime.program.schema.FreeCall;
import dev.baton.runtime.program.schema.InstructionArguments;
import dev.baton.runtime.program.schema.Int;
import dev.baton.runtime.program.schema.IntList;
import dev.baton.runtime.program.schema.JumpFalseCall;
import dev.baton.runtime.program.schema.KernelCall;
import dev.baton.runtime.program.schema.KernelTypes;
import dev.baton.runtime.program.schema.MoveCall;
import dev.baton.runtime.program.schema.NonConstBufferDevice;
import dev.baton.runtime.program.schema.Operator;
import dev.baton.runtime.program.schema.OptionalTensorList;
import dev.baton.runtime.program.schema.StringValue;
import dev.baton.runtime.program.schema.Tensor;
import dev.baton.runtime.program.schema.TensorDataLocation;
import dev.baton.runtime.program.schema.TensorList;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Turns one execution plan into a {@link ProgramMethod}, checking each fact as it is decoded. */
final class MethodDecoder {
  private static final ProgramValue.NullValue NULL = new ProgramValue.NullValue();
  private static final int NONE_ITEM = -1;
  private static final int INLINE_PAYLOAD = -1;

  private final String name;
  private final ExecutionPlan plan;
  private final ProgramData data;
  private final DecodeCursor cursor;
  private final BudgetMeter meter;

  private List<PlannedBuffer> plannedBuffers = List.of();
  private List<ProgramValue> values = List.of();

  MethodDecoder(
      String name, ExecutionPlan plan, ProgramData data, DecodeCursor cursor, BudgetMeter meter) {
    this.name = name;
    this.plan = plan;
    this.data = data;
    this.cursor = cursor;
    this.meter = meter;
  }

  ProgramMethod decode() {
    plannedBuffers = plannedBuffers();
    meter.values(plan.valuesLength());
    values = cursor.list("value", plan.valuesLength(), i -> value(plan.values(i)));
    for (int i = 0; i < values.size(); i++) {
      cursor.at("value", i);
      checkItems(values.get(i));
    }
    cursor.at("inputs");
    Ints inputs = valueIndices(plan.inputsLength(), plan::inputs);
    cursor.at("outputs");
    Ints outputs = valueIndices(plan.outputsLength(), plan::outputs);
    List<OperatorName> operators =
        cursor.list("operator", plan.operatorsLength(), i -> operator(plan.operators(i)));
    List<DelegateSpec> delegates =
        cursor.list("delegate", plan.delegatesLength(), i -> delegate(plan.delegates(i)));
    cursor.at("chains");
    if (plan.chainsLength() == 0) {
      throw cursor.fail("there are none, expected one");
    }
    List<List<Instruction>> chains = new ArrayList<>();
    for (int i = 0; i < plan.chainsLength(); i++) {
      chains.add(chain(i, plan.chains(i)));
    }
    ContainerMetadata structure = plan.containerMetaType();
    return new ProgramMethod(
        name,
        values,
        inputs,
        outputs,
        chains,
        operators,
        delegates,
        plannedBuffers,
        structure == null ? null : structure.encodedInpStr(),
        structure == null ? null : structure.encodedOutStr());
  }

  private List<PlannedBuffer> plannedBuffers() {
    int count = plan.nonConstBufferSizesLength();
    DeviceSpec[] devices = new DeviceSpec[count];
    Arrays.fill(devices, DeviceSpec.CPU);
    for (int i = 0; i < plan.nonConstBufferDeviceLength(); i++) {
      cursor.at("planned buffer device", i);
      NonConstBufferDevice device = plan.nonConstBufferDevice(i);
      devices[cursor.inRange(device.bufferIdx(), count, "planned buffer")] =
          device(device.deviceType(), device.deviceIndex());
    }
    List<PlannedBuffer> buffers = new ArrayList<>(count);
    long total = 0;
    for (int i = 0; i < count; i++) {
      cursor.at("planned buffer", i);
      // Memory id 0 is reserved, whatever size it states.
      long bytes = i == 0 ? 0 : plan.nonConstBufferSizes(i);
      if (bytes < 0 || bytes > Long.MAX_VALUE - total) {
        throw cursor.fail("a size of " + bytes + " bytes");
      }
      total += bytes;
      buffers.add(new PlannedBuffer(bytes, devices[i]));
    }
    meter.planned(total);
    return buffers;
  }

  private ProgramValue value(EValue value) {
    return switch (value.valType()) {
      case KernelTypes.Null -> NULL;
      case KernelTypes.Int -> new ProgramValue.IntValue(content(value, new Int()).intVal());
      case KernelTypes.Bool -> new ProgramValue.BoolValue(content(value, new Bool()).boolVal());
      case KernelTypes.DoubleValue ->
          new ProgramValue.DoubleValue(content(value, new DoubleValue()).doubleVal());
      case KernelTypes.Tensor -> tensor(content(value, new Tensor()));
      case KernelTypes.StringValue -> {
        @Nullable String text = content(value, new StringValue()).stringVal();
        yield new ProgramValue.StringValue(text == null ? "" : text);
      }
      case KernelTypes.IntList -> {
        IntList list = content(value, new IntList());
        yield new ProgramValue.IntListValue(
            ints(list.itemsLength(), i -> cursor.inRange(list.items(i), valueCount(), "value")));
      }
      case KernelTypes.DoubleList -> {
        DoubleList list = content(value, new DoubleList());
        List<Double> items = new ArrayList<>(list.itemsLength());
        for (int i = 0; i < list.itemsLength(); i++) {
          items.add(list.items(i));
        }
        yield new ProgramValue.DoubleListValue(items);
      }
      case KernelTypes.BoolList -> {
        BoolList list = content(value, new BoolList());
        List<Boolean> items = new ArrayList<>(list.itemsLength());
        for (int i = 0; i < list.itemsLength(); i++) {
          items.add(list.items(i));
        }
        yield new ProgramValue.BoolListValue(items);
      }
      case KernelTypes.TensorList -> {
        TensorList list = content(value, new TensorList());
        yield new ProgramValue.TensorListValue(valueIndices(list.itemsLength(), list::items));
      }
      case KernelTypes.OptionalTensorList -> {
        OptionalTensorList list = content(value, new OptionalTensorList());
        yield new ProgramValue.OptionalTensorListValue(
            ints(
                list.itemsLength(),
                i -> list.items(i) == NONE_ITEM ? NONE_ITEM : valueIndex(list.items(i))));
      }
      default -> throw cursor.unknown("value kind", value.valType());
    };
  }

  private <T extends Table> T content(EValue value, T into) {
    if (value.val(into) == null) {
      throw cursor.fail("its " + KernelTypes.name(value.valType()) + " is missing");
    }
    return into;
  }

  private void checkItems(ProgramValue value) {
    switch (value) {
      case ProgramValue.IntListValue(Ints items) ->
          checkItems(items, item -> item instanceof ProgramValue.IntValue, "an Int");
      case ProgramValue.TensorListValue(Ints items) ->
          checkItems(items, item -> item instanceof TensorSpec, "a Tensor");
      case ProgramValue.OptionalTensorListValue(Ints items) ->
          checkItems(
              items,
              item -> item instanceof TensorSpec || item instanceof ProgramValue.NullValue,
              "a Tensor or Null");
      default -> {}
    }
  }

  private void checkItems(Ints items, Predicate<ProgramValue> allowed, String expected) {
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) != NONE_ITEM && !allowed.test(values.get(items.get(i)))) {
        throw cursor.fail(
            "item %d is value %d, which is not %s".formatted(i, items.get(i), expected));
      }
    }
  }

  private TensorSpec tensor(Tensor tensor) {
    meter.tensor();
    ScalarType type = ScalarType.ofCode(tensor.scalarType());
    if (type == null) {
      throw cursor.unknown("scalar type", tensor.scalarType());
    }
    if (tensor.storageOffset() != 0 || tensor.layout() != 0) {
      throw cursor.fail(
          "storage offset %d and layout %d, expected 0 and 0 as all runtimes do"
              .formatted(tensor.storageOffset(), tensor.layout()));
    }
    int rank = tensor.sizesLength();
    if (rank > TensorSpec.MAX_RANK) {
      throw cursor.fail("%d dimensions, expected %d at most".formatted(rank, TensorSpec.MAX_RANK));
    }
    Ints sizes = ints(rank, tensor::sizes);
    long bytes = bytes(sizes, type);
    Ints dimOrder = dimOrder(tensor, rank);
    TensorSpec.Dynamism dynamism =
        cursor.coded(TensorSpec.Dynamism.values(), tensor.shapeDynamism(), "shape dynamism");

    ExtraTensorInfo info = tensor.extraTensorInfo();
    @Nullable String fullName = info == null ? null : info.fullyQualifiedName();
    boolean external = info != null && isExternal(info, fullName);
    TensorSpec.Allocation allocation = allocation(tensor.allocationInfo(), bytes);
    // An external tensor's index means nothing.
    int dataIndex = external ? 0 : dataIndex(tensor.dataBufferIdx());
    MemorySegment content = null;
    if (dataIndex != 0) {
      content =
          allocation == null
              ? data.constant(dataIndex, bytes)
              : data.initialContent(
                  info == null ? 0 : info.mutableDataSegmentsIdx(), dataIndex, bytes);
    } else if (external && fullName != null) {
      content = data.external(fullName, new DataFile.TensorLayout(type, sizes, dimOrder), bytes);
    }
    if (content != null) {
      if (content.address() % type.bytes() != 0) {
        throw cursor.fail(
            "its data are not aligned to the %d bytes of a %s element"
                .formatted(type.bytes(), type));
      }
    }
    return new TensorSpec(
        type,
        sizes,
        dimOrder,
        dynamism,
        dataIndex,
        allocation,
        external,
        fullName,
        info == null ? DeviceSpec.CPU : device(info.deviceType(), info.deviceIndex()),
        content);
  }

  private long bytes(Ints sizes, ScalarType type) {
    long bytes = type.bytes();
    for (int i = 0; i < sizes.size(); i++) {
      if (sizes.get(i) < 0) {
        throw cursor.fail("size %d of dimension %d, expected 0 or more".formatted(sizes.get(i), i));
      }
      if (Math.multiplyHigh(bytes, sizes.get(i)) != 0 || bytes * sizes.get(i) < 0) {
        throw cursor.fail("sizes %s of %s overflow 64 bits".formatted(sizes, type));
      }
      bytes *= sizes.get(i);
    }
    return bytes;
  }

  private Ints dimOrder(Tensor tensor, int rank) {
    int length = tensor.dimOrderLength();
    if (length != rank) {
      throw cursor.fail("a dim order of %d entries for %d dimensions".formatted(length, rank));
    }
    Ints order = ints(length, tensor::dimOrder);
    int seen = 0;
    for (int i = 0; i < order.size(); i++) {
      seen |= order.get(i) < rank ? 1 << order.get(i) : 0;
    }
    if (seen != (1 << rank) - 1) {
      throw cursor.fail(
          "dim order %s is no permutation of its %d dimensions".formatted(order, rank));
    }
    return order;
  }

  private boolean isExternal(ExtraTensorInfo info, @Nullable String fullName) {
    return switch (info.location()) {
      case TensorDataLocation.SEGMENT -> false;
      case TensorDataLocation.EXTERNAL -> {
        cursor.required(fullName, "the name of its data in a data file");
        yield true;
      }
      default -> throw cursor.unknown("data location", info.location());
    };
  }

  private TensorSpec.@Nullable Allocation allocation(
      @Nullable AllocationDetails details, long bytes) {
    if (details == null) {
      return null;
    }
    int id = cursor.inRange(details.memoryId(), plannedBuffers.size(), "memory id");
    long offset = (details.memoryOffsetHigh() << 32) | details.memoryOffsetLow();
    long size = plannedBuffers.get(id).bytes();
    if (id == 0 || offset < 0 || offset > size || bytes > size - offset) {
      throw cursor.fail(
          "%d bytes are planned at offset %s of memory id %d, which has %d"
              .formatted(bytes, Long.toUnsignedString(offset), id, size));
    }
    return new TensorSpec.Allocation(id, offset);
  }

  private int dataIndex(long index) {
    if (index > Integer.MAX_VALUE) {
      throw cursor.fail("data buffer index " + index);
    }
    return (int) index;
  }

  private DeviceSpec device(int type, int index) {
    return type == 0 && index == 0
        ? DeviceSpec.CPU
        : new DeviceSpec(cursor.coded(DeviceSpec.Kind.values(), type, "device type"), index);
  }

  private OperatorName operator(Operator operator) {
    @Nullable String overload = operator.overload();
    return new OperatorName(
        cursor.required(operator.name(), "its name"), overload == null ? "" : overload);
  }

  private DelegateSpec delegate(BackendDelegate delegate) {
    String id = cursor.required(delegate.id(), "its id");
    BackendDelegateDataReference reference = delegate.processed();
    if (reference == null) {
      throw cursor.fail("its payload is missing");
    }
    long index = reference.index();
    List<DelegateSpec.CompileSpec> specs = new ArrayList<>(delegate.compileSpecsLength());
    for (int i = 0; i < delegate.compileSpecsLength(); i++) {
      var spec = delegate.compileSpecs(i);
      specs.add(
          new DelegateSpec.CompileSpec(
              cursor.required(spec.key(), "the key of a compile spec"),
              data.inline(spec.valueAsByteBuffer())));
    }
    return switch (reference.location()) {
      case DataLocation.INLINE ->
          new DelegateSpec(id, data.inlinePayload(index), INLINE_PAYLOAD, specs);
      case DataLocation.SEGMENT -> new DelegateSpec(id, data.segment(index), (int) index, specs);
      default -> throw cursor.unknown("payload location", reference.location());
    };
  }

  private List<Instruction> chain(int number, Chain chain) {
    int count = chain.instructionsLength();
    meter.instructions(count);
    return cursor.list(
        "chain " + number + ", instruction", count, i -> instruction(chain.instructions(i), count));
  }

  private Instruction instruction(
      dev.baton.runtime.program.schema.Instruction instruction, int count) {
    return switch (instruction.instrArgsType()) {
      case InstructionArguments.KernelCall -> {
        KernelCall call = content(instruction, new KernelCall());
        yield new Instruction.KernelCall(
            cursor.inRange(call.opIndex(), plan.operatorsLength(), "operator"),
            valueIndices(call.argsLength(), call::args));
      }
      case InstructionArguments.DelegateCall -> {
        DelegateCall call = content(instruction, new DelegateCall());
        yield new Instruction.DelegateCall(
            cursor.inRange(call.delegateIndex(), plan.delegatesLength(), "delegate"),
            valueIndices(call.argsLength(), call::args));
      }
      case InstructionArguments.MoveCall -> {
        MoveCall call = content(instruction, new MoveCall());
        yield new Instruction.MoveCall(valueIndex(call.moveFrom()), valueIndex(call.moveTo()));
      }
      case InstructionArguments.JumpFalseCall -> {
        JumpFalseCall call = content(instruction, new JumpFalseCall());
        int condition = valueIndex(call.condValueIndex());
        if (!isCondition(values.get(condition))) {
          throw cursor.fail(
              "its condition, value %d, is neither a Bool nor a Bool tensor".formatted(condition));
        }
        yield new Instruction.JumpFalseCall(
            condition, cursor.inRange(call.destinationInstruction(), count + 1, "destination"));
      }
      case InstructionArguments.FreeCall -> {
        int value = valueIndex(content(instruction, new FreeCall()).valueIndex());
        if (!(values.get(value) instanceof TensorSpec)) {
          throw cursor.fail("it frees value %d, which is no Tensor".formatted(value));
        }
        yield new Instruction.FreeCall(value);
      }
      default -> throw cursor.unknown("instruction kind", instruction.instrArgsType());
    };
  }

  private <T extends Table> T content(
      dev.baton.runtime.program.schema.Instruction instruction, T into) {
    if (instruction.instrArgs(into) == null) {
      throw cursor.fail(
          "its " + InstructionArguments.name(instruction.instrArgsType()) + " is missing");
    }
    return into;
  }

  private static boolean isCondition(ProgramValue value) {
    return value instanceof ProgramValue.BoolValue
        || (value instanceof TensorSpec tensor && tensor.scalarType() == ScalarType.BOOL);
  }

  private Ints valueIndices(int count, IntUnaryOperator item) {
    return ints(count, i -> valueIndex(item.applyAsInt(i)));
  }

  private int valueIndex(int index) {
    return cursor.inRange(index, valueCount(), "value");
  }

  private int valueCount() {
    return plan.valuesLength();
  }

  private static Ints ints(int count, IntUnaryOperator item) {
    int[] items = new int[count];
    for (int i = 0; i < count; i++) {
      items[i] = item.applyAsInt(i);
    }
    return Ints.owning(items);
  }
}
