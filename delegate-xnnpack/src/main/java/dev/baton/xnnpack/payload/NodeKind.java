package dev.baton.xnnpack.payload;

import static dev.baton.format.TableFacts.scalar;
import static dev.baton.format.TableFacts.scalars;
import static dev.baton.format.TableFacts.table;

import dev.baton.format.TableFacts;
import dev.baton.format.TableFacts.Entry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Every kind of node that a payload may hold, in the order of the union that tells them apart. */
enum NodeKind {
  ADD("XNNAdd", Form.BINARY, "aten::add.Tensor", true),
  FULLY_CONNECTED("XNNFullyConnected", Form.FULLY_CONNECTED, "aten::linear", true, Flag.TRANSPOSE),
  SOFTMAX("XNNSoftmax", Form.UNARY, "aten::_softmax"),
  SIGMOID("XNNSigmoid", Form.UNARY, "aten::sigmoid"),
  STATIC_TRANSPOSE("XNNStaticTranspose", Form.TRANSPOSE, "aten::permute_copy"),
  CLAMP("XNNClamp", Form.UNARY, null, true),
  CONV_2D("XNNConv2d", Form.CONVOLUTION, "aten::convolution", true, Flag.SAME_PADDING),
  DIV("XNNDiv", Form.BINARY, "aten::div.Tensor", true),
  STATIC_RESIZE_BILINEAR_2D(
      "XNNStaticResizeBilinear2D",
      Form.RESIZE,
      "aten::upsample_bilinear2d.vec",
      false,
      Flag.ALIGN_CORNERS | Flag.FROM_CORNER),
  STATIC_CONSTANT_PAD("XNNStaticConstantPad", Form.PAD, "aten::constant_pad_nd"),
  AVG_POOLING_2D(
      "XNNAvgPooling2d",
      Form.POOLING,
      "aten::avg_pool2d",
      true,
      Flag.KEEP_DIMS | Flag.SAME_PADDING),
  MINIMUM("XNNMinimum", Form.BINARY, "aten::minimum"),
  DEPTHWISE_CONV_2D(
      "XNNDepthwiseConv2d", Form.CONVOLUTION, "aten::convolution", true, Flag.SAME_PADDING),
  MAX_POOLING_2D(
      "XNNMaxPooling2d",
      Form.POOLING,
      "aten::max_pool2d_with_indices",
      true,
      Flag.KEEP_DIMS | Flag.SAME_PADDING),
  MULTIPLY("XNNMultiply", Form.BINARY, "aten::mul.Tensor", true),
  SUBTRACT("XNNSubtract", Form.BINARY, "aten::sub.Tensor", true),
  FLOOR("XNNFloor", Form.UNARY, "aten::floor"),
  CONVERT("XNNConvert", Form.UNARY, null, false, Flag.PACKED),
  GLOBAL_AVG_POOLING_2D(
      "XNNGlobalAvgPooling2d", Form.UNARY, "aten::mean.dim", true, Flag.KEEP_DIMS),
  STATIC_RESHAPE("XNNStaticReshape", Form.RESHAPE, "aten::view_copy"),
  ARG_MAX_POOLING_2D(
      "XNNArgMaxPooling2d",
      Form.ARG_MAX_POOLING,
      "aten::max_pool2d_with_indices",
      false,
      Flag.KEEP_DIMS),
  SQUARE_ROOT("XNNSquareRoot", Form.UNARY, "aten::sqrt"),
  CEILING("XNNCeiling", Form.UNARY, "aten::ceil"),
  HARDSWISH("XNNHardswish", Form.UNARY, "aten::hardswish"),
  LEAKY_RELU("XNNLeakyReLU", Form.LEAKY_RELU, "aten::leaky_relu"),
  MAXIMUM("XNNMaximum", Form.BINARY, "aten::maximum"),
  NEGATE("XNNNegate", Form.UNARY, "aten::neg"),
  SQUARE("XNNSquare", Form.UNARY, "aten::pow.Tensor_Scalar"),
  ELU("XNNELU", Form.ELU, "aten::elu"),
  ABS("XNNAbs", Form.UNARY, "aten::abs"),
  PRELU("XNNPReLU", Form.BINARY, "aten::prelu"),
  CONCATENATE_2("XNNConcatenate2", Form.CONCATENATE, "aten::cat"),
  CONCATENATE_3("XNNConcatenate3", Form.CONCATENATE, "aten::cat"),
  CONCATENATE_4("XNNConcatenate4", Form.CONCATENATE, "aten::cat"),
  STATIC_SLICE("XNNStaticSlice", Form.SLICE, "aten::slice_copy.Tensor"),
  SCALED_DOT_PRODUCT_ATTENTION(
      "XNNScaledDotProductAttention", Form.ATTENTION, "aten::scaled_dot_product_attention"),
  BATCH_MATRIX_MULTIPLY("XNNBatchMatrixMultiply", Form.BINARY, "aten::bmm", false, Flag.TRANSPOSE),
  CONCATENATE_5("XNNConcatenate5", Form.CONCATENATE, "aten::cat"),
  CONV_TRANSPOSE_2D("XNNConvTranspose2d", Form.CONVOLUTION, "aten::convolution", true),
  RECIPROCAL_SQUARE_ROOT("XNNReciprocalSquareRoot", Form.UNARY, "aten::rsqrt"),
  LOG("XNNLog", Form.UNARY, "aten::log"),
  /** The exporter writes this for both approximations; the runtime computes the exact one. */
  GELU("XNNGelu", Form.UNARY, "aten::gelu"),
  TANH("XNNTanh", Form.UNARY, "aten::tanh"),
  EXP("XNNExp", Form.UNARY, "aten::exp"),
  SIN("XNNSin", Form.UNARY, "aten::sin"),
  COPY("XNNCopy", Form.UNARY, "aten::alias_copy"),
  COS("XNNCos", Form.UNARY, "aten::cos");

