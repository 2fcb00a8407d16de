package dev.baton.runtime.program;

import com.google.flatbuffers.FlatBufferBuilder;
import dev.baton.runtime.program.schema.AllocationDetails;
import dev.baton.runtime.program.schema.BackendDelegate;
import dev.baton.runtime.program.schema.BackendDelegateDataReference;
import dev.baton.runtime.program.schema.BackendDelegateInlineData;
import dev.baton.runtime.program.schema.Bool;
import dev.baton.runtime.program.schema.BoolList;
import dev.baton.runtime.program.schema.Buffer;
import dev.baton.runtime.program.schema.Chain;
import dev.baton.runtime.program.schema.CompileSpec;
import dev.baton.runtime.program.schema.DataLocation;
import dev.baton.runtime.program.schema.DataSegment;
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
import dev.baton.runtime.program.schema.NamedData;
import dev.baton.runtime.program.schema.NonConstBufferDevice;
import dev.baton.runtime.program.schema.Null;
import dev.baton.runtime.program.schema.Operator;
import dev.baton.runtime.program.schema.OptionalTensorList;
import dev.baton.runtime.program.schema.StringValue;
import dev.baton.runtime.program.schema.SubsegmentOffsets;
import dev.baton.runtime.program.schema.Tensor;
import dev.baton.runtime.program.schema.TensorList;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes small programs, right and wrong ones, for tests. Offsets of tables are plain ints, as the
 * generated code has them.
 */
final class ProgramWriter {
  private static final int HEADER_BYTES = 32;

  final FlatBufferBuilder to = new FlatBufferBuilder();
  int constantSegment;
  int[] mutableSegments = {};
  int[] constantBuffers = {};
  int[] segments = {};
  int[] namedData = {};
  int[] inlinePayloads = {};

  /** The fields of a tensor, with the defaults of a planned float tensor. */
  static final class TensorFields {
    byte scalarType = 6;
    int storageOffset;
    byte layout;
    int[] sizes = {2, 3};
    byte[] dimOrder = {0, 1};
    byte dynamism;
    long dataIndex;
    boolean planned = true;
    long memoryId = 1;
    long offset;
    int extra;
  }

  int value(byte kind, int table) {
    return EValue.createEValue(to, kind, table);
  }

  int nullValue() {
    Null.startNull(to);
    return value(KernelTypes.Null, Null.endNull(to));
  }

  int intValue(long value) {
    return value(KernelTypes.Int, Int.createInt(to, value));
  }

  int boolValue(boolean value) {
    return value(KernelTypes.Bool, Bool.createBool(to, value));
  }

  int doubleValue(double value) {
    return value(KernelTypes.DoubleValue, DoubleValue.createDoubleValue(to, value));
  }

  int stringValue(String value) {
    return value(
        KernelTypes.StringValue, StringValue.createStringValue(to, to.createString(value)));
  }

  int intList(long... items) {
    return value(
        KernelTypes.IntList, IntList.createIntList(to, IntList.createItemsVector(to, items)));
  }

  int doubleList(double... items) {
    return value(
        KernelTypes.DoubleList,
        DoubleList.createDoubleList(to, DoubleList.createItemsVector(to, items)));
  }

  int boolList(boolean... items) {
    return value(
        KernelTypes.BoolList, BoolList.createBoolList(to, BoolList.createItemsVector(to, items)));
  }

  int tensorList(int... items) {
    return value(
        KernelTypes.TensorList,
        TensorList.createTensorList(to, TensorList.createItemsVector(to, items)));
  }

  int optionalTensorList(int... items) {
    return value(
        KernelTypes.OptionalTensorList,
        OptionalTensorList.createOptionalTensorList(
            to, OptionalTensorList.createItemsVector(to, items)));
  }

  int tensor(java.util.function.Consumer<TensorFields> edit) {
    TensorFields fields = new TensorFields();
    edit.accept(fields);
    int sizes = Tensor.createSizesVector(to, fields.sizes);
    int dimOrder = Tensor.createDimOrderVector(to, fields.dimOrder);
    int allocation =
        fields.planned
            ? AllocationDetails.createAllocationDetails(
                to, fields.memoryId, fields.offset & 0xffffffffL, fields.offset >>> 32)
            : 0;
    return value(
        KernelTypes.Tensor,
        Tensor.createTensor(
            to,
            fields.scalarType,
            fields.storageOffset,
            sizes,
            dimOrder,
            false,
            fields.dataIndex,
            allocation,
            fields.layout,
            fields.dynamism,
            fields.extra));
  }

  int extra(long mutableSegment, String name, int location, int deviceType, int deviceIndex) {
    int text = name == null ? 0 : to.createString(name);
    return ExtraTensorInfo.createExtraTensorInfo(
        to, mutableSegment, text, (byte) location, (byte) deviceType, (byte) deviceIndex);
  }

  int instruction(byte kind, int table) {
    return dev.baton.runtime.program.schema.Instruction.createInstruction(to, kind, table);
  }

  int kernelCall(int operator, int... args) {
    return instruction(
        InstructionArguments.KernelCall,
        KernelCall.createKernelCall(to, operator, KernelCall.createArgsVector(to, args)));
  }

  int delegateCall(int delegate, int... args) {
    return instruction(
        InstructionArguments.DelegateCall,
        DelegateCall.createDelegateCall(to, delegate, DelegateCall.createArgsVector(to, args)));
  }

