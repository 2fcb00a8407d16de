package dev.baton.runtime.lift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Argument;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.util.List;
import org.junit.jupiter.api.Test;

class SafeSoftmaxTest {
  private static final float HIDDEN = Float.NEGATIVE_INFINITY;
  private static final TensorType SCORES = Graphs.floats(1, 2, 2);

  private final Graphs g = new Graphs();

  /** Scores that cannot overflow, whatever the input is. */
  private Value bounded() {
    return g.layerNorm(g.input(SCORES));
  }

  private Value softmax(Value x) {
    return g.node("aten::_softmax", SCORES, x, Argument.of(-1), Argument.of(false));
  }

  private Value any(Value x, int dim) {
    Value equal = g.node("aten::eq.Scalar", Graphs.bools(1, 2, 2), x, Argument.of((double) HIDDEN));
    Value above = g.node("aten::logical_not", Graphs.bools(1, 2, 2), equal);
    TensorType rows = dim == 2 || dim == -1 ? Graphs.bools(1, 2, 1) : Graphs.bools(1, 1, 2);
    return g.node("aten::any.dim", rows, above, Argument.of(dim), Argument.of(true));
  }

  /** As ExecuTorch exports it. */
  private Block guard(Value x) {
    Value all = g.node("aten::logical_not", Graphs.bools(1, 2, 1), any(x, -1));
    Value zeros = g.constant(new float[4], 1, 2, 2);
    return g.block(g.node("aten::where.self", SCORES, all, zeros, softmax(x)));
  }

  private static List<String> reduced(Block block) {
    return Graphs.names(SafeSoftmax.apply(block));
  }

  private static void assertPlain(Block block) {
    List<String> names = reduced(block);
    assertTrue(names.contains("aten::_softmax"), names::toString);
    assertFalse(names.contains("aten::any.dim") || names.contains("aten::amax"), names::toString);
  }

  /** The guard is arithmetic, and is still there. */
  private static void assertGated(Block block) {
    List<String> names = reduced(block);
    assertFalse(names.contains("aten::any.dim"), names::toString);
    assertTrue(names.contains("aten::amax"), names::toString);
    assertEquals("aten::mul.Tensor", names.getLast());
  }

  private static void assertLeft(Block block) {
    assertSame(block, SafeSoftmax.apply(block));
  }

  @Test
  void boundedScoresNeedNoGuard() {
    assertEquals(List.of("aten::native_layer_norm", "aten::_softmax"), reduced(guard(bounded())));
  }

  @Test
  void theGuardMayBeWrittenTheOtherWay() {
    Value x = bounded();
    Value above = g.node("aten::ne.Scalar", Graphs.bools(1, 2, 2), x, Argument.of((double) HIDDEN));
    Value some =
        g.node("aten::any.dim", Graphs.bools(1, 2, 1), above, Argument.of(2), Argument.of(true));
    Value zeros = g.node("aten::full_like", SCORES, x, Argument.of(0));
    assertPlain(g.block(g.node("aten::where.self", SCORES, some, softmax(x), zeros)));
  }

  @Test
  void anInputMayHoldAnything() {
    assertGated(guard(g.input(SCORES)));
  }

  @Test
  void aMaskThatIsGivenMayHideARow() {
    Value mask = g.input(Graphs.floats(2, 2));
    assertGated(guard(g.node("aten::add.Tensor", SCORES, bounded(), mask)));
  }

  @Test
  void aConstantMaskIsLookedAtRowByRow() {
    Value causal = g.constant(new float[] {0, HIDDEN, 0, 0}, 2, 2);
    assertPlain(guard(g.node("aten::add.Tensor", SCORES, bounded(), causal)));
  }

  @Test
  void aConstantMaskThatHidesARowKeepsTheGuard() {
    Value mask = g.constant(new float[] {HIDDEN, HIDDEN, 0, 0}, 2, 2);
    assertGated(guard(g.node("aten::add.Tensor", SCORES, bounded(), mask)));
  }

  @Test
  void aMaskThatIsBroadcastAlongRowsHidesThemWhole() {
    Value mask = g.constant(new float[] {0, HIDDEN}, 2, 1);
    assertGated(guard(g.node("aten::add.Tensor", SCORES, bounded(), mask)));
  }

  @Test
  void aFiniteMinimumHidesNoRow() {
    float least = -Float.MAX_VALUE;
    Value mask = g.constant(new float[] {least, least, least, least}, 2, 2);
    assertPlain(guard(g.node("aten::add.Tensor", SCORES, bounded(), mask)));
  }

  private Block where(boolean... shown) {
    Value hidden = g.constant(new float[] {HIDDEN});
    Value condition = g.constant(shown, 2, 2);
    return guard(g.node("aten::where.self", SCORES, condition, bounded(), hidden));
  }

  @Test
  void aConstantConditionIsLookedAtToo() {
    assertPlain(where(true, false, false, true));
  }

  @Test
  void aConstantConditionThatHidesARowKeepsTheGuard() {
    assertGated(where(true, true, false, false));
  }

  @Test
  void whatIsNoGuardStays() {
    Value x = bounded();
    Value other = g.constant(new float[] {0, 0, 0, 1}, 1, 2, 2);
    Value all = g.node("aten::logical_not", Graphs.bools(1, 2, 1), any(x, -1));
    assertLeft(g.block(g.node("aten::where.self", SCORES, all, other, softmax(x))));
    Value zeros = g.constant(new float[4], 1, 2, 2);
    assertLeft(g.block(g.node("aten::where.self", SCORES, all, zeros, softmax(g.layerNorm(x)))));
    Value columns = g.node("aten::logical_not", Graphs.bools(1, 1, 2), any(x, 1));
    assertLeft(g.block(g.node("aten::where.self", SCORES, columns, zeros, softmax(x))));
    assertLeft(g.block(g.node("aten::where.self", SCORES, any(x, -1), zeros, softmax(x))));
  }

  @Test
  void aDivisorThatTheProgramComputesProvesNothing() {
    Value x = bounded();
    Value divided = g.node("aten::div.Scalar", SCORES, x, (Argument) g.size(x, 1));
    assertGated(guard(divided));
  }

  @Test
  void whatMayOverflowOnTheWayProvesNothing() {
    Value huge = g.node("aten::mul.Scalar", SCORES, bounded(), Argument.of(1e35));
    Value larger = g.node("aten::mul.Scalar", SCORES, huge, Argument.of(1e35));
    Value small = g.node("aten::mul.Scalar", SCORES, larger, Argument.of(1e-70));
    assertGated(guard(small));
  }
}
