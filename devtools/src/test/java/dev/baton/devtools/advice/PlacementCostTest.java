package dev.baton.devtools.advice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.delegate.Decline;
import dev.baton.graph.Origin;
import dev.baton.runtime.Placement;
import dev.baton.runtime.profile.MachinePeak;
import dev.baton.runtime.profile.MemoryUse;
import dev.baton.runtime.profile.Profile;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A method of four operators: two subgraphs, and between them what the delegate declined. */
class PlacementCostTest {
  private static final MachinePeak PEAK = new MachinePeak(1, 100, "vector", 10);
  private static final Decline NO_KERNEL = Decline.of(Decline.Kind.OPERATOR, "no such operator");

  private static Placement.PlacedOperator operator(
      int instruction, String name, String runner, String subgraph, Decline... declines) {
    return new Placement.PlacedOperator(
        name,
        Origin.ofInstruction(instruction),
        runner,
        subgraph,
        List.of("float32[4]"),
        List.of(declines).stream().map(d -> new Placement.DeclinedBy("fast", d)).toList());
  }

  private static Profile.Step step(
      int index, String runner, String subgraph, long arithmetic, Placement.PlacedOperator... of) {
    return new Profile.Step(
        index,
        "step " + index,
        runner,
        subgraph,
        List.of(of).stream()
            .map(o -> new Profile.Operation(o.name(), o.origin(), o.origin().instruction(), 0))
            .toList(),
        List.of(),
        List.of(),
        100,
        100,
        0,
        arithmetic);
  }

  private static Profile profile(List<Profile.Run> runs) {
    Placement.PlacedOperator first = operator(0, "aten::mm", "fast", "s0");
    Placement.PlacedOperator erf = operator(1, "aten::erf", "vector", "", NO_KERNEL);
    Placement.PlacedOperator sort = operator(2, "aten::sort", "vector", "", NO_KERNEL);
    Placement.PlacedOperator last = operator(3, "aten::mm", "fast", "s1");
    Placement placement =
        new Placement(
            "forward",
            List.of(first, erf, sort, last),
            List.of(
                new Placement.PlacedSubgraph("s0", "fast", List.of(), 1, 10, 20, 0),
                new Placement.PlacedSubgraph("s1", "fast", List.of(), 1, 30, 40, 0)),
            Map.of(),
            new Placement.Memory(0, 0, 0),
            List.of());
    return new Profile(
        "forward",
        placement,
        1,
        List.of(),
        List.of(
            step(0, "fast", "s0", 10_000, first),
            step(1, "vector", "", 3000, erf, sort),
            step(2, "fast", "s1", 10_000, last),
            step(3, Profile.HOST, "", 0)),
        runs,
        new MemoryUse(0, 0, 0, 0, 0, 0, 0, 0),
        List.of());
  }

  private static Profile.Run run() {
    return new Profile.Run(
        0,
        2000,
        List.of(
            new Profile.Event(0, 0, 200, List.of(new Profile.Part(0, "mm", 0, 150))),
            new Profile.Event(1, 200, 1000, List.of()),
            new Profile.Event(2, 1200, 200, List.of(new Profile.Part(0, "mm", 1200, 110))),
            new Profile.Event(3, 1400, 30, List.of())));
  }

  @Test
  void saysWhatEachThingCosts() {
    PlacementCost cost = PlacementCost.of(profile(List.of(run(), run(), run())), PEAK);
    assertEquals(2000, cost.runNanos());
    assertEquals(30, cost.hostNanos());
    assertEquals(
        List.of(
            new PlacementCost.Border("s1", "fast", 70, 200, 90),
            new PlacementCost.Border("s0", "fast", 30, 200, 50)),
        cost.borders());
    assertEquals(
        List.of(new PlacementCost.Fragments("fast", 2, 2, 1, Set.of("aten::erf", "aten::sort"))),
        cost.fragments());
    assertEquals(
        List.of(
            new PlacementCost.DeclineCost(
                "fast",
                Decline.Kind.OPERATOR,
                "no such operator",
                2,
                Set.of("aten::erf", "aten::sort"),
                1000)),
        cost.declines());
  }

  @Test
  void estimatesByTheDelegatesOwnSpeed() {
    PlacementCost cost = PlacementCost.of(profile(List.of(run())), PEAK);
    // 20,000 operations in 400 ns are 50 a nanosecond: the 3,000 of two operators take 60.
    assertEquals(
        List.of(
            new PlacementCost.Candidate("fast", "aten::erf", 1, 500, 30),
            new PlacementCost.Candidate("fast", "aten::sort", 1, 500, 30)),
        cost.candidates());
    assertEquals(470, cost.candidates().getFirst().savedNanos());
  }

  @Test
  void withoutRunsThereIsNothingToSay() {
    assertThrows(IllegalArgumentException.class, () -> PlacementCost.of(profile(List.of()), PEAK));
  }
}
