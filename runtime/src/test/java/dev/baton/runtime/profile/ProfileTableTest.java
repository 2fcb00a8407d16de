package dev.baton.runtime.profile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Origin;
import dev.baton.runtime.Placement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProfileTableTest {
  private static final Placement PLACEMENT =
      new Placement(
          "forward", List.of(), List.of(), Map.of(), new Placement.Memory(0, 0, 0), List.of());

  private static Profile.Step step(int index, String operator, String runner, String subgraph) {
    return new Profile.Step(
        index,
        subgraph.isEmpty() ? operator + " (instruction " + index + ")" : subgraph,
        runner,
        subgraph,
        List.of(new Profile.Operation(operator, Origin.ofInstruction(index), index, 0)),
        List.of(),
        List.of(),
        100,
        50,
        10,
        20);
  }

  private static Profile profile(List<Profile.Run> runs) {
    List<Profile.Step> steps =
        List.of(
            step(0, "aten::mm", "vector", ""),
            step(1, "aten::conv", "chip", "forward/chip/0"),
            step(2, "aten::mm", "vector", ""));
    return new Profile(
        "forward",
        PLACEMENT,
        1,
        List.of(),
        steps,
        runs,
        new MemoryUse(0, 0, 0, 0, 0, 0, 0, 0),
        List.of());
  }

  /** Ten runs of 100, 200, … 1000: two tenths, seven tenths and a tenth. */
  private static Profile tenRuns() {
    List<Profile.Run> runs = new ArrayList<>();
    for (int r = 1; r <= 10; r++) {
      runs.add(
          new Profile.Run(
              0,
              100L * r,
              List.of(
                  new Profile.Event(0, 0, 20L * r, List.of()),
                  new Profile.Event(
                      1,
                      20L * r,
                      70L * r,
                      List.of(
                          new Profile.Part(0, "conv", 20L * r, 40L * r),
                          new Profile.Part(1, "pool", 60L * r, 10L * r),
                          new Profile.Part(2, "conv", 70L * r, 10L * r))),
                  new Profile.Event(2, 90L * r, 10L * r, List.of()))));
    }
    return profile(runs);
  }

  private static List<String> names(List<ProfileRow> rows) {
    return rows.stream().map(ProfileRow::name).toList();
  }

  @Test
  void stepsHaveTheirPartsBelowThem() {
    List<ProfileRow> rows = ProfileTable.of(tenRuns(), ProfileTable.By.STEP);
    assertEquals(
        List.of(
            "aten::mm (instruction 0)",
            "forward/chip/0",
            "conv",
            "pool",
            "conv",
            "aten::mm (instruction 2)"),
        names(rows));
    assertEquals(
        List.of(false, false, true, true, true, false),
        rows.stream().map(ProfileRow::within).toList());
    ProfileRow chip = rows.get(1);
    assertEquals(70 * 5, chip.p50Nanos());
    assertEquals(70 * 9, chip.p90Nanos());
    assertEquals(70 * 5.5, chip.meanNanos(), 1e-9);
    assertEquals(0.7, chip.share(), 1e-9);
    assertEquals(150, chip.bytes());
    assertEquals(20, chip.arithmetic());
    assertEquals(1, chip.callsPerRun());
    assertEquals(0, rows.get(2).bytes());
  }

  @Test
  void operatorsAreSummedAndPartsStandForTheirSteps() {
    List<ProfileRow> rows = ProfileTable.of(tenRuns(), ProfileTable.By.OPERATOR);
    assertEquals(List.of("conv", "aten::mm", "pool", "(between its operators)"), names(rows));
    assertEquals(0.5, rows.get(0).share(), 1e-9);
    assertEquals(2, rows.get(0).callsPerRun());
    assertEquals(0.3, rows.get(1).share(), 1e-9);
    assertEquals(40, rows.get(1).arithmetic());
    assertEquals(0.1, rows.get(3).share(), 1e-9);
  }

  /** Two parts for one pair of operators are one row, whose arithmetic counts once. */
  @Test
  void partsOfTheSameOperatorsAreOneRow() {
    List<Profile.Operation> pair =
        List.of(
            new Profile.Operation("aten::conv", Origin.HOST, 0, 90),
            new Profile.Operation("aten::relu", Origin.HOST, 1, 10));
    Profile profile =
        profile(
            List.of(
                new Profile.Run(
                    0,
                    100,
                    List.of(
                        new Profile.Event(
                            1,
                            0,
                            100,
                            List.of(
                                new Profile.Part(0, "transpose", 0, 20, pair),
                                new Profile.Part(1, "gemm", 20, 70, pair),
                                new Profile.Part(2, "pad", 90, 4)))))));
    List<ProfileRow> rows = ProfileTable.of(profile, ProfileTable.By.OPERATOR);
    assertEquals(List.of("aten::conv + aten::relu", "(between its operators)", "pad"), names(rows));
    assertEquals(90, rows.get(0).p50Nanos());
    assertEquals(1, rows.get(0).callsPerRun());
    assertEquals(100, rows.get(0).arithmetic());
    assertEquals(0, rows.get(2).arithmetic());
  }

  @Test
  void delegatesAreSummed() {
    List<ProfileRow> rows = ProfileTable.of(tenRuns(), ProfileTable.By.DELEGATE);
    assertEquals(List.of("chip", "vector"), names(rows));
    assertEquals(300, rows.get(1).bytes());
    assertEquals(1, ProfileTable.shareOfSteps(tenRuns()), 1e-9);
  }

  @Test
  void aStepThatRunsTwiceIsOneRow() {
    Profile profile =
        profile(
            List.of(
                new Profile.Run(
                    0,
                    100,
                    List.of(
                        new Profile.Event(0, 0, 30, List.of()),
                        new Profile.Event(0, 30, 40, List.of())))));
    ProfileRow row = ProfileTable.of(profile, ProfileTable.By.STEP).get(0);
    assertEquals(2, row.callsPerRun());
    assertEquals(70, row.p50Nanos());
    assertEquals(300, row.bytes());
  }

  @Test
  void withoutRunsThereIsNothing() {
    Profile profile = profile(List.of());
    for (ProfileTable.By by : ProfileTable.By.values()) {
      assertTrue(ProfileTable.of(profile, by).isEmpty());
    }
    assertEquals(0, ProfileTable.runNanos(profile, 0.5));
    assertEquals(0, ProfileTable.shareOfSteps(profile));
  }

  @Test
  void thePeakIsThatOfWhatTakesLonger() {
    MachinePeak peak = new MachinePeak(1, 100, "vector", 10);
    assertEquals(MachinePeak.Bound.COMPUTE, peak.bound(2000, 100));
    assertEquals(0.5, peak.fraction(2000, 100, 40), 1e-9);
    assertEquals(MachinePeak.Bound.MEMORY, peak.bound(500, 100));
    assertEquals(0.25, peak.fraction(500, 100, 40), 1e-9);
    assertEquals(0, peak.fraction(500, 100, 0));
  }
}
