package dev.baton.runtime.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.Operators;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The operator table: the vocabulary, who computes each operator, and what tests it. */
class OperatorTableTest {
  /** Operators whose results nobody can foretell. */
  private static final Set<String> UNDEFINED =
      Set.of(
          "aten::empty.memory_format",
          "aten::empty_like",
          "aten::rand",
          "aten::randn",
          "aten::rand_like",
          "aten::randn_like",
          "aten::randint",
          "aten::randint.low",
          "aten::randint_like",
          "aten::randint_like.low_dtype",
          "aten::randperm",
          "dim_order_ops::_empty_dim_order");

  private static final Path PAGE = Path.of("../docs/operators.md");

  private final KernelProvider reference = new ReferenceKernels();

  private boolean isComputed(String operator) {
    return reference.find(operator) != null || isScalar(operator);
  }

  private static boolean isScalar(String operator) {
    return ScalarOperators.contains(operator) || operator.equals("aten::_local_scalar_dense");
  }

  @Test
  void everyOperatorHasAKernel() {
    Set<String> missing = new TreeSet<>(Operators.names());
    missing.removeIf(this::isComputed);
    assertEquals(Set.of(), missing);
  }

  @Test
  void everyKernelHasAGolden() {
    Set<String> tested =
        KernelGoldens.all().map(KernelGoldens.Case::operator).collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>(Operators.names());
    missing.removeAll(tested);
    missing.removeAll(UNDEFINED);
    missing.removeIf(OperatorTableTest::isScalar);
    assertEquals(Set.of(), missing);
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

  /** {@code -Dbaton.write=true} writes the page instead. */
  @Test
  void thePageIsOfThisTable() throws IOException {
    String page = page();
    if (Boolean.getBoolean("baton.write")) {
      Files.writeString(PAGE, page);
    }
    assertEquals(page, Files.readString(PAGE), "write it anew: -Dbaton.write=true");
  }

  private String page() {
    TreeMap<String, Set<String>> dtypes = dtypes();
    TreeMap<String, Integer> cases = new TreeMap<>();
    KernelGoldens.all()
        .filter(golden -> golden.results() != null)
        .forEach(golden -> cases.merge(golden.operator(), 1, Integer::sum));
    StringBuilder page =
        new StringBuilder(
            """
            # Operators

            Every operator that a program may hold, by its functional name and signature. Files spell most of them
            as out variants. *Types* are those of tensor arguments for which results are compared with PyTorch's and
            ExecuTorch's; *cases* is how many such calls there are. Operators marked *scalar* are computed when a plan
            is made. This page is written by `OperatorTableTest` from the table itself.

            | Operator | Computed by | Types | Cases |
            |---|---|---|---|
            """);
    for (String name : new TreeSet<>(Operators.names())) {
      page.append("| `").append(name).append("` | ");
      page.append(
          isScalar(name) ? "scalar" : reference.find(name) != null ? "reference" : "nobody");
      page.append(" | ").append(String.join(", ", dtypes.getOrDefault(name, Set.of())));
      page.append(" | ").append(cases.getOrDefault(name, 0)).append(" |\n");
    }
    return page.toString();
  }

  /** Operator → dtypes of tensors in its goldens. */
  private static TreeMap<String, Set<String>> dtypes() {
    TreeMap<String, Set<String>> dtypes = new TreeMap<>();
    KernelGoldens.all()
        .filter(golden -> golden.results() != null)
        .forEach(golden -> {
          Set<String> own = dtypes.computeIfAbsent(golden.operator(), name -> new TreeSet<>());
          golden.arguments().forEach(a -> collect(a, own));
        });
    return dtypes;
  }

  private static void collect(Object argument, Set<String> dtypes) {
    switch (argument) {
      case java.util.Map<?, ?> m when m.get("dtype") instanceof String dtype -> dtypes.add(dtype);
      case java.util.List<?> list -> list.forEach(item -> collect(item, dtypes));
      case null, default -> {}
    }
  }
}