  int moveCall(int from, int target) {
    return instruction(InstructionArguments.MoveCall, MoveCall.createMoveCall(to, from, target));
  }

  int jumpFalse(int condition, int destination) {
    return instruction(
        InstructionArguments.JumpFalseCall,
        JumpFalseCall.createJumpFalseCall(to, condition, destination));
  }

  int freeCall(int value) {
    return instruction(InstructionArguments.FreeCall, FreeCall.createFreeCall(to, value));
  }

  int operator(String name, String overload) {
    return Operator.createOperator(to, to.createString(name), to.createString(overload));
  }

  int delegate(String id, boolean inline, int index, String... keys) {
    int[] specs =
        Arrays.stream(keys)
            .mapToInt(key ->
                CompileSpec.createCompileSpec(
                    to,
                    to.createString(key),
                    CompileSpec.createValueVector(to, key.getBytes(StandardCharsets.UTF_8))))
            .toArray();
    int reference =
        BackendDelegateDataReference.createBackendDelegateDataReference(
            to, inline ? DataLocation.INLINE : DataLocation.SEGMENT, index);
    return BackendDelegate.createBackendDelegate(
        to, to.createString(id), reference, BackendDelegate.createCompileSpecsVector(to, specs));
  }

  int inlinePayload(byte... bytes) {
    return BackendDelegateInlineData.createBackendDelegateInlineData(
        to, BackendDelegateInlineData.createDataVector(to, bytes));
  }

  int constantBuffer(byte... bytes) {
    to.startVector(1, bytes.length, 16);
    for (int i = bytes.length - 1; i >= 0; i--) {
      to.addByte(bytes[i]);
    }
    return Buffer.createBuffer(to, to.endVector());
  }

  int segment(long offset, long size) {
    return DataSegment.createDataSegment(to, offset, size);
  }

  int subsegments(int segment, long... offsets) {
    return SubsegmentOffsets.createSubsegmentOffsets(
        to, segment, SubsegmentOffsets.createOffsetsVector(to, offsets));
  }

  int named(String key, int segment) {
    return NamedData.createNamedData(to, to.createString(key), segment);
  }

  int chain(int... instructions) {
    return Chain.createChain(to, 0, 0, Chain.createInstructionsVector(to, instructions), 0);
  }

  int bufferDevice(int buffer, int type, int index) {
    return NonConstBufferDevice.createNonConstBufferDevice(to, buffer, (byte) type, (byte) index);
  }

  /** A method whose parts are all optional except the name. */
  final class MethodFields {
    int[] values = {};
    int[] inputs = {};
    int[] outputs = {};
    int[] chains;
    int[] operators = {};
    int[] delegates = {};
    long[] buffers = {0, 1024};
    int[] bufferDevices = {};

    int write(String name) {
      int[] written = chains == null ? new int[] {chain()} : chains;
      return ExecutionPlan.createExecutionPlan(
          to,
          to.createString(name),
          0,
          ExecutionPlan.createValuesVector(to, values),
          ExecutionPlan.createInputsVector(to, inputs),
          ExecutionPlan.createOutputsVector(to, outputs),
          ExecutionPlan.createChainsVector(to, written),
          ExecutionPlan.createOperatorsVector(to, operators),
          ExecutionPlan.createDelegatesVector(to, delegates),
          ExecutionPlan.createNonConstBufferSizesVector(to, buffers),
          ExecutionPlan.createNonConstBufferDeviceVector(to, bufferDevices));
    }
  }

  MethodFields method() {
    return new MethodFields();
  }

  /** The program without an extended header. */
  byte[] plain(int... methods) {
    int root =
        dev.baton.runtime.program.schema.Program.createProgram(
            to,
            0,
            dev.baton.runtime.program.schema.Program.createExecutionPlanVector(to, methods),
            dev.baton.runtime.program.schema.Program.createConstantBufferVector(
                to, constantBuffers),
            dev.baton.runtime.program.schema.Program.createBackendDelegateDataVector(
                to, inlinePayloads),
            dev.baton.runtime.program.schema.Program.createSegmentsVector(to, segments),
            constantSegment,
            dev.baton.runtime.program.schema.Program.createMutableDataSegmentsVector(
                to, mutableSegments),
            dev.baton.runtime.program.schema.Program.createNamedDataVector(to, namedData));
    to.finish(root, "ET12");
    return to.sizedByteArray();
  }

  /** The program with a header of 32 bytes, and the data of its segments. */
  byte[] withSegmentData(byte[] data, int... methods) {
    byte[] plain = plain(methods);
    int programBytes = (plain.length + HEADER_BYTES + 15) / 16 * 16;
    ByteBuffer file =
        ByteBuffer.allocate(programBytes + data.length).order(ByteOrder.LITTLE_ENDIAN);
    file.put(plain, 0, 8)
        .put("eh00".getBytes(StandardCharsets.US_ASCII))
        .putInt(HEADER_BYTES)
        .putLong(programBytes)
        .putLong(programBytes)
        .putLong(data.length)
        .put(plain, 8, plain.length - 8);
    file.putInt(0, file.getInt(0) + HEADER_BYTES);
    file.put(programBytes, data);
    return file.array();
  }
}
