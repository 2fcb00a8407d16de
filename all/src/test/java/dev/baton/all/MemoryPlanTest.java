package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.ModelCase;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Event;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.NativeMemory;
import dev.baton.runtime.Placement;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadOptions;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Arenas beside the plans of files, and weights that are packed when a method is loaded. */
@ExtendWith(NoLeaks.class)
class MemoryPlanTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));
  private static final String PACKED = "packed constants";

  /** Linear layers of 120 KiB, whose weights vector kernels pack. */
  private static final Path PACKS = MODELS.resolve("enc-dyn2-portable/model.pte");

  static List<Path> cases() throws IOException {
    return ModelCase.find(MODELS);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void anArenaIsNoLargerThanTheFilesPlan(Path folder) throws IOException {
    check(ModelCase.read(folder), LoadOptions.javaOnly());
    // Another XNNPACK may decline operators: more subgraphs then have more tensors between them.
    if (System.getProperty("baton.xnnpack.library") == null) {
      check(ModelCase.read(folder), LoadOptions.defaults());
    }
  }

  private static void check(ModelCase model, LoadOptions options) throws IOException {
    ReadOptions files = ReadOptions.defaults().withDataFiles(model.dataFiles());
    try (Program program = Program.open(model.model(), files);
        ModelMethod method = ModelMethod.load(program, model.method(), options)) {
      Placement.Memory memory = method.placement().memory();
      assertTrue(
          memory.arenaBytes() <= memory.plannedBytes() || plansLess(method.placement()),
          () -> model.name() + ": " + memory);
    }
  }

  /** A file plans nothing for what is inside its payloads; here Java runs some of that. */
  private static boolean plansLess(Placement placement) {
    return placement.operators().stream()
        .anyMatch(o -> !o.origin().payload().isEmpty() && o.subgraph().isEmpty());
  }

  @Test
  void weightsArePackedByTheLoad() throws IOException {
    List<Event.Progress> progress = new ArrayList<>();
    LoadOptions options =
        LoadOptions.javaOnly()
            .withListener(e -> {
              if (e instanceof Event.Progress p) {
                progress.add(p);
              }
            });
    try (Program program = Program.open(PACKS);
        ModelMethod method = ModelMethod.load(program, "forward", options)) {
      long packed = packedBytes();
      assertTrue(packed > 0, "vector kernels pack");
      assertTrue(method.constantBytes() < 1.5 * packed, "what is packed is kept once");
      assertTrue(progress.size() > 2, progress::toString);
      assertEquals(0, progress.getFirst().fraction());
      assertEquals(1, progress.getLast().fraction());
      for (int i = 1; i < progress.size(); i++) {
        assertTrue(progress.get(i).fraction() > progress.get(i - 1).fraction());
      }
      for (int n = 0; n < 2; n++) {
        try (Execution execution = method.newExecution()) {
          execution.run();
          assertEquals(packed, packedBytes(), "what a run packs");
        }
      }
    }
  }

  private static long packedBytes() {
    return NativeMemory.byPurpose().getOrDefault(PACKED, 0L);
  }

  @Test
  void packingIsCancelled() throws IOException {
    AtomicBoolean cancelled = new AtomicBoolean();
    LoadOptions options =
        LoadOptions.javaOnly()
            .withCancellation(cancelled::get)
            .withListener(e -> cancelled.set(cancelled.get() || e instanceof Event.Progress));
    try (Program program = Program.open(PACKS)) {
      BatonException e =
          assertThrows(
              BatonException.class, () -> ModelMethod.load(program, "forward", options).close());
      assertTrue(e.getMessage().contains("cancelled"), e.getMessage());
      assertEquals(Map.of(), live());
    }
  }

  private static Map<String, Long> live() {
    Map<String, Long> live = NativeMemory.byPurpose();
    live.values().removeIf(bytes -> bytes == 0);
    return live;
  }
}
