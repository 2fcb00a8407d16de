package dev.baton.devtools.etdump;

import static dev.baton.format.TableFacts.blob;
import static dev.baton.format.TableFacts.many;
import static dev.baton.format.TableFacts.one;
import static dev.baton.format.TableFacts.scalar;
import static dev.baton.format.TableFacts.scalars;
import static dev.baton.format.TableFacts.table;
import static dev.baton.format.TableFacts.text;

import dev.baton.format.TableFacts;

/** The facts of {@code etdump_schema_flatcc.fbs}. */
final class EtDumpSchema {
  private EtDumpSchema() {}

  private static final TableFacts TENSOR =
      table(
          "Tensor",
          scalar(1, "scalar_type"),
          scalars(8, "sizes"),
          scalars(8, "strides"),
          scalar(8, "offset"));

  private static final TableFacts BOOL = table("Bool", scalar(1, "bool_val"));

  private static final TableFacts VALUE =
      table(
          "Value",
          scalar(1, "val"),
          one(TENSOR, "tensor"),
          one(table("TensorList", many(TENSOR, "tensors")), "tensor_list"),
          one(table("Int", scalar(8, "int_val")), "int_value"),
          one(table("Float", scalar(4, "float_val")), "float_value"),
          one(table("Double", scalar(8, "double_val")), "double_value"),
          one(BOOL, "bool_value"),
          one(BOOL, "output"));

  private static final TableFacts PROFILE_EVENT =
      table(
          "ProfileEvent",
          text("name"),
          scalar(4, "chain_index"),
          scalar(4, "instruction_id"),
          scalar(4, "delegate_debug_id_int"),
          text("delegate_debug_id_str"),
          blob("delegate_debug_metadata"),
          scalar(8, "start_time"),
          scalar(8, "end_time"));

  private static final TableFacts ALLOCATION_EVENT =
      table("AllocationEvent", scalar(4, "allocator_id"), scalar(8, "allocation_size"));

  private static final TableFacts DEBUG_EVENT =
      table(
          "DebugEvent",
          scalar(8, "chain_index"),
          scalar(4, "instruction_id"),
          one(VALUE, "debug_entry"),
          scalar(4, "delegate_debug_id_int"),
          text("delegate_debug_id_str"),
          text("name"));

  static final TableFacts ETDUMP =
      table(
          "ETDump",
          scalar(4, "version"),
          many(
              table(
                  "RunData",
                  text("name"),
                  scalar(4, "bundled_input_index"),
                  many(table("Allocator", text("name")), "allocators"),
                  many(
                      table(
                          "Event",
                          one(PROFILE_EVENT, "profile_event"),
                          one(ALLOCATION_EVENT, "allocation_event"),
                          one(DEBUG_EVENT, "debug_event")),
                      "events")),
              "run_data"));
}
