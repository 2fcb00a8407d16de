package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.delegate.Availability;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.PayloadLifter;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Placement;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A jar that was compiled against an earlier SPI keeps working. */
@ExtendWith(NoLeaks.class)
final class FrozenDelegateTest {
  private static final String JAR = "/frozen/delegate-of-spi-0.1.jar";
  private static final LoadOptions NAMED = LoadOptions.defaults().withDelegates(List.of("frozen"));

  private URLClassLoader loader;
  private Delegates delegates;

  @BeforeEach
  void open() {
    URL jar = FrozenDelegateTest.class.getResource(JAR);
    assertNotNull(jar);
    loader = new URLClassLoader(new URL[] {jar}, Delegate.class.getClassLoader());
    delegates =
        Delegates.of(
            ofJar(ServiceLoader.load(Delegate.class, loader)),
            ofJar(ServiceLoader.load(PayloadLifter.class, loader)));
  }

  private <S> List<S> ofJar(ServiceLoader<S> services) {
    return services.stream()
        .map(ServiceLoader.Provider::get)
        .filter(s -> s.getClass().getClassLoader() == loader)
        .toList();
  }

  @AfterEach
  void close() throws IOException {
    loader.close();
  }

  private ModelMethod load(byte[] pte, LoadOptions options) {
    try (Program program = Program.of(pte)) {
      return ModelMethod.load(program, "forward", options, delegates);
    }
  }

  private static byte[] operators() {
    return new ProgramBuilder()
        .method(
            "forward",
            m -> {
              Slot x = m.input(DType.FLOAT, 4);
              Slot w = m.constant(new float[] {1, 2, 3, 4}, 4);
              Slot a = m.tensor(DType.FLOAT, 4);
              Slot b = m.tensor(DType.FLOAT, 4);
              Slot c = m.tensor(DType.FLOAT, 4);
              Slot d = m.tensor(DType.FLOAT, 4);
              m.kernel("aten::mul.Scalar_out", x, m.real(2), a);
              m.kernel("aten::add.out", a, w, m.integer(3), b);
              m.kernel("aten::relu.out", b, c);
              m.kernel("aten::neg.out", c, d);
              m.output(d);
            })
        .toBytes();
  }

  @Test
  void itIsThere() {
    assertEquals(1, delegates.delegates().size());
    assertEquals("frozen", delegates.delegates().get(0).name());
    assertEquals(7, delegates.delegates().get(0).priority());
    assertTrue(delegates.lifters().containsKey("FrozenBackend"));
  }

  @Test
  void itClaimsCompilesAndRuns() {
    Loading.Events events = new Loading.Events();
    try (ModelMethod method = load(operators(), events.on(NAMED));
        Execution execution = method.newExecution()) {
      List<Placement.PlacedOperator> placed = method.placement().operators();
      assertEquals(
          List.of("frozen", "frozen", "reference", "frozen"),
          placed.stream().map(Placement.PlacedOperator::runner).toList());
      assertEquals(Decline.Kind.OPERATOR, placed.get(2).declines().get(0).reason().kind());
      assertEquals(42, method.placement().subgraphs().get(0).memoryBytes());
      for (int run = 0; run < 3; run++) {
        assertArrayEquals(
            new float[] {-5, -0f, -9, -20}, Loading.run(execution, new float[] {1, -9, 0, 4}));
      }
    }
    assertEquals(1, events.of(Event.Warning.class).size());
  }

  @Test
  void itOpensItsPayload() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.delegate(
                      "FrozenBackend", ProgramBuilder.bytes(1f, 2, 3, 4), List.of(x), List.of(y));
                  m.output(y);
                })
            .toBytes();
    for (LoadOptions options : List.of(LoadOptions.javaOnly(), NAMED)) {
      try (ModelMethod method = load(pte, options);
          Execution execution = method.newExecution()) {
        assertEquals(List.of("FrozenBackend"), method.liftedPayloads());
        assertArrayEquals(
            new float[] {-2, -4, -6, -8}, Loading.run(execution, new float[] {1, 2, 3, 4}));
      }
    }
  }

  @Test
  void itRunsItsOpaquePayloadWithState() {
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  Slot x = m.input(DType.FLOAT, 4);
                  Slot y = m.tensor(DType.FLOAT, 4);
                  m.delegate(
                      "FrozenOpaque",
                      new byte[] {5},
                      Map.of("factor", new byte[] {3}),
                      List.of(x),
                      List.of(y));
                  m.output(y);
                })
            .toBytes();
    try (ModelMethod method = load(pte, NAMED);
        Execution execution = method.newExecution()) {
      assertEquals(8, Loading.run(execution, new float[] {1, 2, 3, 4})[0]);
      assertEquals(13, Loading.run(execution, new float[] {1, 2, 3, 4})[0]);
      execution.reset();
      assertEquals(8, Loading.run(execution, new float[] {1, 2, 3, 4})[0]);
    }
  }

  @Test
  void itRefusesInItsOwnWords() {
    BatonException e =
        assertThrows(
            BatonException.class,
            () -> load(operators(), NAMED.withDelegateOption("frozen", "refuse", "yes")));
    assertTrue(e.getMessage().contains("asked to refuse"), e::getMessage);
    assertTrue(e.getMessage().contains("Ask otherwise."), e::getMessage);
    System.setProperty("frozen.absent", "true");
    try (ModelMethod method = load(operators(), NAMED.withPolicy(FallbackPolicy.FALL_BACK))) {
      assertEquals(
          Availability.Reason.DISABLED, method.placement().unavailable().get("frozen").reason());
    } finally {
      System.clearProperty("frozen.absent");
    }
  }
}
