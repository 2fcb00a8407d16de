package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Availability;
import dev.baton.delegate.BufferRequirements;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.graph.Origin;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who gets which node, and what the report says of it. */
@ExtendWith(NoLeaks.class)
final class PlacementTest {
  private static final LoadOptions FALL_BACK =
      LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);
  private final Sample sample = Sample.twoParts();

  private static List<String> runners(Placement placement) {
    return placement.operators().stream().map(Placement.PlacedOperator::runner).toList();
  }

  private void assertGolden(ModelMethod method) {
    try (Execution execution = method.newExecution()) {
      float[] x = Sample.input(2);
      assertArrayEquals(sample.golden().apply(x), Loading.run(execution, x));
    }
  }

  private static FaultInjectingDelegate delegate(String name, Claiming claiming) {
    return FaultInjectingDelegate.of(Faults.none().named(name).claiming(claiming));
  }

  private static Decline.Kind declined(Placement placement, int operator, String by) {
    return placement.operators().get(operator).declines().stream()
        .filter(d -> d.delegate().equals(by))
        .findFirst()
        .orElseThrow()
        .reason()
        .kind();
  }

  // ---- order

  @Test
  void theCallersOrderDecides() {
    FaultInjectingDelegate a = delegate("a", Claiming.operators(Sample.MUL, Sample.RELU));
    FaultInjectingDelegate b = delegate("b", Claiming.operators(Sample.RELU, Sample.ADD));
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, a, b)) {
      assertEquals(List.of("a", "a", "b"), runners(method.placement()));
      assertGolden(method);
    }
    try (ModelMethod method =
        Loading.load(sample.pte(), FALL_BACK.withDelegates(List.of("b", "a")), a, b)) {
      assertEquals(List.of("a", "b", "b"), runners(method.placement()));
      assertGolden(method);
    }
    try (ModelMethod method =
        Loading.load(sample.pte(), FALL_BACK.withDelegates(List.of("b")), a, b)) {
      assertEquals(List.of("reference", "b", "b"), runners(method.placement()));
      assertEquals(Decline.Kind.OPERATOR, declined(method.placement(), 0, "b"));
      assertGolden(method);
    }
    a.journal().assertAllClosed();
    b.journal().assertAllClosed();
  }

  @Test
  void aDelegateThatIsNotThereIsNamedWithThoseThatAre() {
    BatonException e =
        assertThrows(
            BatonException.class,
            () ->
                Loading.load(
                    sample.pte(),
                    LoadOptions.defaults().withDelegates(List.of("gpu")),
                    delegate("a", Claiming.nothing())));
    assertTrue(e.getMessage().contains("no delegate 'gpu'; known: a."), e::getMessage);
  }

  @Test
  void servicesAreSortedByPriority() {
    assertEquals(
        Delegates.load().delegates().stream()
            .sorted((x, y) -> y.priority() - x.priority())
            .toList(),
        Delegates.load().delegates());
  }

  @Test
  void whatOneCannotCompileTheNextMayTake() {
    FaultInjectingDelegate first =
        FaultInjectingDelegate.of(
            Faults.none()
                .named("first")
                .claiming(Sample.ends())
                .failing(Moment.COMPILE, 1, Failure.delegateException()));
    FaultInjectingDelegate second = delegate("second", Sample.ends());
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, first, second)) {
      assertEquals(List.of("second", "reference", "first"), runners(method.placement()));
      assertEquals(Decline.Kind.COMPILE_FAILED, declined(method.placement(), 0, "first"));
      assertGolden(method);
    }
    first.journal().assertAllClosed();
    second.journal().assertAllClosed();
  }

  @Test
  void subgraphNamesAreUnique() {
    FaultInjectingDelegate first =
        FaultInjectingDelegate.of(
            Faults.none()
                .named("first")
                .claiming(Sample.ends())
                .failing(Moment.COMPILE, 1, Failure.delegateException()));
    Loading.Events events = new Loading.Events();
    try (ModelMethod method = Loading.load(sample.pte(), events.on(FALL_BACK), first)) {
      List<String> names = new ArrayList<>();
      method.placement().subgraphs().forEach(s -> names.add(s.name()));
      events.of(dev.baton.runtime.Event.CompileFailed.class).forEach(e -> names.add(e.subgraph()));
      assertEquals(2, names.stream().distinct().count(), names::toString);
    }
  }

  // ---- shapes of subgraphs

  @Test
  void oneConvexGroupIsOneSubgraph() {
    try (ModelMethod method =
        Loading.load(
            sample.pte(),
            FALL_BACK,
            delegate("a", Claiming.group(Sample.MUL, Sample.RELU, Sample.ADD)))) {
      assertEquals(List.of("a", "a", "a"), runners(method.placement()));
      assertEquals(1, method.placement().subgraphs().size());
      Placement.PlacedSubgraph subgraph = method.placement().subgraphs().get(0);
      assertEquals("forward/a/0", subgraph.name());
      assertEquals(3, subgraph.operatorCount());
      assertEquals(16, subgraph.inputBytes());
      assertEquals(16, subgraph.outputBytes());
      assertGolden(method);
    }
  }

  @Test
  void neighboursOfOneDelegateAreOneSubgraph() {
    try (ModelMethod method =
        Loading.load(
            sample.pte(),
            FALL_BACK,
            delegate("a", Claiming.operators(Sample.MUL, Sample.RELU, Sample.ADD)))) {
      assertEquals(1, method.placement().subgraphs().size());
    }
  }

  @Test
  void aGroupThatLeavesAndComesBackIsDeclined() {
    FaultInjectingDelegate a = delegate("a", Claiming.group(Sample.MUL, Sample.ADD));
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, a)) {
      assertEquals(List.of("reference", "reference", "reference"), runners(method.placement()));
      assertEquals(Decline.Kind.NOT_CONVEX, declined(method.placement(), 0, "a"));
      assertEquals(Decline.Kind.NOT_CONVEX, declined(method.placement(), 2, "a"));
      assertEquals(Decline.Kind.UNSTATED, declined(method.placement(), 1, "a"));
      assertGolden(method);
    }
    a.journal().assertAllClosed();
  }

  @Test
  void aBrokenGroupGoesToTheNextDelegate() {
    FaultInjectingDelegate a = delegate("a", Claiming.group(Sample.MUL, Sample.ADD));
    FaultInjectingDelegate b = delegate("b", Sample.ends());
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, a, b)) {
      assertEquals(List.of("b", "reference", "b"), runners(method.placement()));
      assertGolden(method);
    }
    a.journal().assertAllClosed();
    b.journal().assertAllClosed();
  }

  @Test
  void whatDoesNotPayStaysInJava() {
    // A few elements are done in Java before a delegate is entered, however fast it is.
    for (double nanos : new double[] {0, 1e6}) {
      FaultInjectingDelegate a =
          delegate("a", Claiming.operators(Cost.takes(nanos), Sample.MUL, Sample.ADD));
      try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, a)) {
        assertEquals(List.of("reference", "reference", "reference"), runners(method.placement()));
        assertEquals(Decline.Kind.NOT_WORTHWHILE, declined(method.placement(), 0, "a"));
      }
    }
  }

  @Test
  void enteringANamedDelegateIsNotCountedButItsSlownessIs() {
    LoadOptions named = FALL_BACK.withDelegates(List.of("a"));
    try (ModelMethod method =
        Loading.load(
            sample.pte(),
            named,
            delegate("a", Claiming.operators(Cost.takes(0), Sample.MUL, Sample.ADD)))) {
      assertEquals(List.of("a", "reference", "a"), runners(method.placement()));
    }
    try (ModelMethod method =
        Loading.load(
            sample.pte(),
            named,
            delegate("a", Claiming.operators(Cost.takes(1e6), Sample.MUL, Sample.ADD)))) {
      assertEquals(List.of("reference", "reference", "reference"), runners(method.placement()));
    }
  }

  @Test
  void anEstimateIsAFiniteTime() {
    for (double wrong : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> Cost.takes(wrong));
    }
    assertEquals(0, Cost.unknown().nanos());
    assertFalse(Cost.unknown().isKnown());
  }

  // ---- claims, used wrongly

  @Test
  void misuseOfClaimsIsRefused() {
    List<Node> foreign = new ArrayList<>();
    FaultInjectingDelegate first =
        delegate(
            "first",
            (graph, claims) -> {
              Node mul = graph.nodes().get(0);
              foreign.add(mul);
              claims.take(mul);
            });
    List<Runnable> late = new ArrayList<>();
    List<GraphView> views = new ArrayList<>();
    FaultInjectingDelegate second =
        delegate(
            "second",
            (graph, claims) -> {
              Node relu = graph.nodes().get(0);
              Node add = graph.nodes().get(1);
              refused(() -> claims.take(foreign.get(0)), "not in the view");
              refused(() -> claims.decline(foreign.get(0), unstated()), "not in the view");
              refused(
                  () -> claims.take(List.of(relu, foreign.get(0)), Cost.unknown()),
                  "not in the view");
              claims.take(relu);
              refused(() -> claims.take(relu), "taken before");
              refused(() -> claims.take(List.of(add, relu), Cost.unknown()), "taken before");
              refused(() -> claims.decline(relu, unstated()), "taken before");
              claims.decline(add, unstated());
              late.add(() -> claims.take(add));
              late.add(() -> claims.decline(add, unstated()));
              late.add(graph::nodes);
              late.add(graph::inputs);
              late.add(graph::outputs);
              late.add(() -> graph.users(add.result()));
              late.add(() -> graph.isOutput(add.result()));
              views.add(graph);
            });
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, first, second)) {
      assertEquals(List.of("first", "second", "reference"), runners(method.placement()));
      assertTrue(late.size() >= 7);
      late.forEach(use -> assertThrows(IllegalStateException.class, use::run));
      assertGolden(method);
    }
    second.journal().assertAllClosed();
  }

  private static Decline unstated() {
    return Decline.of(Decline.Kind.UNSTATED, "the test says so");
  }

  private static void refused(Runnable misuse, String why) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, misuse::run);
    assertTrue(e.getMessage().contains(why), e::getMessage);
  }

  @Test
  void theViewOfASubgraphExpiresToo() {
    List<GraphView> kept = new ArrayList<>();
    FaultInjectingDelegate keeping =
        FaultInjectingDelegate.around(
            new ForwardingDelegate(new PureJavaDelegate()) {
              @Override
              protected DelegateSession wrap(DelegateSession session) {
                return new Session(session) {
                  @Override
                  public CompiledSubgraph compile(Subgraph subgraph, CompileContext context)
                      throws DelegateException {
                    kept.add(subgraph);
                    assertEquals(1, subgraph.nodes().size());
                    return super.compile(subgraph, context);
                  }
                };
              }
            },
            Faults.none().claiming(Sample.ends()));
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, keeping)) {
      assertEquals(2, kept.size());
      kept.forEach(view -> assertThrows(IllegalStateException.class, view::nodes));
      assertGolden(method);
    }
  }

  @Test
  void aClaimThatThrowsIsTheDelegatesFailure() {
    for (FallbackPolicy policy : FallbackPolicy.values()) {
      FaultInjectingDelegate failing =
          FaultInjectingDelegate.of(
              Faults.none()
                  .named("faulty")
                  .claiming(Sample.ends())
                  .failing(Moment.CLAIM, Failure.runtimeException()));
      LoadOptions options = LoadOptions.defaults().withPolicy(policy);
      if (policy == FallbackPolicy.FAIL) {
        BatonException e =
            assertThrows(BatonException.class, () -> Loading.load(sample.pte(), options, failing));
        assertTrue(e.getMessage().contains("'faulty'"), e::getMessage);
      } else {
        try (ModelMethod method = Loading.load(sample.pte(), options, failing)) {
          assertEquals(List.of("reference", "reference", "reference"), runners(method.placement()));
          assertGolden(method);
        }
      }
      failing.journal().assertAllClosed();
    }
  }

  // ---- buffers

  @Test
  void buffersHaveTheAlignmentThatWasAskedFor() {
    for (int alignment : new int[] {16, 64, 256, 4096}) {
      FaultInjectingDelegate delegate =
          FaultInjectingDelegate.of(
              Faults.none().claiming(Sample.ends()).needing(BufferRequirements.of(alignment, 128)));
      try (ModelMethod method =
              Loading.load(
                  sample.pte(), LoadOptions.defaults().withPolicy(FallbackPolicy.FAIL), delegate);
          Execution execution = method.newExecution()) {
        float[] x = Sample.input(1);
        assertArrayEquals(sample.golden().apply(x), Loading.run(execution, x));
      }
      assertEquals(List.of(), delegate.journal().violations(), "alignment " + alignment);
    }
  }

  // ---- the report

  @Test
  void everyNodeHasTypedReasonsThatCanBeWrittenAsJson() {
    FaultInjectingDelegate absent =
        FaultInjectingDelegate.of(Faults.none().named("absent").unavailable());
    FaultInjectingDelegate a = delegate("a", Claiming.operators(Sample.ADD));
    FaultInjectingDelegate b = delegate("b", Claiming.nothing());
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, absent, a, b)) {
      Placement placement = method.placement();
      assertEquals("forward", placement.method());
      assertEquals(Map.of("a", 1L, "reference", 2L), placement.counts());
      for (Placement.PlacedOperator operator : placement.operators()) {
        assertTrue(operator.origin().instruction() >= 0);
        assertEquals(1, operator.results().size());
        if (operator.runner().equals("reference")) {
          assertEquals(
              List.of("a", "b"),
              operator.declines().stream().map(Placement.DeclinedBy::delegate).toList());
          assertEquals(Decline.Kind.OPERATOR, operator.declines().get(0).reason().kind());
          assertEquals(Decline.Kind.UNSTATED, operator.declines().get(1).reason().kind());
        }
      }
      String json = json(placement);
      assertTrue(json.contains("\"absent\": {\"reason\": \"LIBRARY_ABSENT\""), json);
      assertTrue(json.contains("\"name\": \"aten::relu\""), json);
    }
  }

  /** Records, lists, maps, enums, strings, numbers, and the two value classes of the SPI. */
  private static String json(Object value) {
    return switch (value) {
      case String s -> "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
      case Number n -> n.toString();
      case Enum<?> e -> "\"" + e.name() + "\"";
      case List<?> l -> l.stream().map(PlacementTest::json).toList().toString();
      case Map<?, ?> m ->
          m.entrySet().stream()
              .map(
                  e -> json(assertInstanceOf(String.class, e.getKey())) + ": " + json(e.getValue()))
              .toList()
              .toString();
      case Origin o -> json(o.toString());
      case Decline d -> "{\"kind\": " + json(d.kind()) + ", \"detail\": " + json(d.detail()) + "}";
      case Availability a ->
          "{\"reason\": " + json(a.reason()) + ", \"remedy\": " + json(a.remedy()) + "}";
      case Record r -> {
        List<String> fields = new ArrayList<>();
        for (RecordComponent component : r.getClass().getRecordComponents()) {
          try {
            fields.add(json(component.getName()) + ": " + json(component.getAccessor().invoke(r)));
          } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
          }
        }
        yield "{" + String.join(", ", fields) + "}";
      }
      default -> throw new AssertionError("cannot be written as JSON: " + value.getClass());
    };
  }

  /** Claims are asked from one thread, with nothing left over. */
  @Test
  void aGraphIsOfferedWithoutWhatOthersTook() {
    List<Integer> offered = new ArrayList<>();
    FaultInjectingDelegate a = delegate("a", Claiming.operators(Sample.MUL));
    FaultInjectingDelegate b =
        delegate(
            "b",
            new Claiming() {
              @Override
              public void claim(GraphView graph, Claims claims) {
                offered.add(graph.nodes().size());
              }
            });
    try (ModelMethod method = Loading.load(sample.pte(), FALL_BACK, a, b)) {
      assertEquals(2, offered.get(0));
      assertEquals(List.of("a", "reference", "reference"), runners(method.placement()));
    }
  }
}