  /** Bits of a node's flags that have a meaning here. */
  static final class Flag {
    private Flag() {}

    /** The second operand, or the filter, is stored transposed. */
    static final int TRANSPOSE = 0x1;

    /** As much padding as gives one result for each stride begun: TensorFlow's "SAME". */
    static final int SAME_PADDING = 0x4;

    /** Pixel centres are where corners should be: TensorFlow's oldest way to resize. */
    static final int FROM_CORNER = 0x4;

    static final int ALIGN_CORNERS = 0x8;
    static final int KEEP_DIMS = 0x40;

    /** A hint to store the result as some kernels like it. */
    static final int PACKED = 0x100;
  }

  /** The tables in which nodes are stored. */
  enum Form {
    UNARY("_XNNNode1x1", u32s("input_id", "output_id", "flags")),
    BINARY("_XNNNode2x1", u32s("input1_id", "input2_id", "output_id", "flags")),
    CONCATENATE(
        "_XNNCat",
        u32s(
            "axis",
            "input1_id",
            "input2_id",
            "input3_id",
            "input4_id",
            "output_id",
            "flags",
            "input5_id")),
    FULLY_CONNECTED(
        "XNNFullyConnected", u32s("input1_id", "filter_id", "bias_id", "output_id", "flags")),
    CONVOLUTION(
        "_XNNNodeConv",
        u32s(
            "padding_top",
            "padding_right",
            "padding_bottom",
            "padding_left",
            "kernel_height",
            "kernel_width",
            "subsampling_height",
            "subsampling_width",
            "dilation_height",
            "dilation_width",
            "group_input_channels",
            "group_output_channels",
            "groups",
            "adjustment_height",
            "adjustment_width",
            "input1_id",
            "filter_id",
            "bias_id",
            "output_id",
            "flags")),
    POOLING(
        "_XNNPooling2D",
        u32s(
            "padding_top",
            "padding_right",
            "padding_bottom",
            "padding_left",
            "pooling_height",
            "pooling_width",
            "stride_height",
            "stride_width",
            "dilation_height",
            "dilation_width",
            "input_id",
            "output_id",
            "flags")),
    ARG_MAX_POOLING(
        "XNNArgMaxPooling2d",
        u32s(
            "padding_top",
            "padding_right",
            "padding_bottom",
            "padding_left",
            "pooling_height",
            "pooling_width",
            "input_id",
            "output_value_id",
            "output_index_id",
            "flags")),
    TRANSPOSE(
        "XNNStaticTranspose",
        List.of(scalar(4, "num_dims"), scalars(4, "perm")),
        u32s("input_id", "output_id", "flags")),
    RESHAPE(
        "XNNStaticReshape",
        List.of(scalar(4, "num_dims"), scalars(4, "new_shape")),
        u32s("input_id", "output_id", "flags")),
    SLICE(
        "XNNStaticSlice",
        List.of(scalar(4, "num_dims"), scalars(4, "offsets"), scalars(4, "sizes")),
        u32s("input_id", "output_id", "flags")),
    PAD(
        "XNNStaticConstantPad",
        List.of(
            scalars(4, "pre_paddings"), scalars(4, "post_paddings"), scalar(4, "padding_value")),
        u32s("input_id", "output_id", "flags")),
    RESIZE(
        "XNNStaticResizeBilinear2D",
        u32s("new_height", "new_width", "input_id", "output_id", "flags")),
    ELU("XNNELU", u32s("alpha", "input_id", "output_id", "flags")),
    LEAKY_RELU("XNNLeakyReLU", u32s("negative_slope", "input_id", "output_id", "flags")),
    ATTENTION(
        "XNNScaledDotProductAttention",
        u32s("query_id", "key_id", "value_id", "scale_id", "mask_id", "output_id", "flags"));

