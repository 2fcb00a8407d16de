package dev.baton.runtime.program;

import static dev.baton.format.TableFacts.many;
import static dev.baton.format.TableFacts.one;
import static dev.baton.format.TableFacts.scalar;
import static dev.baton.format.TableFacts.scalars;
import static dev.baton.format.TableFacts.table;
import static dev.baton.format.TableFacts.text;

import dev.baton.format.TableFacts;

/** The facts of {@code flat_tensor.fbs} and {@code flat_tensor_0_6.fbs}. */
final class DataFileSchema {
  private DataFileSchema() {}

  private static final TableFacts DATA_SEGMENT =
      table("DataSegment", scalar(8, "offset"), scalar(8, "size"));

  static final TableFacts FLAT_TENSOR =
      table(
          "FlatTensor",
          scalar(4, "version"),
          many(DATA_SEGMENT, "segments"),
          many(
              table(
                  "NamedData",
                  text("key"),
                  scalar(4, "segment_index"),
                  one(
                      table(
                          "TensorLayout",
                          scalar(1, "scalar_type"),
                          scalars(4, "sizes"),
                          scalars(1, "dim_order")),
                      "tensor_layout")),
              "named_data"));

  static final TableFacts FLAT_TENSOR_0_6 =
      table(
          "FlatTensor",
          scalar(4, "version"),
          scalar(4, "tensor_alignment"),
          many(
              table(
                  "TensorMetadata",
                  text("fully_qualified_name"),
                  scalar(1, "scalar_type"),
                  scalars(4, "sizes"),
                  scalars(1, "dim_order"),
                  scalar(4, "segment_index"),
                  scalar(8, "offset")),
              "tensors"),
          many(DATA_SEGMENT, "segments"),
          many(table("NamedData", text("key"), scalar(4, "segment_index")), "named_data"));

  /** The first slot that only the older table has. */
  static final int SLOT_OF_0_6 = 3;
}
