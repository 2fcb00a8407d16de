package dev.baton.xnnpack.ffi;

import dev.baton.xnnpack.ffi.XnnNode.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What XNNPACK calls the operators that it makes of nodes. A name is followed by layout and types
 * in brackets, and by the kind of kernel: {@code Convolution (NHWC, F32) IGEMM}. In the version of
 * 2024 all unary operators have one name, all binary ones, and all that copy.
 */
public final class XnnOperatorNames {
  /** What looks up 8-bit integers in a table, in the place of several elementwise operators. */
  private static final String LOOK_UP = "Invalid Unary Op";

  private static final String ANY_UNARY = "Unary Elementwise";
  private static final String ANY_BINARY = "Binary Elementwise";
  private static final String CONVOLUTION = "Convolution";
  private static final String FULLY_CONNECTED = "Fully Connected";
  private static final String COPY = "Copy";
  private static final String RESHAPE = "Static Reshape";
  private static final String CLAMP = "Clamp";

  private XnnOperatorNames() {}

  /** The name without what follows it. */
  public static String kind(String name) {
    int bracket = name.indexOf(" (");
    return bracket < 0 ? name : name.substring(0, bracket);
  }

  /**
   * The kinds that the operators of a node may have: a set for each operator that it becomes unless
   * XNNPACK does without, in the order in which they run. A product of an image's pixels alone is a
   * fully connected layer to XNNPACK.
   */
  public static List<Set<String>> of(XnnNode node) {
    Set<String> kinds =
        switch (node) {
          case XnnNode.FullyConnected _ -> Set.of(FULLY_CONNECTED, "Dynamic Fully Connected");
          case XnnNode.Convolution _ -> Set.of(CONVOLUTION, FULLY_CONNECTED);
          case XnnNode.DepthwiseConvolution _ -> Set.of(CONVOLUTION);
          case XnnNode.Deconvolution _ -> Set.of("Deconvolution");
          case XnnNode.MaxPooling _ -> Set.of("Max Pooling");
          case XnnNode.AveragePooling _ -> Set.of("Average Pooling");
          case XnnNode.GlobalAveragePooling _ -> Set.of("Mean", "Global Average Pooling");
          case XnnNode.Unary unary -> Set.of(unary(unary.operator()), ANY_UNARY, LOOK_UP);
          case XnnNode.Binary binary -> binary(binary.operator());
          case XnnNode.Prelu _ -> Set.of("PReLU", ANY_BINARY);
          case XnnNode.Softmax _ -> Set.of("Softmax");
          case XnnNode.Transpose _ -> Set.of("Transpose");
          case XnnNode.Copy _, XnnNode.Concatenate _ -> Set.of(COPY);
          case XnnNode.Reshape _ -> Set.of(RESHAPE, COPY);
          case XnnNode.ExpandDims _ -> Set.of("Static Expand Dims", RESHAPE, COPY);
          case XnnNode.SplitDim _ -> Set.of("Split Dims", COPY);
          case XnnNode.FuseDims _ -> Set.of("Fuse Dims", COPY);
          case XnnNode.Slice _ -> Set.of("Slice");
          case XnnNode.Pad _ -> Set.of("Constant Pad");
          case XnnNode.ResizeBilinear _ -> Set.of("Resize Bilinear");
          case XnnNode.BatchMatrixMultiply _ -> Set.of("Batch Matrix Multiply");
          case XnnNode.Reduce reduce -> reduce(reduce.operator());
          case XnnNode.RawUnary _, XnnNode.RawReduce _ -> Set.of();
        };
    List<Set<String>> all = new ArrayList<>(List.of(kinds));
    if (node instanceof XnnNode.Binary binary && !binary.range().equals(Range.ALL)) {
      all.add(Set.of(CLAMP, ANY_UNARY, LOOK_UP));
    }
    return all;
  }

  private static String unary(XnnNode.UnaryOperator operator) {
    return switch (operator) {
      case APPROXGELU -> "ApproxGELU";
      case ELU -> "ELU";
      case GELU -> "GELU";
      case HARDSWISH -> "HardSwish";
      case LEAKY_RELU -> "LeakyReLU";
      case RECIPROCAL_SQUARE_ROOT -> "Reciprocal Square Root";
      case SQUARE_ROOT -> "Square Root";
      case TANH -> "TanH";
      default -> words(operator.name());
    };
  }

  /** XNNPACK squares what is multiplied with itself, and clamps where the other is a number. */
  private static Set<String> binary(XnnNode.BinaryOperator operator) {
    return switch (operator) {
      case MULTIPLY -> Set.of(words(operator.name()), "Square", ANY_BINARY, ANY_UNARY, LOOK_UP);
      case MAXIMUM, MINIMUM ->
          Set.of(words(operator.name()), CLAMP, ANY_BINARY, ANY_UNARY, LOOK_UP);
      default -> Set.of(words(operator.name()), ANY_BINARY, LOOK_UP);
    };
  }

  /** XNNPACK takes the mean where a sum is divided, and squares within where it sums squares. */
  private static Set<String> reduce(XnnNode.ReduceOperator operator) {
    return switch (operator) {
      case SUM -> Set.of("Sum", "Mean", "Sum Squared", "Mean Squared", "Normalize");
      case MEAN -> Set.of("Mean", "Mean Squared");
      case MAX -> Set.of("Reduce Max");
      case MIN -> Set.of("Reduce Min");
    };
  }

  private static String words(String constant) {
    return constant.charAt(0) + constant.substring(1).toLowerCase(Locale.ROOT);
  }
}
