package dev.baton.xnnpack.payload;

import com.google.flatbuffers.IntVector;
import com.google.flatbuffers.Table;
import dev.baton.delegate.DelegateException;
import dev.baton.xnnpack.payload.PayloadNode.Window;
import dev.baton.xnnpack.payload.schema.XNNArgMaxPooling2d;
import dev.baton.xnnpack.payload.schema.XNNELU;
import dev.baton.xnnpack.payload.schema.XNNFullyConnected;
import dev.baton.xnnpack.payload.schema.XNNLeakyReLU;
import dev.baton.xnnpack.payload.schema.XNNScaledDotProductAttention;
import dev.baton.xnnpack.payload.schema.XNNStaticConstantPad;
import dev.baton.xnnpack.payload.schema.XNNStaticReshape;
import dev.baton.xnnpack.payload.schema.XNNStaticResizeBilinear2D;
import dev.baton.xnnpack.payload.schema.XNNStaticSlice;
import dev.baton.xnnpack.payload.schema.XNNStaticTranspose;
import dev.baton.xnnpack.payload.schema.XNode;
import dev.baton.xnnpack.payload.schema._XNNCat;
import dev.baton.xnnpack.payload.schema._XNNNode1x1;
import dev.baton.xnnpack.payload.schema._XNNNode2x1;
import dev.baton.xnnpack.payload.schema._XNNNodeConv;
import dev.baton.xnnpack.payload.schema._XNNPooling2D;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the table of one node. */
final class PayloadNodes {
  static final int MAX_RANK = 6;

  private final NodeKind kind;
  private final String place;

  /**
   * @param place the node, for messages
   */
  PayloadNodes(NodeKind kind, String place) {
    this.kind = kind;
    this.place = place;
  }

  PayloadNode read(XNode node) throws DelegateException {
    return switch (kind.form()) {
      case UNARY -> {
        var t = table(node, new _XNNNode1x1());
        yield new PayloadNode.Unary(id(t.inputId()), id(t.outputId()), flags(t.flags()));
      }
      case BINARY -> {
        var t = table(node, new _XNNNode2x1());
        yield new PayloadNode.Binary(
            id(t.input1Id()), id(t.input2Id()), id(t.outputId()), flags(t.flags()));
      }
      case CONCATENATE -> {
        var t = table(node, new _XNNCat());
        List<Integer> all =
            List.of(
                id(t.input1Id()),
                id(t.input2Id()),
                id(t.input3Id()),
                id(t.input4Id()),
                id(t.input5Id()));
        yield new PayloadNode.Concatenate(
            size("axis", t.axis()), all.subList(0, operands()), id(t.outputId()), flags(t.flags()));
      }
      case FULLY_CONNECTED -> {
        var t = table(node, new XNNFullyConnected());
        yield new PayloadNode.FullyConnected(
            id(t.input1Id()), id(t.filterId()), id(t.biasId()), id(t.outputId()), flags(t.flags()));
      }
      case CONVOLUTION -> {
        var t = table(node, new _XNNNodeConv());
        yield new PayloadNode.Convolution(
            new Window(
                size("padding_top", t.paddingTop()),
                size("padding_right", t.paddingRight()),
                size("padding_bottom", t.paddingBottom()),
                size("padding_left", t.paddingLeft()),
                positive("kernel_height", t.kernelHeight()),
                positive("kernel_width", t.kernelWidth()),
                positive("subsampling_height", t.subsamplingHeight()),
                positive("subsampling_width", t.subsamplingWidth()),
                positive("dilation_height", t.dilationHeight()),
                positive("dilation_width", t.dilationWidth())),
            positive("group_input_channels", t.groupInputChannels()),
            positive("group_output_channels", t.groupOutputChannels()),
            positive("groups", t.groups()),
            size("adjustment_height", t.adjustmentHeight()),
            size("adjustment_width", t.adjustmentWidth()),
            id(t.input1Id()),
            id(t.filterId()),
            id(t.biasId()),
            id(t.outputId()),
            flags(t.flags()));
      }
      case POOLING -> {
        var t = table(node, new _XNNPooling2D());
        yield new PayloadNode.Pooling(
            new Window(
                size("padding_top", t.paddingTop()),
                size("padding_right", t.paddingRight()),
                size("padding_bottom", t.paddingBottom()),
                size("padding_left", t.paddingLeft()),
                positive("pooling_height", t.poolingHeight()),
                positive("pooling_width", t.poolingWidth()),
                positive("stride_height", t.strideHeight()),
                positive("stride_width", t.strideWidth()),
                Math.max(1, size("dilation_height", t.dilationHeight())),
                Math.max(1, size("dilation_width", t.dilationWidth()))),
            id(t.inputId()),
            id(t.outputId()),
            flags(t.flags()));
      }
      case ARG_MAX_POOLING -> {
        var t = table(node, new XNNArgMaxPooling2d());
        int height = positive("pooling_height", t.poolingHeight());
        int width = positive("pooling_width", t.poolingWidth());
        yield new PayloadNode.ArgMaxPooling(
            new Window(
                size("padding_top", t.paddingTop()),
                size("padding_right", t.paddingRight()),
                size("padding_bottom", t.paddingBottom()),
                size("padding_left", t.paddingLeft()),
                height,
                width,
                height,
                width,
                1,
                1),
            id(t.inputId()),
            id(t.outputValueId()),
            id(t.outputIndexId()),
            flags(t.flags()));
      }
      case TRANSPOSE -> {
        var t = table(node, new XNNStaticTranspose());
        yield new PayloadNode.Transpose(
            permutation(sizes("perm", t.permVector(), t.numDims())),
            id(t.inputId()),
            id(t.outputId()),
            flags(t.flags()));
      }
      case RESHAPE -> {
        var t = table(node, new XNNStaticReshape());
        yield new PayloadNode.Reshape(
            sizes("new_shape", t.newShapeVector(), t.numDims()),
            id(t.inputId()),
            id(t.outputId()),
            flags(t.flags()));
      }
      case SLICE -> {
        var t = table(node, new XNNStaticSlice());
        yield new PayloadNode.Slice(
            sizes("offsets", t.offsetsVector(), t.numDims()),
            sizes("sizes", t.sizesVector(), t.numDims()),
            id(t.inputId()),
            id(t.outputId()),
            flags(t.flags()));
      }
      case PAD -> {
        var t = table(node, new XNNStaticConstantPad());
        long rank = t.prePaddingsLength();
        yield new PayloadNode.Pad(
            sizes("pre_paddings", t.prePaddingsVector(), rank),
            sizes("post_paddings", t.postPaddingsVector(), rank),
            t.paddingValue(),
            id(t.inputId()),
            id(t.outputId()),
            flags(t.flags()));
      }
      case RESIZE -> {
        var t = table(node, new XNNStaticResizeBilinear2D());
        yield new PayloadNode.Resize(
            positive("new_height", t.newHeight()),
            positive("new_width", t.newWidth()),
            id(t.inputId()),
            id(t.outputId()),
            flags(t.flags()));
      }
      case ELU -> {
        var t = table(node, new XNNELU());
        yield new PayloadNode.Activation(
            t.alpha(), id(t.inputId()), id(t.outputId()), flags(t.flags()));
      }
      case LEAKY_RELU -> {
        var t = table(node, new XNNLeakyReLU());
        yield new PayloadNode.Activation(
            t.negativeSlope(), id(t.inputId()), id(t.outputId()), flags(t.flags()));
      }
      case ATTENTION -> {
        var t = table(node, new XNNScaledDotProductAttention());
        yield new PayloadNode.Attention(
            id(t.queryId()),
            id(t.keyId()),
            id(t.valueId()),
            id(t.scaleId()),
            id(t.maskId()),
            id(t.outputId()),
            flags(t.flags()));
      }
    };
  }

