package dev.baton.xnnpack.payload;

import static dev.baton.format.TableFacts.blob;
import static dev.baton.format.TableFacts.many;
import static dev.baton.format.TableFacts.one;
import static dev.baton.format.TableFacts.scalar;
import static dev.baton.format.TableFacts.scalars;
import static dev.baton.format.TableFacts.table;
import static dev.baton.format.TableFacts.text;
import static dev.baton.format.TableFacts.union;

import dev.baton.format.TableFacts;
import java.util.Arrays;

/** The facts of {@code runtime_schema.fbs}; those of the nodes are in {@link NodeKind}. */
final class PayloadSchema {
  private PayloadSchema() {}

  private static final TableFacts TENSOR_VALUE =
      table(
          "XNNTensorValue",
          scalar(2, "datatype"),
          scalar(4, "num_dims"),
          scalars(4, "dims"),
          scalar(4, "constant_buffer_idx"),
          scalar(4, "external_id"),
          scalar(4, "flags"),
          scalar(4, "id_out"),
          scalar(2, "dq_datatype"));

  private static final TableFacts QUANTIZED_TENSOR_VALUE =
      table(
          "XNNQuantizedTensorValue",
          one(TENSOR_VALUE, "tensor_value"),
          union(
              "quant_params",
              table(
                  "PerChannelQuant",
                  scalars(4, "scale"),
                  scalar(4, "channel_dim"),
                  scalar(4, "scale_buffer_idx"),
                  scalar(4, "num_scales")),
              table("PerTensorQuant", scalar(4, "scale"), scalar(4, "zero_point")),
              table("PerTokenDynamicQuant", scalar(4, "num_nonbatch_dims")),
              table(
                  "PerChannelGroupQuant",
                  scalars(4, "scale"),
                  scalar(4, "channel_dim"),
                  scalar(4, "group_size"),
                  scalars(2, "scale_bf16"),
                  scalar(4, "scale_buffer_idx"),
                  scalar(4, "num_scales"))));

  private static final TableFacts VALUE =
      table("XValue", union("xvalue_union", TENSOR_VALUE, QUANTIZED_TENSOR_VALUE));

  private static final TableFacts NODE =
      table(
          "XNode",
          union(
              "xnode_union",
              Arrays.stream(NodeKind.values())
                  .map(kind -> kind.form().facts())
                  .toArray(TableFacts[]::new)),
          scalar(4, "debug_handle"),
          one(
              table("OutputMinMax", scalar(4, "output_min"), scalar(4, "output_max")),
              "output_min_max"));

  static final TableFacts GRAPH =
      table(
          "XNNGraph",
          text("version"),
          many(NODE, "xnodes"),
          many(VALUE, "xvalues"),
          scalar(4, "num_externs"),
          scalars(4, "input_ids"),
          scalars(4, "output_ids"),
          many(table("Buffer", blob("storage")), "constant_buffer"),
          scalars(4, "mem_buffer_sizes"),
          many(
              table(
                  "ConstantDataOffset", scalar(8, "offset"), scalar(8, "size"), text("named_key")),
              "constant_data"));
}
