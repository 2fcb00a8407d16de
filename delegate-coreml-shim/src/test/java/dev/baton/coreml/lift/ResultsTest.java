package dev.baton.coreml.lift;

import static dev.baton.coreml.lift.MilModel.floats;
import static dev.baton.coreml.lift.MilModel.ints;
import static dev.baton.coreml.lift.MilModel.number;
import static dev.baton.coreml.lift.MilModel.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.coreml.CoreMlDelegate;
import dev.baton.coreml.lift.MilModel.Array;
import dev.baton.coreml.mil.MilType.Element;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadBudget;
import dev.baton.tck.ProgramBuilder;
import dev.baton.tck.ProgramBuilder.Slot;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What operations compute, from payload to result. Expected numbers are those that coremltools
 * states for its operators, or PyTorch's.
 */
final class ResultsTest {
  private static final String IOS15 = "CoreML5";
  private static final String IOS16 = "CoreML6";
  private static final String IOS17 = "CoreML7";
  private static final String IOS18 = "CoreML8";

  private static int[] sizes(int... sizes) {
    return sizes;
  }

  /** An input of the model. */
  private static Array in(int[] sizes, float... data) {
    return new Array(true, Element.FP32, sizes, data);
  }

  private static Array intsIn(int[] sizes, int... data) {
    return new Array(true, Element.INT32, sizes, data);
  }

  private static float[] count(int count) {
    float[] all = new float[count];
    IntStream.range(0, count).forEach(i -> all[i] = i);
    return all;
  }