    private final TableFacts facts;

    @SafeVarargs
    Form(String table, List<Entry>... entries) {
      List<Entry> all = new ArrayList<>();
      for (List<Entry> some : entries) {
        all.addAll(some);
      }
      this.facts = table(table, all.toArray(Entry[]::new));
    }

    private static List<Entry> u32s(String... names) {
      return List.of(names).stream().map(name -> scalar(4, name)).toList();
    }

    TableFacts facts() {
      return facts;
    }
  }

  private static final List<NodeKind> KINDS = List.of(values());

  private final String label;
  private final Form form;
  private final @Nullable String operator;
  private final boolean clamped;
  private final int knownFlags;

  NodeKind(String label, Form form, @Nullable String operator) {
    this(label, form, operator, false);
  }

  NodeKind(String label, Form form, @Nullable String operator, boolean clamped) {
    this(label, form, operator, clamped, 0);
  }

  NodeKind(String label, Form form, @Nullable String operator, boolean clamped, int knownFlags) {
    this.label = label;
    this.form = form;
    this.operator = operator;
    this.clamped = clamped;
    this.knownFlags = knownFlags;
  }

  /** The kind of a union type, which is 1 for the first; null if there is none. */
  static @Nullable NodeKind ofUnionType(int type) {
    return type >= 1 && type <= KINDS.size() ? KINDS.get(type - 1) : null;
  }

  int unionType() {
    return ordinal() + 1;
  }

  /** The schema's name. */
  String label() {
    return label;
  }

  Form form() {
    return form;
  }

  /**
   * The operator that the node is written as.
   *
   * @throws IllegalStateException if the node is none by itself
   */
  String operator() {
    if (operator == null) {
      throw new IllegalStateException(label + " is no operator by itself");
    }
    return operator;
  }

  /** True if the runtime clamps the node's output to its {@code output_min_max}. */
  boolean clamped() {
    return clamped;
  }

  int knownFlags() {
    return knownFlags;
  }
}
