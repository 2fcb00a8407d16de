package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Copies of operands in arrays are asked for, so that the bound on memory holds for them. */
class KernelArraysTest {
  private static final Object NONE = null;

  /** Numbers that a call copies; the arguments behind the shapes are the operator's other ones. */
  private static long arrays(String operator, List<Shape> tensors, Object... others) {
    try (Arena arena = Arena.ofConfined()) {
      KernelHarness harness =
          new KernelHarness(arena, operator, new ReferenceKernels().find(operator));
      List<Object> arguments = new ArrayList<>();
      for (Shape shape : tensors) {
        Operand tensor = harness.tensor(DType.FLOAT, shape);
        tensor.data().fill((byte) 0);
        arguments.add(tensor);
      }
      arguments.addAll(Arrays.asList(others));
      harness.run(arguments);
      return harness.arrayBytes() / Double.BYTES;
    }
  }

  @Test
  void attentionAsksForKeysValuesAndRows() {
    Shape query = Shape.of(1, 2, 3, 8);
    Shape key = Shape.of(1, 2, 50, 8);
    Shape value = Shape.of(1, 2, 50, 6);
    long starts = 4 * 2; // of queries, keys, values and results, by head
    long expected = 50 * 8 + 50 * 6 + 8 + 50 + 6 + starts;
    assertEquals(
        expected, arrays("aten::scaled_dot_product_attention", List.of(query, key, value)));
  }

  @Test
  void normsAskForWeightsAndRows() {
    Shape input = Shape.of(2, 6, 5);
    List<Shape> only = List.of(input);
    assertEquals(
        3 * 30, arrays("aten::native_layer_norm", only, List.of(6L, 5L), NONE, NONE, 1e-5));
    assertEquals(
        2 * 6 + 10, arrays("aten::native_group_norm", only, NONE, NONE, 2L, 6L, 5L, 3L, 1e-5));
    assertEquals(
        4 * 6 + 5,
        arrays("aten::_native_batch_norm_legit.no_stats", only, NONE, NONE, true, 0.1, 1e-5));
    assertEquals(2 * 5, arrays("aten::rms_norm", only, List.of(5L)));
  }

  /** Lengths that need no bound: ranks, threads, constants; and of arrays, which are counted. */
  private static final Pattern SMALL =
      Pattern.compile(
          "[0-9]+|[A-Z]+|.*\\brank\\b.*|[a-z0-9]+\\.length( [+-] 1)?|2 \\* repeats\\.length"
              + "|source\\.sizes\\(\\)\\.length|outer|spatial|workers|out|parallel\\.threads\\(\\)"
              + "|Math\\.min\\([A-Z]+, [a-z]+\\)|\\(int\\) Math\\.min\\([A-Z]+, .*\\)"
              + "|plan\\.entries\\(\\)\\.size\\(\\)|parts\\(.*\\)");

  private static final Pattern ARRAY =
      Pattern.compile(
          "new (?:byte|short|int|long|float|double|boolean)\\[([^]].*?)\\](?=[;,)\\[ ]|$)");

  /** {@link HeapArrays} makes what follows from a shape or an argument. */
  @Test
  void otherArraysAreSmall() throws IOException {
    List<String> unbounded = new ArrayList<>();
    int found = 0;
    for (String folder : List.of("runtime/kernel", "kernels/vector")) {
      Path sources =
          Path.of(
              folder.startsWith("runtime") ? "." : "../kernels-vector", "src/main/java/dev/baton");
      try (Stream<Path> files = Files.list(sources.resolve(folder))) {
        for (Path file : files.sorted().toList()) {
          if (file.endsWith("HeapArrays.java")) {
            continue;
          }
          Matcher array = ARRAY.matcher(Files.readString(file));
          while (array.find()) {
            found++;
            if (!SMALL.matcher(array.group(1)).matches()) {
              unbounded.add(file.getFileName() + ": " + array.group());
            }
          }
        }
      }
    }
    assertEquals(List.of(), unbounded);
    assertTrue(found > 50, "arrays: " + found);
  }
}
