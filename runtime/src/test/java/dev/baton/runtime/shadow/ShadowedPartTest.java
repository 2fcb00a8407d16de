package dev.baton.runtime.shadow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.runtime.Shadow;
import dev.baton.runtime.kernel.Operand;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ShadowedPartTest {
  private static final List<Operand> GIVEN = List.of(operand(1));

  private static Operand operand(float value) {
    return new Operand(MemorySegment.ofArray(new float[] {value}), DType.FLOAT, Shape.of(1));
  }

  /** Computes 2 where the delegate gave 1. */
  private record Twin(
      List<Operand> inputs, List<Operand> outputs, List<Operand> given, Runnable running)
      implements ShadowedPart.Twin {
    Twin(Runnable running) {
      this(List.of(operand(0)), List.of(operand(2)), List.of(operand(0)), running);
    }

    @Override
    public void run() {
      running.run();
    }
  }

  private static Shadow shadow(boolean inline) {
    Shadow shadow = Shadow.ofRate(1);
    return inline ? shadow.onCallersThread() : shadow;
  }

  /** Gives a run until the thread that compares takes it. */
  private static void check(ShadowedPart part, Twin twin) throws InterruptedException {
    long before;
    do {
      before = part.report().dropped();
      part.check(() -> twin, GIVEN, GIVEN);
      Thread.sleep(1);
    } while (part.report().dropped() > before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void errorsOfTheTwinAreNoneOfTheRun(boolean inline) throws InterruptedException {
    ShadowedPart part = new ShadowedPart(shadow(inline), "part", "delegate", e -> {});
    assertTrue(part.samples());
    for (int tries = 0; tries < 1000 && part.samples(); tries++) { // the thread may be busy
      part.check(
          () -> {
            throw new OutOfMemoryError("no room for copies");
          },
          GIVEN,
          GIVEN);
      Thread.sleep(1);
    }
    assertFalse(part.samples(), "compared again");
    part.close();
    assertEquals(0, part.report().compared());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void errorsThatTheTwinThrowsAreNoneOfTheRun(boolean inline) throws InterruptedException {
    ShadowedPart part = new ShadowedPart(shadow(inline), "part", "delegate", e -> {});
    check(
        part,
        new Twin(() -> {
          throw new StackOverflowError();
        }));
    part.close();
    assertFalse(part.samples());
    assertEquals(0, part.report().compared());
  }

  @Test
  void aListenerThatFailsFailsNoRun() {
    ShadowedPart part =
        new ShadowedPart(
            shadow(true),
            "part",
            "delegate",
            e -> {
              throw new IllegalStateException("a listener's own");
            });
    part.check(() -> new Twin(() -> {}), GIVEN, GIVEN);
    assertTrue(part.hasTripped());
    part.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aListenerMayCloseThePart(boolean inline) throws InterruptedException {
    AtomicReference<ShadowedPart> closed = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(1);
    ShadowedPart part =
        new ShadowedPart(
            shadow(inline),
            "part",
            "delegate",
            e -> {
              closed.get().close();
              done.countDown();
            });
    closed.set(part);
    check(part, new Twin(() -> {}));
    done.await();
    assertTrue(part.hasTripped());
  }

  @Test
  void closingEndsAComparison() throws InterruptedException {
    AtomicReference<ShadowedPart> running = new AtomicReference<>();
    CountDownLatch begun = new CountDownLatch(1);
    ShadowedPart part = new ShadowedPart(shadow(false), "part", "delegate", e -> {});
    running.set(part);
    check(
        part,
        new Twin(() -> {
          begun.countDown();
          while (!running.get().isClosing()) {
            Thread.onSpinWait();
          }
          throw new IllegalStateException("closing");
        }));
    begun.await();
    part.close();
    assertEquals(0, part.report().compared());
  }
}