  /** Arguments: names and arrays in turn. */
  private static Map<String, Object> with(Object... pairs) {
    Map<String, Object> arguments = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      arguments.put((String) pairs[i], pairs[i + 1]);
    }
    return arguments;
  }

  private static void gives(
      String opset, String operator, Map<String, ?> arguments, int[] sizes, float... expected) {
    assertArrayEquals(
        expected, run(opset, operator, arguments, Element.FP32, sizes, sizes), 1e-5f, operator);
  }

  private static void givesInts(
      String opset, String operator, Map<String, ?> arguments, int[] sizes, float... expected) {
    assertArrayEquals(
        expected, run(opset, operator, arguments, Element.INT32, sizes, sizes), operator);
  }

  private static String refusal(
      String opset, String operator, Map<String, ?> arguments, int[] sizes) {
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> run(opset, operator, arguments, Element.FP32, sizes, sizes));
    return String.valueOf(e.getMessage());
  }

  /** Runs a model of one operation. */
  private static float[] run(
      String opset,
      String operator,
      Map<String, ?> arguments,
      Element element,
      int[] declared,
      int[] sizes) {
    MilModel model = new MilModel(opset);
    Map<String, Array> inputs = new LinkedHashMap<>();
    arguments.forEach((name, value) -> {
      if (value instanceof Array array && array.input()) {
        inputs.put(name, array);
        model.input(name, array.element(), array.dims());
      }
    });
    model.operation(operator, "result", element, declared, arguments);
    return run(model, inputs, element, declared, sizes);
  }

  private static DType dtype(Element element) {
    return element == Element.INT32 ? DType.INT32 : DType.FLOAT;
  }

  private static boolean varies(int[] dims) {
    return Arrays.stream(dims).anyMatch(d -> d < 0);
  }

  private static int[] bounds(int[] dims) {
    return Arrays.stream(dims).map(Math::abs).toArray();
  }

  /**
   * @param declared of the result; where a size varies, the greatest, negative
   * @param sizes of the result of this run
   */
  static float[] run(
      MilModel model, Map<String, Array> inputs, Element element, int[] declared, int[] sizes) {
    return run(model.payload(), inputs, element, declared, sizes);
  }

  private static float[] run(
      byte[] payload, Map<String, Array> inputs, Element element, int[] declared, int[] sizes) {
    byte[] file =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  List<Slot> ins = new ArrayList<>();
                  inputs
                      .values()
                      .forEach(array ->
                          ins.add(
                              varies(array.dims())
                                  ? m.dynamicInput(dtype(array.element()), bounds(array.dims()))
                                  : m.input(dtype(array.element()), array.dims())));
                  Slot out =
                      varies(declared)
                          ? m.dynamicTensor(dtype(element), bounds(declared))
                          : m.tensor(dtype(element), sizes);
                  m.delegate(CoreMlDelegate.PAYLOAD_ID, payload, ins, List.of(out));
                  m.output(out);
                })
            .toBytes();
    try (Program program = Program.of(MemorySegment.ofArray(file), ReadBudget.defaults());
        ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.javaOnly());
        Execution execution = method.newExecution()) {
      int i = 0;
      for (Array array : inputs.values()) {
        execution.setInput(i++, tensor(array));
      }
      execution.run();
      Tensor result = execution.output(0).toTensor();
      assertArrayEquals(
          Arrays.stream(sizes).asLongStream().toArray(), result.shape(), "sizes of the result");
      float[] all = new float[(int) result.numel()];
      for (int k = 0; k < all.length; k++) {
        all[k] =
            result.dtype() == DType.FLOAT
                ? result.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, k)
                : result.data().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, k);
      }
      return all;
    }
  }

  private static Tensor tensor(Array array) {
    int length = array.data() instanceof float[] f ? f.length : ((int[]) array.data()).length;
    int known = Arrays.stream(array.dims()).filter(d -> d >= 0).reduce(1, (a, b) -> a * b);
    long[] shape = Arrays.stream(array.dims()).mapToLong(d -> d < 0 ? length / known : d).toArray();
    return array.data() instanceof float[] floats
        ? Tensor.fromBlob(floats, shape)
        : Tensor.fromBlob((int[]) array.data(), shape);
  }

  // Resizing

  @Test
  void nearestPixelsAreThoseOfCentres() {
    gives(
        IOS17,
        "resize",
        with(
            "x", in(sizes(1, 1, 1, 2, 1), -6.174f, 9.371f),
            "shape", ints(1, 1, 3, 2),
            "resized_dims", number(2),
            "interpolation_mode", text("NEAREST_NEIGHBOR"),
            "sampling_mode", text("DEFAULT")),
        sizes(1, 1, 1, 3, 2),
        -6.174f,
        -6.174f,
        9.371f,
        9.371f,
        9.371f,
        9.371f);
  }

  @Test
  void nearestBySizeIsAsHalfPixelCentresHaveIt() {
    gives(
        IOS15,
        "resize_nearest_neighbor",
        with(
            "x", in(sizes(1, 2, 1), 1, 2),
            "target_size_height", number(3),
            "target_size_width", number(1)),
        sizes(1, 3, 1),
        1,
        2,
        2);
  }

  @Test
  void nearestBetweenCorners() {
    gives(
        IOS17,
        "resize",
        with(
            "x", in(sizes(1, 4, 1), 1, 2, 3, 4),
            "shape", ints(2, 0),
            "resized_dims", number(2),
            "interpolation_mode", text("NEAREST_NEIGHBOR"),
            "sampling_mode", text("STRICT_ALIGN_CORNERS")),
        sizes(1, 2, 1),
        1,
        4);
  }

  @Test
  void onlyTheResizedDimensionsAreTaken() {
    gives(
        IOS17,
        "resize",
        with(
            "x", in(sizes(1, 1, 2), 0, 1),
            "shape", ints(1, 1, 5),
            "resized_dims", number(2),
            "interpolation_mode", text("LINEAR"),
            "sampling_mode", text("DEFAULT")),
        sizes(1, 1, 5),
        0,
        0.4f,
        0.8f,
        1,
        1);
    gives(
        IOS17,
        "resize",
        with(
            "x", in(sizes(1, 1, 1, 2), 0, 1),
            "shape", ints(3, 1, 5),
            "resized_dims", number(2),
            "interpolation_mode", text("LINEAR"),
            "sampling_mode", text("DEFAULT")),
        sizes(1, 1, 1, 5),
        0,
        0.4f,
        0.8f,
        1,
        1);
  }

  @ParameterizedTest
  @CsvSource({
    "UNALIGN_CORNERS, '0 0.1 0.5 0.9 1'",
    "STRICT_ALIGN_CORNERS, '0 0.25 0.5 0.75 1'",
    "ALIGN_CORNERS, '0 0.25 0.5 0.75 1'",
    "DEFAULT, '0 0.4 0.8 1 1'",
    "OFFSET_CORNERS, '0.1 0.3 0.5 0.7 0.9'",
    "ALIGN_CORNERS, '0.5'",
    "STRICT_ALIGN_CORNERS, '0'",
    "DEFAULT, '0'"
  })
  void linearSamplingModes(String mode, String expected) {
    float[] points = numbers(expected);
    gives(
        IOS15,
        "resize_bilinear",
        with(
            "x", in(sizes(1, 1, 2), 0, 1),
            "target_size_height", number(1),
            "target_size_width", number(points.length),
            "sampling_mode", text(mode)),
        sizes(1, 1, points.length),
        points);
  }

  // Sizes that vary

  @Test
  void poolsOfRowsHaveTheirRank() {
    for (String pool : List.of("max_pool", "avg_pool")) {
      float[] expected = pool.equals("max_pool") ? numbers("2 4 4 6") : numbers("1.5 3 3 5");
      assertArrayEquals(
          expected,
          run(
              IOS17,
              pool,
              with(
                  "x", in(sizes(1, 2, -8), 1, 2, 4, 2, 4, 6),
                  "kernel_sizes", ints(2),
                  "strides", ints(1),
                  "pad_type", text("valid")),
              Element.FP32,
              sizes(1, 2, -7),
              sizes(1, 2, 2)));
    }
  }

  @Test
  void mirroredBordersHaveTheirRank() {
    assertArrayEquals(
        numbers("5 4 5 6 5 2 1 2 3 2 5 4 5 6 5"),
        run(
            IOS17,
            "pad",
            with(
                "x",
                in(sizes(2, -8), 1, 2, 3, 4, 5, 6),
                "pad",
                ints(1, 0, 1, 1),
                "mode",
                text("reflect")),
            Element.FP32,
            sizes(3, -10),
            sizes(3, 5)));
  }

  @Test
  void aPlaceThatIsComputedHasNoDimension() {
    assertArrayEquals(
        numbers("3 4"),
        run(
            IOS17,
            "slice_by_index",
            with(
                "x", in(sizes(-8, 2), 1, 2, 3, 4, 5, 6),
                "begin", intsIn(sizes(2), 1, 0),
                "end", intsIn(sizes(2), 2, 2),
                "begin_mask", MilModel.flags(false, true),
                "end_mask", MilModel.flags(false, true),
                "squeeze_mask", MilModel.flags(true, false)),
            Element.FP32,
            sizes(2),
            sizes(2)));
  }

  // What results are declared

  @Test
  void whatIsOnlyAsLargeAsDeclaredIsRefused() {
    Map<String, Object> arguments =
        with("x", in(sizes(2, 3), 1, 2, 3, 4, 5, 6), "perm", ints(1, 0));
    gives(IOS17, "transpose", arguments, sizes(3, 2), 1, 4, 2, 5, 3, 6);
    String refusal = refusal(IOS17, "transpose", arguments, sizes(2, 3));
    assertTrue(refusal.contains("declares fp32[2, 3], its arguments give [3, 2]"), refusal);
  }

  @Test
  void dimensionsOfOneComeAndGo() {
    gives(
        IOS17,
        "transpose",
        with("x", in(sizes(1, 3), 1, 2, 3), "perm", ints(1, 0)),
        sizes(1, 3),
        1,
        2,
        3);
  }

  // Sums

  @ParameterizedTest
  @CsvSource({"false, '0 1 Infinity'", "true, 'Infinity 2 0'"})
  void exclusiveSumsSubtractNothing(boolean reverse, String expected) {
    float[] x = numbers("1 Infinity 2");
    gives(
        IOS15,
        "cumsum",
        with(
            "x", in(sizes(3, 1), x),
            "axis", number(0),
            "exclusive", MilModel.flag(true),
            "reverse", MilModel.flag(reverse)),
        sizes(3, 1),
        numbers(expected));
  }

  // Sizes of 0

  @Test
  void zerosMatchFromTheLastDimension() {
    Map<String, Object> arguments =
        with("x", in(sizes(2, 3), 1, 2, 3, 4, 5, 6), "shape", ints(1, 0, -1, 0));
    gives(IOS17, "reshape", arguments, sizes(1, 1, 2, 3), 1, 2, 3, 4, 5, 6);
    assertTrue(refusal(IOS16, "reshape", arguments, sizes(1, 1, 2, 3)).contains("reshape"));
  }

  // Convolutions

  @ParameterizedTest
  @CsvSource({
    "0, 0, '1 2 5 4 9 6 9'",
    "3, 0, '4 9 6 9'",
    "0, 3, '1 2 5 4'",
    "1, 2, '2 5 4 9'",
    "2, 1, '5 4 9 6'"
  })
  void transposedConvolutionsAreCutOnBothSides(int before, int after, String expected) {
    float[] points = numbers(expected);
    gives(
        IOS15,
        "conv_transpose",
        with(
            "x", in(sizes(1, 1, 3), 1, 2, 3),
            "weight", floats(sizes(1, 1, 3), 1, 2, 3),
            "strides", ints(2),
            "pad_type", text("custom"),
            "pad", ints(before, after)),
        sizes(1, 1, points.length),
        points);
  }

  // Weights

  @Test
  void aTableMayBeQuantizedItself() {
    int entries = 2048;
    int[] table = new int[entries];
    Arrays.setAll(table, i -> i % 100);
    MilModel model = new MilModel(IOS18);
    model.input("x", Element.FP32, 1);
    model.operation(
        "constexpr_blockwise_shift_scale",
        "table",
        Element.FP32,
        sizes(8, 256, 1),
        with(
            "data", MilModel.bytes(Element.INT8, sizes(8, 256, 1), table),
            "scale", floats(sizes(1, 1, 1), 0.5f)));
    model.operation(
        "constexpr_lut_to_dense",
        "weight",
        Element.FP32,
        sizes(8),
        with(
            "indices",
            MilModel.bytes(Element.UINT8, sizes(8), 0, 1, 2, 3, 4, 5, 6, 7),
            "lut",
            new MilModel.Result("table")));
    model.operation(
        "add",
        "result",
        Element.FP32,
        sizes(8),
        with("x", in(sizes(1), 0), "y", new MilModel.Result("weight")));
    float[] expected = new float[8];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (i * 256 + i) % 100 * 0.5f;
    }
    Map<String, Array> inputs = Map.of("x", in(sizes(1), 0));
    assertArrayEquals(
        expected, run(model, inputs, Element.FP32, sizes(8), sizes(8)), "from the table");
  }

  // What lies

  @Test
  void descriptionsOfNothingAreDamaged() {
    MilModel model = new MilModel(IOS17);
    model.input("x", Element.FP32, 1);
    model.operation("relu", "result", Element.FP32, sizes(1), with("x", in(sizes(1), 0)));
    Map<String, Array> inputs = Map.of("x", in(sizes(1), 0));
    for (byte[] payload :
        List.of(
            model.payload("null", MilModel.MANIFEST),
            model.payload(model.metadata(), "null"),
            "CMJRnull".getBytes(java.nio.charset.StandardCharsets.US_ASCII))) {
      BatonException e =
          assertThrows(
              BatonException.class, () -> run(payload, inputs, Element.FP32, sizes(1), sizes(1)));
      assertTrue(String.valueOf(e.getMessage()).contains("is no JSON object"), e::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gather_nd", "scatter_nd"})
  void placesHaveAtMostTheRank(String operator) {
    MilModel model = new MilModel(IOS17);
    Map<String, Array> inputs = Map.of("x", in(sizes(2), 1, 2));
    model.input("x", Element.FP32, 2);
    model.operation(
        "fill",
        "places",
        Element.INT32,
        sizes(1, 50_000_000),
        with("shape", ints(1, 50_000_000), "value", number(0)));
    Map<String, Object> arguments = with("indices", new MilModel.Result("places"));
    arguments.put(operator.equals("gather_nd") ? "x" : "data", new MilModel.Result("x"));
    arguments.put("updates", floats(sizes(1), 1));
    model.operation(operator, "result", Element.FP32, sizes(1), arguments);
    BatonException e =
        assertThrows(
            BatonException.class, () -> run(model, inputs, Element.FP32, sizes(1), sizes(1)));
    assertTrue(String.valueOf(e.getMessage()).contains("places of 50000000"), e::toString);
  }

  @Test
  void aPayloadWritesAsMuchAsItIsLarge() {
    MilModel model = new MilModel(IOS17);
    Map<String, Array> inputs = Map.of("x", in(sizes(1, 1, 1, 1), 1));
    model.input("x", Element.FP32, 1, 1, 1, 1);
    Object x = new MilModel.Result("x");
    for (int i = 0; i < 100; i++) {
      model.operation(
          "local_response_norm",
          "y" + i,
          Element.FP32,
          sizes(1, 1, 1, 1),
          with("x", x, "size", number(1000)));
      x = new MilModel.Result("y" + i);
    }
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> run(model, inputs, Element.FP32, sizes(1, 1, 1, 1), sizes(1, 1, 1, 1)));
    assertTrue(String.valueOf(e.getMessage()).contains("more operators than"), e::toString);
  }

  private static float[] numbers(String text) {
    String[] all = text.split(" ");
    float[] numbers = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      numbers[i] = Float.parseFloat(all[i]);
    }
    return numbers;
  }
}
