package dev.baton.runtime.program;

import static dev.baton.format.TableFacts.blob;
import static dev.baton.format.TableFacts.many;
import static dev.baton.format.TableFacts.one;
import static dev.baton.format.TableFacts.scalar;
import static dev.baton.format.TableFacts.scalars;
import static dev.baton.format.TableFacts.table;
import static dev.baton.format.TableFacts.text;
import static dev.baton.format.TableFacts.union;

import dev.baton.format.TableFacts;

/**
 * The facts of {@code program.fbs}. No table reaches itself, so nesting is bounded by the schema.
 */
final class ProgramSchema {
  private ProgramSchema() {}

  private static final TableFacts ALLOCATION_DETAILS =
      table(
          "AllocationDetails",
          scalar(4, "memory_id"),
          scalar(4, "memory_offset_low"),
          scalar(4, "memory_offset_high"));

  private static final TableFacts EXTRA_TENSOR_INFO =
      table(
          "ExtraTensorInfo",
          scalar(8, "mutable_data_segments_idx"),
          text("fully_qualified_name"),
          scalar(1, "location"),
          scalar(1, "device_type"),
          scalar(1, "device_index"));

  private static final TableFacts TENSOR =
      table(
          "Tensor",
          scalar(1, "scalar_type"),
          scalar(4, "storage_offset"),
          scalars(4, "sizes"),
          scalars(1, "dim_order"),
          scalar(1, "requires_grad"),
          scalar(4, "data_buffer_idx"),
          one(ALLOCATION_DETAILS, "allocation_info"),
          scalar(1, "layout"),
          scalar(1, "shape_dynamism"),
          one(EXTRA_TENSOR_INFO, "extra_tensor_info"));

  private static final TableFacts EVALUE =
      table(
          "EValue",
          union(
              "val",
              table("Null"),
              table("Int", scalar(8, "int_val")),
              table("Bool", scalar(1, "bool_val")),
              table("Double", scalar(8, "double_val")),
              TENSOR,
              table("String", text("string_val")),
              table("IntList", scalars(8, "items")),
              table("DoubleList", scalars(8, "items")),
              table("BoolList", scalars(1, "items")),
              table("TensorList", scalars(4, "items")),
              table("OptionalTensorList", scalars(4, "items"))));

  private static final TableFacts INSTRUCTION =
      table(
          "Instruction",
          union(
              "instr_args",
              table("KernelCall", scalar(4, "op_index"), scalars(4, "args")),
              table("DelegateCall", scalar(4, "delegate_index"), scalars(4, "args")),
              table("MoveCall", scalar(4, "move_from"), scalar(4, "move_to")),
              table(
                  "JumpFalseCall",
                  scalar(4, "cond_value_index"),
                  scalar(4, "destination_instruction")),
              table("FreeCall", scalar(4, "value_index"))));

  private static final TableFacts FRAME_LIST =
      table(
          "FrameList",
          many(
              table("Frame", text("filename"), scalar(4, "lineno"), text("name"), text("context")),
              "items"));

  private static final TableFacts CHAIN =
      table(
          "Chain",
          scalars(4, "inputs"),
          scalars(4, "outputs"),
          many(INSTRUCTION, "instructions"),
          many(FRAME_LIST, "stacktrace"));

  private static final TableFacts BACKEND_DELEGATE =
      table(
          "BackendDelegate",
          text("id"),
          one(
              table("BackendDelegateDataReference", scalar(1, "location"), scalar(4, "index")),
              "processed"),
          many(table("CompileSpec", text("key"), blob("value")), "compile_specs"));

  private static final TableFacts EXECUTION_PLAN =
      table(
          "ExecutionPlan",
          text("name"),
          one(
              table("ContainerMetadata", text("encoded_inp_str"), text("encoded_out_str")),
              "container_meta_type"),
          many(EVALUE, "values"),
          scalars(4, "inputs"),
          scalars(4, "outputs"),
          many(CHAIN, "chains"),
          many(table("Operator", text("name"), text("overload")), "operators"),
          many(BACKEND_DELEGATE, "delegates"),
          scalars(8, "non_const_buffer_sizes"),
          many(
              table(
                  "NonConstBufferDevice",
                  scalar(4, "buffer_idx"),
                  scalar(1, "device_type"),
                  scalar(1, "device_index")),
              "non_const_buffer_device"));

  private static final TableFacts SUBSEGMENT_OFFSETS =
      table("SubsegmentOffsets", scalar(4, "segment_index"), scalars(8, "offsets"));

  static final TableFacts PROGRAM =
      table(
          "Program",
          scalar(4, "version"),
          many(EXECUTION_PLAN, "execution_plan"),
          many(table("Buffer", blob("storage")), "constant_buffer"),
          many(table("BackendDelegateInlineData", blob("data")), "backend_delegate_data"),
          many(table("DataSegment", scalar(8, "offset"), scalar(8, "size")), "segments"),
          one(SUBSEGMENT_OFFSETS, "constant_segment"),
          many(SUBSEGMENT_OFFSETS, "mutable_data_segments"),
          many(table("NamedData", text("key"), scalar(4, "segment_index")), "named_data"));
}
