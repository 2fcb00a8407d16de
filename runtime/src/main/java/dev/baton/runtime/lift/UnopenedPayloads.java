package dev.baton.runtime.lift;

import dev.baton.delegate.Payload;
import dev.baton.delegate.PayloadLifter;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.text.Sentences;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tries to open the payloads of a method, and keeps nothing of them. */
public final class UnopenedPayloads {
  private UnopenedPayloads() {}

  /**
   * @param lifters by backend id
   * @param maxBytes of constants that lifters rearrange
   * @return a sentence on each reason why a payload stays closed; empty if all are opened
   */
  public static List<String> of(
      Program program,
      ProgramMethod method,
      Kernels kernels,
      Map<String, PayloadLifter> lifters,
      long maxBytes) {
    if (method.delegates().isEmpty()) {
      return List.of();
    }
    try (Arena arena = Arena.ofConfined()) {
      LiftedMethod lifted =
          MethodLifter.lift(
              program,
              method,
              kernels,
              lifters::get,
              id -> true,
              new LiftedConstants(arena, maxBytes));
      return reasons(lifted);
    } catch (LiftException e) {
      return List.of(Sentences.of(e));
    } catch (RuntimeException e) { // a hostile file
      return List.of(
          Sentences.join("method '" + method.name() + "' contradicts itself: " + e.getMessage()));
    }
  }

  private static List<String> reasons(LiftedMethod method) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (Block block : method.blocks()) {
      for (Payload payload : block.payloads().values()) {
        String refusal = ((ProgramPayload) payload).refusal();
        String why = refusal.isEmpty() ? "only its own library opens it." : refusal;
        counts.merge(payload.id() + ": " + why, 1, Integer::sum);
      }
    }
    List<String> reasons = new ArrayList<>();
    counts.forEach((why, n) -> reasons.add(n == 1 ? why : why + " (" + n + " calls)"));
    return reasons;
  }
}
