package dev.baton.qnn.payload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.GraphDescription;
import dev.baton.qnn.ffi.QnnTensor;
import java.util.List;
import org.junit.jupiter.api.Test;

final class CallSignatureTest {
  private static final TensorType IMAGE = TensorType.of(DType.FLOAT, 1, 2, 3);

  private static QnnTensor tensor(String name, DataType type, int... sizes) {
    return new QnnTensor(1, name, QnnTensor.Kind.INPUT, 0, type, QnnTensor.Encoding.NONE, sizes);
  }

  private static QnnTensor image(String name) {
    return tensor(name, DataType.FLOAT_32, 1, 2, 3);
  }

  private static String mismatch(
      GraphDescription graph, List<TensorType> inputs, List<TensorType> outputs) {
    DelegateException e =
        assertThrows(DelegateException.class, () -> CallSignature.of(graph, inputs, outputs));
    assertEquals(DelegateException.Kind.BAD_PAYLOAD, e.kind());
    return e.getMessage();
  }

  @Test
  void inputsAreOrderedByNumberAndBuffersAreKeptApart() throws DelegateException {
    QnnTensor buffer = tensor("mutbuf_0_b@0", DataType.FLOAT_32, 4);
    QnnTensor written = tensor("mutbuf_0_out", DataType.FLOAT_32, 4);
    CallSignature signature =
        CallSignature.of(
            new GraphDescription(
                "forward",
                List.of(image("input_10_z@0"), buffer, image("input_2_y@0")),
                List.of(written, image("output_a@0"))),
            List.of(IMAGE, IMAGE),
            List.of(IMAGE));
    assertEquals(
        List.of("input_2_y@0", "input_10_z@0"),
        signature.inputs().stream().map(QnnTensor::name).toList());
    assertEquals(List.of(new CallSignature.MutableBuffer(buffer, written)), signature.buffers());
    assertEquals("output_a@0", signature.outputs().get(0).name());
  }

  @Test
  void otherNamesStayInOrder() throws DelegateException {
    CallSignature signature =
        CallSignature.of(
            new GraphDescription("g", List.of(image("b"), image("a")), List.of(image("o"))),
            List.of(IMAGE, IMAGE),
            List.of(IMAGE));
    assertEquals("b", signature.inputs().get(0).name());
  }

  @Test
  void sizesAreThoseOfTheProgramButForOnes() throws DelegateException {
    TensorType image = TensorType.of(DType.FLOAT, 1, 3, 4, 4);
    TensorType scalar = TensorType.of(DType.FLOAT);
    CallSignature.of(
        new GraphDescription(
            "g",
            List.of(tensor("a", DataType.FLOAT_32, 3, 4, 4)),
            List.of(tensor("o", DataType.FLOAT_32, 1))),
        List.of(image),
        List.of(scalar));
    for (int[] sizes : new int[][] {{1, 4, 4, 3}, {48}, {1, 3, 2, 8}, {1, 3, 4, 5}}) {
      String message =
          mismatch(
              new GraphDescription(
                  "g",
                  List.of(tensor("a", DataType.FLOAT_32, sizes)),
                  List.of(tensor("o", DataType.FLOAT_32, 1))),
              List.of(image),
              List.of(scalar));
      assertTrue(message.contains("among the inputs"), message);
    }
  }

  @Test
  void fixedPointCrossesAsIntegers() throws DelegateException {
    CallSignature.of(
        new GraphDescription(
            "g",
            List.of(
                tensor("a", DataType.UFIXED_POINT_8, 4),
                tensor("b", DataType.UFIXED_POINT_16, 4),
                tensor("c", DataType.INT_64, 4),
                tensor("d", DataType.FLOAT_16, 4)),
            List.of(tensor("o", DataType.BOOL_8, 4))),
        List.of(
            TensorType.of(DType.UINT8, 4),
            TensorType.of(DType.UINT16, 4),
            TensorType.of(DType.INT64, 4),
            TensorType.of(DType.HALF, 4)),
        List.of(TensorType.of(DType.BOOL, 4)));
  }

  @Test
  void whatTheLibraryWouldNotCheck() {
    GraphDescription graph =
        new GraphDescription("g", List.of(image("input_0_x")), List.of(image("o")));
    assertTrue(mismatch(graph, List.of(), List.of(IMAGE)).contains("inputs"));
    assertTrue(mismatch(graph, List.of(IMAGE), List.of(IMAGE, IMAGE)).contains("outputs"));
    for (TensorType other :
        List.of(
            TensorType.of(DType.FLOAT, 1, 2, 4),
            TensorType.of(DType.INT32, 1, 2, 3),
            TensorType.of(DType.HALF, 1, 2, 6),
            TensorType.of(DType.DOUBLE, 1, 3))) {
      assertTrue(mismatch(graph, List.of(other), List.of(IMAGE)).contains("input_0_x"));
      assertTrue(mismatch(graph, List.of(IMAGE), List.of(other)).contains("stands for"));
    }
    GraphDescription bool =
        new GraphDescription("g", List.of(tensor("a", DataType.BOOL_8, 6)), List.of(image("o")));
    mismatch(bool, List.of(TensorType.of(DType.UINT8, 6)), List.of(IMAGE));
    GraphDescription half =
        new GraphDescription("g", List.of(tensor("a", DataType.FLOAT_16, 6)), List.of(image("o")));
    mismatch(half, List.of(TensorType.of(DType.BFLOAT16, 6)), List.of(IMAGE));
  }

  @Test
  void buffersWithoutTheirOtherSide() {
    QnnTensor buffer = tensor("mutbuf_0_b", DataType.FLOAT_32, 4);
    QnnTensor larger = tensor("mutbuf_0_b", DataType.FLOAT_32, 5);
    assertTrue(
        mismatch(new GraphDescription("g", List.of(buffer), List.of()), List.of(), List.of())
            .contains("mutbuf_0_b"));
    mismatch(new GraphDescription("g", List.of(), List.of(buffer)), List.of(), List.of());
    mismatch(new GraphDescription("g", List.of(buffer), List.of(larger)), List.of(), List.of());
    mismatch(
        new GraphDescription("g", List.of(buffer), List.of(buffer, buffer)), List.of(), List.of());
  }
}
