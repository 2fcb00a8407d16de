package dev.baton.coreml.lift;

import static dev.baton.coreml.lift.MilModel.floats;
import static dev.baton.coreml.lift.MilModel.ints;
import static dev.baton.coreml.lift.MilModel.number;
import static dev.baton.coreml.lift.MilModel.text;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
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
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
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
    byte[] file = program(payload, inputs.values(), element, declared, sizes);
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

  /** A program of one call. */
  private static byte[] program(
      byte[] payload, Collection<Array> inputs, Element element, int[] declared, int[] sizes) {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              List<Slot> ins = new ArrayList<>();
              inputs.forEach(array ->
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

  /** Weights of an operation, which are added to zero. */
  private static void weights(
      String operator, Map<String, Object> arguments, int[] sizes, float... expected) {
    MilModel model = new MilModel(IOS18);
    model.input("x", Element.FP32, 1);
    model.operation(operator, "weight", Element.FP32, sizes, arguments);
    model.operation(
        "add",
        "result",
        Element.FP32,
        sizes,
        with("x", in(sizes(1), 0), "y", new MilModel.Result("weight")));
    Map<String, Array> inputs = Map.of("x", in(sizes(1), 0));
    assertArrayEquals(expected, run(model, inputs, Element.FP32, sizes, sizes), operator);
  }

  @Test
  void tablesByGroups() {
    weights(
        "constexpr_lut_to_dense",
        with(
            "indices",
                MilModel.bytes(Element.UINT8, sizes(6, 2), 2, 3, 3, 0, 1, 0, 3, 0, 2, 1, 0, 3),
            "lut", floats(sizes(2, 1, 4, 1), 1, 5, 9, 13, 2, 10, 18, 26)),
        sizes(6, 2),
        numbers("9 13 13 1 5 1 26 2 18 10 2 26"));
  }

  @ParameterizedTest
  @CsvSource({
    "0, '12 24 30 39 127 127 127 127 13 25 31 40 127 127 127 127 14 26 32 41 127 127 127 127"
        + " 39 93 51 21 127 127 127 127 40 94 52 22 127 127 127 127 41 95 53 23 127 127 127 127'",
    "1, '12 24 13 25 14 26 30 39 31 40 32 41 127 127 127 127 127 127 127 127 127 127 127 127"
        + " 39 93 40 94 41 95 51 21 52 22 53 23 127 127 127 127 127 127 127 127 127 127 127 127'"
  })
  void tablesOfVectors(int axis, String expected) {
    float[] table = count(2 * 256 * 3);
    for (int i = 128; i < table.length; i++) {
      table[i] = 127;
    }
    weights(
        "constexpr_lut_to_dense",
        with(
            "indices",
                MilModel.bytes(
                    Element.UINT8,
                    sizes(2, 4, 2),
                    4,
                    8,
                    10,
                    13,
                    24,
                    5,
                    6,
                    9,
                    13,
                    31,
                    17,
                    7,
                    2,
                    8,
                    3,
                    1),
            "lut", floats(sizes(1, 2, 1, 256, 3), table),
            "vector_axis", number(axis)),
        axis == 0 ? sizes(6, 4, 2) : sizes(2, 12, 2),
        numbers(expected));
  }

  @Test
  void blocksWithOffsets() {
    weights(
        "constexpr_blockwise_shift_scale",
        with(
            "data", MilModel.bytes(Element.INT8, sizes(1, 2, 4), 4, 8, 10, 13, 24, 5, 6, 9),
            "scale", floats(sizes(1, 1, 2), 4, 8),
            "offset", MilModel.bytes(Element.INT8, sizes(1, 1, 2), 4, 0)),
        sizes(1, 2, 4),
        numbers("0 16 80 104 80 4 48 72"));
    // four bits each, the first in the lowest
    weights(
        "constexpr_blockwise_shift_scale",
        with(
            "data", MilModel.bytes(Element.INT4, sizes(1, 2, 4), 0x04, 0x08, 0x0a, 0x0d),
            "scale", floats(sizes(1, 2, 1), 4, 8),
            "offset", MilModel.bytes(Element.INT4, sizes(1, 2, 1), 0x04)),
        sizes(1, 2, 4),
        numbers("0 -16 -48 -16 -48 0 -24 0"));
  }

  /** Weights of 4 MiB in few bytes. */
  private static byte[] unpacked() {
    int[] none = new int[1 << 17];
    MilModel model = new MilModel(IOS18);
    model.input("x", Element.FP32, 1);
    model.operation(
        "constexpr_lut_to_dense",
        "weight",
        Element.FP32,
        sizes(1 << 20),
        with(
            "indices", MilModel.bytes(Element.UINT1, sizes(1 << 20), none),
            "lut", floats(sizes(1, 2, 1), 1, 2)));
    model.operation(
        "add",
        "result",
        Element.FP32,
        sizes(1 << 20),
        with("x", in(sizes(1), 0), "y", new MilModel.Result("weight")));
    return program(
        model.payload(), List.of(in(sizes(1), 0)), Element.FP32, sizes(1 << 20), sizes(1 << 20));
  }

  @Test
  void unpackedWeightsAreCounted() {
    byte[] file = unpacked();
    try (Program program = Program.of(MemorySegment.ofArray(file), ReadBudget.defaults())) {
      try (ModelMethod method = ModelMethod.load(program, "forward", LoadOptions.javaOnly())) {
        assertTrue(method.constantBytes() >= 4 << 20, () -> method.constantBytes() + " bytes");
      }
      LoadOptions few = LoadOptions.javaOnly().withMaxMemoryBytes(3 << 20);
      BatonException e =
          assertThrows(
              BatonException.class, () -> ModelMethod.load(program, "forward", few).close());
      assertTrue(e.getMessage().contains("4194304 bytes of weights"), e::getMessage);
    }
  }

  // Quantized activations

  @Test
  void numbersAreQuantizedAndBack() {
    MilModel model = new MilModel(IOS17);
    model.input("input", Element.FP32, 2, 2);
    model.operation(
        "quantize",
        "q",
        Element.UINT8,
        sizes(2, 2),
        with(
            "input", in(sizes(2, 2), -1, 0, 1, 2),
            "scale", floats(sizes(2), 0.1f, 0.01f),
            "zero_point", MilModel.bytes(Element.UINT8, sizes(2), 10, 0),
            "axis", number(0),
            "output_dtype", text("uint8")));
    model.operation(
        "dequantize",
        "result",
        Element.FP32,
        sizes(2, 2),
        with("input", new MilModel.Result("q"), "scale", number(1f)));
    Map<String, Array> inputs = Map.of("input", in(sizes(2, 2), -1, 0, 1, 2));
    assertArrayEquals(
        numbers("0 10 100 200"), run(model, inputs, Element.FP32, sizes(2, 2), sizes(2, 2)));
  }

  @Test
  void constantsAreDequantized() {
    weights(
        "dequantize",
        with(
            "input", MilModel.bytes(Element.UINT8, sizes(2, 3), 1, 2, 3, 1, 2, 3),
            "scale", number(2f),
            "zero_point", MilModel.bytes(Element.UINT8, sizes(), 1)),
        sizes(2, 3),
        numbers("0 2 4 0 2 4"));
    weights(
        "dequantize",
        with(
            "input", MilModel.bytes(Element.UINT8, sizes(1, 1, 2, 2), 3, 5, 5, 6),
            "scale", floats(sizes(2), 1, 2),
            "zero_point", MilModel.bytes(Element.UINT8, sizes(2), 2, 4),
            "axis", number(3)),
        sizes(1, 1, 2, 2),
        numbers("1 2 3 4"));
  }

  // Parts, places and blocks

  @Test
  void blocksOfDepth() {
    Array x = in(sizes(1, 4, 1, 1), 9, 5, 1, 3);
    gives(
        IOS15,
        "depth_to_space",
        with("x", x, "block_size", number(2)),
        sizes(1, 1, 2, 2),
        9,
        5,
        1,
        3);
    gives(
        IOS15,
        "space_to_depth",
        with("x", in(sizes(1, 1, 2, 2), 7, 9, 4, 6), "block_size", number(2)),
        sizes(1, 4, 1, 1),
        7,
        9,
        4,
        6);
  }

  @ParameterizedTest
  @CsvSource({
    "0, -1, '3 3 5 1 0 6 3 8 0 0 7 2 0 0 0 1'",
    "-1, 0, '3 0 0 0 5 6 0 0 7 2 7 0 6 7 7 1'",
    "0, 0, '3 0 0 0 0 6 0 0 0 0 7 0 0 0 0 1'"
  })
  void bandsOfMatrices(int lower, int upper, String expected) {
    Array x = in(sizes(4, 4), numbers("3 3 5 1 5 6 3 8 7 2 7 2 6 7 7 1"));
    gives(
        IOS15,
        "band_part",
        with("x", x, "lower", number(lower), "upper", number(upper)),
        sizes(4, 4),
        numbers(expected));
  }

  @Test
  void borderIsCropped() {
    gives(
        IOS15,
        "crop",
        with(
            "x", in(sizes(1, 1, 4, 4), numbers("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16")),
            "crop_height", ints(0, 1),
            "crop_width", ints(1, 1)),
        sizes(1, 1, 3, 2),
        2,
        3,
        6,
        7,
        10,
        11);
  }

  @Test
  void rowsOfOne() {
    Array x = intsIn(sizes(2), 1, 0);
    Map<String, Object> last = with("indices", x, "one_hot_vector_size", number(4));
    givesInts(IOS15, "one_hot", last, sizes(2, 4), numbers("0 1 0 0 1 0 0 0"));
    Map<String, Object> first = new LinkedHashMap<>(last);
    first.put("axis", number(0));
    givesInts(IOS15, "one_hot", first, sizes(4, 2), numbers("0 1 1 0 0 0 0 0"));
    Map<String, Object> others = new LinkedHashMap<>(last);
    others.put("on_value", number(1f));
    others.put("off_value", number(0.1f));
    gives(IOS15, "one_hot", others, sizes(2, 4), numbers("0.1 1 0.1 0.1 1 0.1 0.1 0.1"));
  }

  @Test
  void placesByBatches() {
    Array x = in(sizes(2, 2, 3), numbers("1 2 3 4 5 6 7 8 9 10 11 12"));
    Array indices =
        new Array(false, Element.INT32, sizes(2, 2, 2), new int[] {1, 0, 0, 1, 1, 0, 0, 0});
    gives(
        IOS16,
        "gather",
        with("x", x, "indices", indices, "axis", number(1), "batch_dims", number(1)),
        sizes(2, 2, 2, 3),
        numbers("4 5 6 1 2 3 1 2 3 4 5 6 10 11 12 7 8 9 7 8 9 7 8 9"));
    gives(
        IOS16,
        "gather",
        with("x", x, "indices", indices, "axis", number(2), "batch_dims", number(2)),
        sizes(2, 2, 2),
        numbers("2 1 4 5 8 7 10 10"));
  }

  @ParameterizedTest
  @CsvSource({"add, '9 11 13 9 11 13'", "sub, '-7 -7 -7 -1 -1 -1'", "update, '8 9 10 5 6 7'"})
  void rowsAreScattered(String mode, String expected) {
    gives(
        IOS15,
        "scatter",
        with(
            "data", in(sizes(2, 3), 1, 2, 3, 4, 5, 6),
            "indices", ints(1, 0),
            "updates", floats(sizes(2, 3), 5, 6, 7, 8, 9, 10),
            "mode", text(mode)),
        sizes(2, 3),
        numbers(expected));
  }

  @ParameterizedTest
  @CsvSource({"mul, '8 10 18 20 5 42'", "max, '8 5 6 5 5 7'", "min, '1 2 3 4 1 6'"})
  void elementsAreScatteredAlongRows(String mode, String expected) {
    gives(
        IOS15,
        "scatter_along_axis",
        with(
            "data", in(sizes(2, 3), 1, 2, 3, 4, 5, 6),
            "indices", new Array(false, Element.INT32, sizes(2, 3), new int[] {1, 0, 0, 0, 1, 1}),
            "updates", floats(sizes(2, 3), 5, 5, 6, 8, 1, 7),
            "axis", number(0),
            "mode", text(mode)),
        sizes(2, 3),
        numbers(expected));
  }

  @Test
  void partsBackwards() {
    gives(
        IOS15,
        "slice_by_index",
        with(
            "x", in(sizes(10), count(10)),
            "begin", ints(8),
            "end", ints(2),
            "stride", ints(-2)),
        sizes(3),
        8,
        6,
        4);
  }

  // Neighbours

  @ParameterizedTest
  @CsvSource({
    "2, '0.99996257 -6.98716545 4.99531746 -5.99191284 -2.99898791 -4.99531746'",
    "3, '0.99997497 -6.99143696 4.99687672 -5.99460602 -2.99932504 -4.99687672'"
  })
  void responsesOfNeighbouringChannels(int size, String expected) {
    gives(
        IOS15,
        "local_response_norm",
        with("x", in(sizes(1, 3, 2), 1, -7, 5, -6, -3, -5), "size", number(size)),
        sizes(1, 3, 2),
        numbers(expected));
  }

  @ParameterizedTest
  @CsvSource({
    "2, '0.96406883 -2.76524568 2.67715859 -1.72994292 -1.42429006 -1.75137329'",
    "3, '0.62618107 -2.55514526 2.79979300 -1.88971424 -1.69952381 -2.17535377'"
  })
  void responsesOfNeighbouringChannelsOfImages(int size, String expected) {
    gives(
        IOS15,
        "local_response_norm",
        with(
            "x", in(sizes(1, 3, 1, 2), 1, -7, 5, -6, -3, -5),
            "size", number(size),
            "alpha", number(0.1f)),
        sizes(1, 3, 1, 2),
        numbers(expected));
  }

  @Test
  void rootsOfSquares() {
    gives(
        IOS16,
        "l2_pool",
        with(
            "x", in(sizes(1, 1, 2, 2), 1, 2, 3, 4),
            "kernel_sizes", ints(2, 2),
            "strides", ints(1, 1),
            "pad_type", text("same_lower")),
        sizes(1, 1, 2, 2),
        1,
        2.236068f,
        3.162278f,
        5.477226f);
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
