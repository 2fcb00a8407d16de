package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.Cases.Built;
import dev.baton.xnnpack.ffi.XnnNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which XNNPACK nodes a program becomes. */
class LayoutTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "inverted_residual | Transpose Convolution DepthwiseConvolution Convolution Binary Reduce"
            + " Reshape FullyConnected",
        "convolution_batch_norm_relu | Transpose Convolution Transpose",
        "convolution_batch_norm_relu dynamic | Transpose Convolution Transpose",
        "squeeze_excite | Transpose Convolution Reduce Convolution Convolution Binary Binary"
            + " Binary Transpose",
        "mean_of_image | Transpose Convolution Reduce Reduce Reshape",
        "mean_of_image dynamic | Transpose Convolution Reduce Reduce Reshape",
        "permute_to_channels_last | Transpose FullyConnected Convolution Transpose",
        "broadcast_constant_channels | Transpose Convolution Binary Binary Transpose",
        "line_as_image | Reshape Transpose Convolution Reshape Reshape Convolution" + " Transpose",
        "addmm_of_permuted | Transpose BatchMatrixMultiply Binary",
        "linear_relu | FullyConnected",
        "same | Unary Copy",
        "batch_norm_alone | Transpose DepthwiseConvolution Transpose",
        "convolution_one_channel | Reshape DepthwiseConvolution Transpose",
      })
  void nodes(String name, String expected) throws DelegateException {
    String[] words = name.split(" ");
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Built built = Cases.build(Cases.named(words[0]), arena, words.length > 1);
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph())) {
        assertEquals(
            expected,
            compiled.graph().nodes().stream()
                .map(node -> node.getClass().getSimpleName())
                .collect(Collectors.joining(" ")),
            () -> compiled.graph().toString());
      }
    }
  }

  @Test
  void boundsOfTheClampAreThoseOfTheConvolution() throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      Built built = Cases.build(Cases.named("convolution_batch_norm_relu"), arena, false);
      try (XnnpackSubgraph compiled = Rig.compile(session, built.graph())) {
        XnnNode.Convolution convolution = (XnnNode.Convolution) compiled.graph().nodes().get(1);
        assertEquals(new XnnNode.Range(0, 6), convolution.range());
      }
    }
  }

  /** A filter that lies in memory as XNNPACK wants it is used where it is. */
  @Test
  void permutedFilterIsNotCopied() throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      MemorySegment bytes = arena.allocate(8192, 4096).asSlice(0, 4 * 3 * 3 * 2 * 4);
      Constant stored = Constant.of(bytes, TensorType.of(DType.FLOAT, 4, 3, 3, 2));
      Constant filter = stored.permute(0, 3, 1, 2);
      assertEquals(true, filter.hasOrder(DimOrder.of(0, 2, 3, 1)));
      Graph.Builder builder = new Graph.Builder();
      Value x = builder.input(TensorType.of(DType.FLOAT, 1, 2, 5, 5));
      Value y =
          builder
              .node(
                  Operators.get("aten::convolution"),
                  List.of(
                      x,
                      builder.constant(filter),
                      Argument.none(),
                      Argument.ints(1, 1),
                      Argument.ints(0, 0),
                      Argument.ints(1, 1),
                      Argument.of(false),
                      Argument.ints(0, 0),
                      Argument.of(1)),
                  List.of(TensorType.of(DType.FLOAT, 1, 4, 3, 3)),
                  Origin.HOST)
              .result();
      try (XnnpackSubgraph compiled = Rig.compile(session, builder.build(List.of(y)))) {
        int id = ((XnnNode.Convolution) compiled.graph().nodes().get(1)).filter();
        assertEquals(bytes.address(), compiled.graph().values().get(id).data().address(arena));
      }
    }
  }
}
