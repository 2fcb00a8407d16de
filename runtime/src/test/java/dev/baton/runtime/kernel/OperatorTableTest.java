package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Operators;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The operator table: each operator of the vocabulary has a kernel, and is tested. The page of it
 * is written where faster kernels and delegates are, in the module {@code all}.
 */
class OperatorTableTest {
  /** Reads what a program computes, and so has no kernel: the model cases have it. */
  private static final String READ_SCALAR = "aten::_local_scalar_dense";

  private final KernelProvider reference = new ReferenceKernels();

  private boolean isComputed(String operator) {
    return reference.find(operator) != null || isScalar(operator);
  }

  private static boolean isScalar(String operator) {
    return ScalarOperators.contains(operator) || operator.equals(READ_SCALAR);
  }

  @Test
  void everyOperatorHasAKernel() {
    Set<String> missing = new TreeSet<>(Operators.names());
    missing.removeIf(this::isComputed);
    assertEquals(Set.of(), missing);
  }

  @Test
  void everyOperatorHasAGolden() {
    Set<String> tested =
        KernelGoldens.all().map(KernelGoldens.Case::operator).collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>(Operators.names());
    missing.removeAll(tested);
    assertEquals(Set.of(READ_SCALAR), missing);
  }

  /** Every dtype in which PyTorch computes an operator: {@code generate_sample_goldens.py}. */
  @Test
  void everyDtypeHasAGolden() throws IOException {
    TreeMap<String, Set<String>> tested = dtypes();
    Set<String> missing = new TreeSet<>();
    int operators = 0;
    try (InputStream in = OperatorTableTest.class.getResourceAsStream("/kernels/dtypes.txt")) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        int colon = line.indexOf(": ");
        if (!line.startsWith("#") && colon > 0) {
          operators++;
          Set<String> own = tested.getOrDefault(line.substring(0, colon), Set.of());
          for (String dtype : line.substring(colon + 2).split(" ")) {
            if (!own.contains(dtype)) {
              missing.add(line.substring(0, colon) + " of " + dtype);
            }
          }
        }
      }
    }
    assertEquals(Set.of(), missing);
    assertTrue(operators > 300, "operators: " + operators);
  }

  /** Operator → dtypes of tensors in its goldens. */
  private static TreeMap<String, Set<String>> dtypes() {
    TreeMap<String, Set<String>> dtypes = new TreeMap<>();
    KernelGoldens.all()
        .filter(golden -> golden.results() != null)
        .forEach(golden ->
            dtypes
                .computeIfAbsent(golden.operator(), name -> new TreeSet<>())
                .addAll(golden.dtypes()));
    return dtypes;
  }
}
