package dev.baton.runtime.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.baton.graph.Origin;
import dev.baton.runtime.profile.Profile;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordingTest {
  /** Each step but the last has two parts. */
  private static void run(Recording recording, int steps) {
    for (int s = 0; s < steps; s++) {
      if (s < steps - 1) {
        recording.part(7, "first", 10 * s, 3);
        recording.part(-1, "second", 10 * s + 3, 2);
      }
      recording.step(s, 10 * s, 6);
    }
  }

  @Test
  void runsHaveTheirStepsAndStepsTheirParts() {
    Recording recording = new Recording(3);
    for (int r = 0; r < 3; r++) {
      assertTrue(recording.begin());
      run(recording, 100);
      recording.end();
    }
    assertFalse(recording.begin());
    List<Profile.Run> runs = recording.runs(List.of());
    assertEquals(3, runs.size());
    for (Profile.Run run : runs) {
      assertEquals(100, run.events().size());
      assertEquals(
          new Profile.Event(
              98,
              980,
              6,
              List.of(
                  new Profile.Part(7, "first", 980, 3), new Profile.Part(-1, "second", 983, 2))),
          run.events().get(98));
      assertEquals(new Profile.Event(99, 990, 6, List.of()), run.events().get(99));
    }
  }

  @Test
  void partsHaveTheOperationsOfTheirNodes() {
    List<Profile.Operation> operations =
        List.of(
            new Profile.Operation("aten::mm", Origin.ofInstruction(4), 0, 20),
            new Profile.Operation("aten::relu", Origin.ofInstruction(5), 1, 10));
    Profile.Step step =
        new Profile.Step(0, "s", "xnnpack", "s", operations, List.of(), List.of(), 0, 0, 10, 30);
    Recording recording = new Recording(1);
    recording.begin();
    recording.part(-1, "both", List.of(1, 0), 0, 3);
    recording.part(-1, "none that there is", List.of(2, -1), 3, 2);
    recording.step(0, 0, 6);
    recording.end();
    List<Profile.Part> parts = recording.runs(List.of(step)).getFirst().events().getFirst().parts();
    assertEquals(operations.reversed(), parts.get(0).operations());
    assertEquals(List.of(), parts.get(1).operations());
  }

  @Test
  void anAbandonedRunLeavesNothing() {
    Recording recording = new Recording(2);
    recording.begin();
    run(recording, 3);
    recording.end();
    recording.begin();
    recording.step(0, 0, 1);
    recording.part(0, "cut off", 0, 1);
    recording.abandon();
    recording.begin();
    run(recording, 2);
    recording.end();
    List<Profile.Run> runs = recording.runs(List.of());
    assertEquals(List.of(3, 2), runs.stream().map(r -> r.events().size()).toList());
    assertEquals("first", runs.get(1).events().get(0).parts().get(0).name());
    assertEquals(2, runs.get(1).events().get(0).parts().size());
  }

  /** Arrays that double are all that is allocated: twice what is stored, at most. */
  @Test
  void allocatesNothingByItself() {
    int steps = 50;
    int count = 2_000;
    Recording recording = new Recording(count);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    threads.getCurrentThreadAllocatedBytes();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int r = 0; r < count; r++) {
      recording.begin();
      run(recording, steps);
      recording.end();
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    long stored = count * (20L + steps * 20L + (steps - 1) * 2 * 28L);
    assertTrue(allocated < 4 * stored, allocated + " bytes for " + stored);
  }
}
