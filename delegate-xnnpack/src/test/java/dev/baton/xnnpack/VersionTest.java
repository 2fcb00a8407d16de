package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.delegate.Decline;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.xnnpack.ffi.Abi;
import dev.baton.xnnpack.ffi.XnnFeature;
import dev.baton.xnnpack.ffi.XnnLibrary;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the library at hand has, and what is declined for what it lacks. */
class VersionTest {
  /** Cases that a version declines; every other version runs all. */
  private static final Map<String, String> DECLINED =
      Map.of(
          "debian-20241108",
          "gelu_tanh log_softmax log_softmax_of_image max_pool_ceil reduce"
              + " convolution_1d/dynamic flatten/dynamic log_softmax/dynamic reduce/dynamic"
              + " select/dynamic slice/dynamic split/dynamic unflatten/dynamic"
              + " unsqueeze_squeeze/dynamic");

  /** Kinds of kernels that each version lacks, or that compute something else. */
  private static final Map<String, String> LACKING =
      Map.of("debian-20241108", "POOLS_WITH_GAPS", "maven-2.21.0", "INT8_MEAN");

  /** Between which functions of XNNPACK's history each version lies. */
  private static final Map<String, String> DATES =
      Map.of(
          "debian-20241108", "2024-11-04 to 2024-11-15",
          "maven-2.21.0", "2025-11-14 to 2026-03-27",
          "executorch-1.5.1", "2026-07-10 or later");

  @Test
  void libraryIsWhatItsHeadersSay() throws Exception {
    XnnLibrary library = Rig.library();
    Abi.current().assertIsOf(library);
    assertEquals(DATES.get(Abi.current().version()), library.version());
    Rig.assertContains(
        new XnnpackDelegate().availability().message(), "XNNPACK of " + library.version());
  }

  @Test
  void whatIsMissingIsDeclined() throws DelegateException {
    List<String> declined = new ArrayList<>();
    for (boolean dynamic : new boolean[] {false, true}) {
      for (Cases.Case c : Cases.all()) {
        if ((!dynamic || !c.less().isEmpty()) && isDeclined(c, dynamic)) {
          declined.add(c.name() + (dynamic ? "/dynamic" : ""));
        }
      }
    }
    String version = Abi.current().version();
    assertEquals(sorted(DECLINED.getOrDefault(version, "")), sorted(String.join(" ", declined)));
  }

  @Test
  void kindsOfKernelsAreThoseOfTheVersion() throws Exception {
    XnnLibrary library = Rig.library();
    String lacking =
        Stream.of(XnnFeature.values())
            .filter(feature -> !library.has(feature))
            .map(Enum::name)
            .collect(Collectors.joining(" "));
    assertEquals(sorted(LACKING.getOrDefault(Abi.current().version(), "")), sorted(lacking));
  }

  private static String sorted(String names) {
    return String.join("\n", java.util.Arrays.stream(names.split(" ")).sorted().toList());
  }

  private static boolean isDeclined(Cases.Case c, boolean dynamic) throws DelegateException {
    try (Arena arena = Arena.ofConfined();
        DelegateSession session = Rig.open()) {
      return Rig.claim(session, Cases.build(c, arena, dynamic).graph()).declined.values().stream()
          .anyMatch(decline -> decline.kind() == Decline.Kind.VERSION);
    }
  }
}
