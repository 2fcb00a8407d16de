package dev.baton.xnnpack.payload;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads that the exporter wrote. */
class SamplesTest {
  private static List<String> names(Graph graph) {
    return graph.nodes().stream().map(n -> n.name().substring(n.name().indexOf(':') + 2)).toList();
  }

  private static Map<String, Long> counts(Graph graph) {
    return names(graph).stream()
        .collect(Collectors.groupingBy(n -> n, TreeMap::new, Collectors.counting()));
  }

  @Test
  void convolutionsNeedNoTransposition() throws DelegateException {
    Graph graph = TestPayload.sample("digits-xnn").lift().graph();
    assertEquals(
        List.of(
            "convolution",
            "relu",
            "convolution",
            "relu",
            "max_pool2d_with_indices",
            "convolution",
            "convolution",
            "hardswish",
            "mean.dim",
            "view_copy",
            "linear"),
        names(graph));
  }

  @Test
  void nodesKnowWhereTheyComeFrom() throws DelegateException {
    Graph graph = TestPayload.sample("digits-xnn").lift().graph();
    assertEquals(
        List.of(1, 1, 2, 2, 3, 4, 5, 6, 7, 9, 10),
        graph.nodes().stream().map(n -> n.origin().index()).toList());
  }

  @Test
  void filtersAreViewsOfTheBytes() throws DelegateException {
    TestPayload payload = TestPayload.sample("digits-xnn");
    List<Node> convolutions =
        payload.lift().graph().nodes().stream()
            .filter(n -> n.name().equals("aten::convolution"))
            .toList();
    var dense = convolutions.get(1).tensor("weight").constant();
    assertArrayEquals(new int[] {32, 16, 3, 3}, dense.type().shape().sizes());
    assertArrayEquals(new long[] {144, 1, 48, 16}, dense.strides());
    assertTrue(
        payload.named().values().stream().anyMatch(n -> n.address() == dense.data().address()));
    var depthwise = convolutions.get(2).tensor("weight").constant();
    assertArrayEquals(new int[] {32, 1, 3, 3}, depthwise.type().shape().sizes());
    assertArrayEquals(new long[] {1, 288, 96, 32}, depthwise.strides());
    assertEquals(32, convolutions.get(2).integer("groups"));
    assertEquals(1, convolutions.get(0).integer("groups"));
  }

  @Test
  void dynamicBatch() throws DelegateException {
    TestPayload first = TestPayload.sample("digits-batch-xnn-0");
    Graph graph = first.lift(first.builder(true)).graph();
    assertFalse(names(graph).contains("permute_copy"));
    assertEquals("mean.dim", names(graph).getLast());
    TestPayload second = TestPayload.sample("digits-batch-xnn-1");
    assertEquals(List.of("linear"), names(second.lift(second.builder(true)).graph()));
  }

  @Test
  void mobileNet() throws DelegateException {
    assertEquals(
        Map.of(
            "add.Tensor", 11L,
            "convolution", 52L,
            "hardtanh", 35L,
            "linear", 1L,
            "mean.dim", 1L,
            "view_copy", 1L),
        counts(TestPayload.sample("mobilenet_v2-narrow-xnn").lift().graph()));
  }

  @Test
  void staticInt8MobileNet() throws DelegateException {
    Map<String, Long> counts =
        counts(TestPayload.sample("mobilenet_v2-narrow-xnn8").lift().graph());
    assertEquals(52L, counts.get("convolution"));
    assertEquals(2L * 53, counts.get("dequantize_per_channel"));
    assertEquals(counts.get("quantize_per_tensor"), counts.get("dequantize_per_tensor"));
    assertFalse(counts.containsKey("permute_copy"));
  }

  @Test
  void staticInt8() throws DelegateException {
    Graph graph = TestPayload.sample("digits-xnn8").lift().graph();
    assertEquals(
        List.of(
            "quantize_per_tensor",
            "dequantize_per_tensor",
            "dequantize_per_channel",
            "dequantize_per_channel",
            "convolution",
            "relu",
            "quantize_per_tensor"),
        names(graph).subList(0, 7));
    Node filter = graph.nodes().get(2);
    assertEquals(0, filter.integer("axis"));
    assertEquals(-128, filter.integer("quant_min"));
  }

  @Test
  void dynamicInt8() throws DelegateException {
    TestPayload payload = TestPayload.sample("mlp-dyn-xnn8d-0");
    assertEquals(
        List.of(
            "choose_qparams_per_token_asymmetric",
            "quantize_per_token",
            "dequantize_per_token",
            "dequantize_per_channel",
            "linear"),
        names(payload.lift(payload.builder(true)).graph()));
  }

  @Test
  void perceptron() throws DelegateException {
    assertEquals(
        List.of("linear", "gelu"), names(TestPayload.sample("mlp-dyn-xnn-0").lift().graph()));
    assertEquals(
        List.of("linear", "_softmax"), names(TestPayload.sample("mlp-dyn-xnn-1").lift().graph()));
  }

  @Test
  void lstmStep() throws DelegateException {
    RecordingGraphBuilder lifted = TestPayload.sample("lstm-xnn-2").lift();
    assertEquals(
        List.of(
            "slice_copy.Tensor",
            "sigmoid",
            "sigmoid",
            "tanh",
            "sigmoid",
            "mul.Tensor",
            "mul.Tensor",
            "add.Tensor",
            "tanh",
            "mul.Tensor",
            "linear",
            "add.Tensor"),
        names(lifted.graph()));
    Node slice = lifted.graph().nodes().getFirst();
    assertEquals(0, slice.integer("dim"));
    assertEquals(1, slice.integer("end") - slice.integer("start"));
  }

  @Test
  void longConcatenationsChain() throws DelegateException {
    Map<String, Long> counts = counts(TestPayload.sample("lstm-xnn-42").lift().graph());
    assertEquals(5L, counts.get("cat"));
    assertEquals(1L, counts.get("permute_copy"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "add-xnn",
        "digits-batch-xnn-0",
        "digits-batch-xnn-1",
        "digits-xnn",
        "digits-xnn8",
        "kv-cache-xnn",
        "lstm-xnn-0",
        "lstm-xnn-1",
        "lstm-xnn-2",
        "lstm-xnn-20",
        "lstm-xnn-21",
        "lstm-xnn-42",
        "mlp-dyn-xnn-0",
        "mlp-dyn-xnn-1",
        "mlp-dyn-xnn8d-0",
        "mlp-dyn-xnn8d-1",
        "mlp-dyn-xnn8d-2",
        "mlp-dyn-xnn8d-3",
        "mobilenet_v2-narrow-xnn",
        "mobilenet_v2-narrow-xnn8"
      })
  void everyOutputIsGivenOnce(String name) throws DelegateException {
    TestPayload payload = TestPayload.sample(name);
    RecordingGraphBuilder lifted = payload.lift();
    int outputs = 0;
    for (PayloadValue value :
        PayloadValues.read(PayloadContainer.open(payload.bytes()).graph()).values()) {
      if (value.isExternalOutput()) {
        outputs++;
        assertArrayEquals(value.dims(), lifted.outputs().get(value.externalId()).shape().sizes());
      }
    }
    assertEquals(outputs, lifted.outputs().size());
    assertEquals(lifted.written().size(), lifted.graph().nodes().size(), "nodes that nobody needs");
  }
}
