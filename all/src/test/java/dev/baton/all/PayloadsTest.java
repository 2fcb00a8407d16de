package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.Numbers;
import dev.baton.delegate.Availability;
import dev.baton.graph.DType;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ReadBudget;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * XNNPACK payloads written by hand, of every kind of node, in Java alone and with XNNPACK, against
 * ExecuTorch's C++ runtime: see {@code payloads.py}.
 */
@ExtendWith(NoLeaks.class)
class PayloadsTest {
  private static final byte[] PROGRAM = resource("payloads.pte.gz");
  private static final byte[] DATA = resource("payloads.ptd");

  /** How a golden tensor is given: its type, and its elements. */
  record Golden(DType dtype, long[] shape, double[] values) {}

  /**
   * @param refusal part of the error; empty if it must run
   */
  record Case(
      String name, double tolerance, List<Tensor> inputs, List<Golden> outputs, String refusal) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(PayloadsTest.class.getResourceAsStream("/payloads/" + name))) {
      return name.endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Stream<Case> cases() {
    String text = new String(resource("payloads.txt"), StandardCharsets.UTF_8);
    return Arrays.stream(text.split("\n\n")).filter(b -> b.startsWith("case ")).map(Text::read);
  }

  /** Reads the text form. */
  private static final class Text {
    static Case read(String block) {
      String name = "";
      String refusal = "";
      double tolerance = 0;
      List<Tensor> inputs = new ArrayList<>();
      List<Golden> outputs = new ArrayList<>();
      for (String line : block.split("\n")) {
        String[] words = line.split(" ");
        switch (words[0]) {
          case "case" -> name = words[1];
          case "tolerance" -> tolerance = Double.parseDouble(words[1]);
          case "refuse" -> refusal = line.substring("refuse ".length());
          case "input" ->
              inputs.add(
                  formula(
                      dtype(words[1]),
                      shape(words[2]),
                      inputs.size() + 1,
                      words[3].equals("positive")));
          case "output" -> {
            double[] values = new double[words.length - 3];
            for (int i = 0; i < values.length; i++) {
              values[i] = number(words[i + 3]);
            }
            outputs.add(new Golden(dtype(words[1]), shape(words[2]), values));
          }
          default -> {}
        }
      }
      return new Case(name, tolerance, inputs, outputs, refusal);
    }

    private static double number(String text) {
      return switch (text) {
        case "inf" -> Double.POSITIVE_INFINITY;
        case "-inf" -> Double.NEGATIVE_INFINITY;
        case "nan" -> Double.NaN;
        default -> Double.parseDouble(text);
      };
    }

    private static DType dtype(String torch) {
      return switch (torch) {
        case "float32" -> DType.FLOAT;
        case "float16" -> DType.HALF;
        default -> DType.valueOf(torch.toUpperCase(Locale.ROOT));
      };
    }

    private static long[] shape(String text) {
      return text.equals("scalar")
          ? new long[0]
          : Arrays.stream(text.split(",")).mapToLong(Long::parseLong).toArray();
    }

    /** The data that {@code payloads.py} makes by the same formula. */
    private static Tensor formula(DType dtype, long[] shape, int seed, boolean positive) {
      Tensor tensor = Tensor.zeros(dtype, shape);
      for (long i = 0; i < tensor.numel(); i++) {
        long mixed = 7919 * i + 104729L * seed;
        double value =
            dtype.isFloatingPoint()
                ? (float) ((Math.floorMod(mixed, 2001) - 1000) / 500.0)
                : Math.floorMod(mixed, 201) - (dtype == DType.UINT8 ? 0 : 100);
        Numbers.set(tensor, i, positive ? Math.abs((float) value) + 0.1f : value);
      }
      return tensor;
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void javaAlone(Case c) {
    check(c, LoadOptions.javaOnly());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void xnnpack(Case c) {
    Availability availability =
        Objects.requireNonNull(Delegates.load().find("xnnpack")).availability();
    assumeTrue(
        availability.isAvailable() || availability.reason() != Availability.Reason.PLATFORM,
        availability::toString);
    assertTrue(availability.isAvailable(), availability::toString);
    check(c, LoadOptions.defaults());
  }

  private static void check(Case c, LoadOptions options) {
    try (Program program = open()) {
      if (!c.refusal().isEmpty()) {
        BatonException e =
            assertThrows(
                BatonException.class, () -> ModelMethod.load(program, c.name(), options).close());
        assertTrue(e.getMessage().contains(c.refusal()), e.getMessage());
        return;
      }
      try (ModelMethod method = ModelMethod.load(program, c.name(), options);
          Execution execution = method.newExecution()) {
        for (int i = 0; i < c.inputs().size(); i++) {
          execution.setInput(i, c.inputs().get(i));
        }
        execution.run();
        assertEquals(List.of(), execution.fallenBack());
        for (int i = 0; i < c.outputs().size(); i++) {
          compare(c.outputs().get(i), execution.output(i).toTensor(), c.tolerance());
        }
      }
    }
  }

  private static Program open() {
    return Program.of(
        MemorySegment.ofArray(PROGRAM),
        List.of(MemorySegment.ofArray(DATA)),
        ReadBudget.defaults());
  }

  private static void compare(Golden expected, Tensor actual, double tolerance) {
    assertEquals(expected.dtype(), actual.dtype());
    assertArrayEquals(expected.shape(), actual.shape());
    double range = expected.dtype().isFloatingPoint() ? 0 : 1;
    for (double value : expected.values()) {
      range =
          expected.dtype().isFloatingPoint() && Double.isFinite(value)
              ? Math.max(range, Math.abs(value))
              : range;
    }
    for (int i = 0; i < expected.values().length; i++) {
      double found =
          expected.dtype().isFloatingPoint()
              ? Numbers.asDouble(actual, i)
              : Numbers.asLong(actual, i);
      double wanted = expected.values()[i];
      boolean same = found == wanted || (Double.isNaN(found) && Double.isNaN(wanted));
      int at = i;
      assertTrue(
          same || Math.abs(found - wanted) <= tolerance * range + 1e-7 * range,
          () -> "element " + at + " is " + found + ", expected " + wanted);
    }
  }

  /** Kinds of nodes by the names of the cases, which begin with them. */
  @Test
  void everyKindHasACase() {
    Set<String> kinds = new HashSet<>();
    cases().forEach(c -> kinds.add(c.name().split("_")[0]));
    assertEquals(47, kinds.size(), kinds::toString);
  }
}