  private int operands() {
    return switch (kind) {
      case CONCATENATE_2 -> 2;
      case CONCATENATE_3 -> 3;
      case CONCATENATE_4 -> 4;
      case CONCATENATE_5 -> 5;
      default -> throw new IllegalStateException(kind.label());
    };
  }

  private <T extends Table> T table(XNode node, T into) throws DelegateException {
    if (node.xnodeUnion(into) == null) {
      throw damaged("has no table");
    }
    return into;
  }

  private static int id(long id) {
    return (int) id;
  }

  private static int flags(long flags) {
    return (int) flags;
  }

  private int size(String field, long value) throws DelegateException {
    if (value > Integer.MAX_VALUE) {
      throw damaged(field + " is " + value + ", expected " + Integer.MAX_VALUE + " or less");
    }
    return (int) value;
  }

  private int positive(String field, long value) throws DelegateException {
    if (value == 0) {
      throw damaged(field + " is 0, expected 1 or more");
    }
    return size(field, value);
  }

  private int[] sizes(String field, @Nullable IntVector values, long count)
      throws DelegateException {
    int length = values == null ? 0 : values.length();
    if (length != count || count > MAX_RANK) {
      throw damaged(
          "%s has %d items for %d dimensions, expected as many, and %d or fewer"
              .formatted(field, length, count, MAX_RANK));
    }
    int[] sizes = new int[length];
    for (int i = 0; values != null && i < length; i++) {
      sizes[i] = size(field, values.getAsUnsigned(i));
    }
    return sizes;
  }

  private int[] permutation(int[] dims) throws DelegateException {
    if (!Permutations.isPermutation(dims)) {
      throw damaged("perm is no permutation");
    }
    return dims;
  }

  private DelegateException damaged(String problem) {
    return Failures.damaged(place + " " + problem);
  }
}
