package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.cases.ModelCase;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.graph.Operators;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.kernel.KernelGoldens;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.ReferenceKernels;
import dev.baton.tck.conformance.PlainContext;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/operators.md} says what the vocabulary, the kernels, their goldens and XNNPACK say.
 */
class OperatorPageTest {
  private static final Path PAGE = Path.of("../docs/operators.md");
  private static final String VECTOR = "vector";
  private static final String XNNPACK = "xnnpack";

  private static final String HEAD =
      """
      | Operator | Types | Reference | Vector | XNNPACK | Cases |
      |---|---|---|---|---|---|
      """;

  /** Reads what a program has computed: only whole programs can show it. */
  private static final String READ_SCALAR = "aten::_local_scalar_dense";

  /** {@code -Dbaton.write=true} writes the page instead. */
  @Test
  void thePageIsOfThisTable() throws IOException, DelegateException {
    Delegate xnnpack = Objects.requireNonNull(Delegates.load().find(XNNPACK));
    assumeTrue(xnnpack.availability().isAvailable(), () -> xnnpack.availability().toString());
    assumeTrue(
        System.getProperty("baton.xnnpack.library") == null, "the page is of Baton's own library");
    try (DelegateSession session = xnnpack.open(new PlainContext())) {
      OperatorProbe probe = new OperatorProbe(Kernels.load(), session, XNNPACK);
      Map<String, Integer> cases = new TreeMap<>();
      Map<String, Set<String>> dtypes = new TreeMap<>();
      for (KernelGoldens.Case golden : KernelGoldens.all().toList()) {
        probe.ask(golden);
        if (golden.results() != null) {
          cases.merge(golden.operator(), 1, Integer::sum);
          dtypes.computeIfAbsent(golden.operator(), o -> new TreeSet<>()).addAll(golden.dtypes());
        }
      }
      cases.put(READ_SCALAR, programsWith(READ_SCALAR));
      Set<String> untested = new TreeSet<>(Operators.names());
      cases.forEach((operator, count) -> untested.remove(count > 0 ? operator : ""));
      assertEquals(Set.of(), untested, "operators without a golden");
      assertTrue(probe.taken.get(VECTOR).size() > 40, "operators of the vector kernels");
      assertTrue(probe.taken.get(XNNPACK).size() > 60, "operators of XNNPACK");
      String page = page(probe, cases, dtypes);
      if (Boolean.getBoolean("baton.write")) {
        Files.writeString(PAGE, page);
      }
      assertEquals(page, Files.readString(PAGE), "write it anew: -Dbaton.write=true");
    }
  }

  /** Model cases that hold an operator. */
  private static int programsWith(String operator) throws IOException {
    int count = 0;
    for (Path folder : ModelCase.find(Path.of(System.getProperty("baton.models")))) {
      if (!Files.isDirectory(folder)) {
        continue; // a bundled program
      }
      String description = Files.readString(folder.resolve("case.json"));
      count += description.contains('"' + operator + '"') ? 1 : 0;
    }
    return count;
  }

  private static String page(
      OperatorProbe probe, Map<String, Integer> cases, Map<String, Set<String>> dtypes)
      throws IOException {
    StringBuilder page =
        new StringBuilder(
            """
            # Operators

            Every operator that a program may hold, by its functional name and signature. Files spell most of them as
            out variants. *Types* are those of tensor arguments for which results are compared with PyTorch's and
            ExecuTorch's; *cases* is how many such calls there are. The reference kernels compute all of these types,
            and, where it says *int8 quantized*, integers between dequantize and quantize as well; *plan* is computed when a plan
            is made. The vector kernels and XNNPACK take the types that their columns name, the type of a call being
            that of its first real tensor; a call that they do not support in such a type is computed by the reference
            kernels. XNNPACK takes float16 where it computes in float32 between conversions.

            `OperatorPageTest` writes this page: it asks the kernels and XNNPACK about each of the calls.

            """);
    Map<String, String> signatures = signatures();
    Set<String> sections = new LinkedHashSet<>();
    signatures.keySet().forEach(name -> sections.add(section(name)));
    page.append(
        sections.stream()
            .map(s -> "[" + s + "](#" + s.replace(" ", "-") + ")")
            .collect(Collectors.joining(" · ", "", "\n")));
    Kernels reference = Kernels.reference();
    String section = "";
    for (Map.Entry<String, String> operator : signatures.entrySet()) {
      String name = operator.getKey();
      if (!section.equals(section(name))) {
        section = section(name);
        page.append("\n## ").append(section).append("\n\n");
        page.append(HEAD);
      }
      boolean fused = probe.types(ReferenceKernels.NAME, name).contains(OperatorProbe.INT8_FUSED);
      String own = reference.find(name) == null ? "plan" : fused ? "yes, int8 quantized" : "yes";
      page.append("| `").append(operator.getValue()).append("` | ");
      page.append(String.join(", ", dtypes.getOrDefault(name, Set.of()))).append(" | ");
      page.append(own).append(" | ");
      page.append(String.join(", ", probe.types(VECTOR, name))).append(" | ");
      page.append(String.join(", ", probe.types(XNNPACK, name))).append(" | ");
      page.append(cases.getOrDefault(name, 0)).append(" |\n");
    }
    return page.toString();
  }

  /** The namespace; with the first letter, where a namespace has many operators. */
  private static String section(String operator) {
    String[] parts = operator.split("::");
    return parts[0].equals("aten") ? "aten " + parts[1].charAt(0) : parts[0];
  }

  /** Names and signatures, from the vocabulary's file. */
  private static Map<String, String> signatures() throws IOException {
    Map<String, String> signatures = new TreeMap<>();
    try (InputStream in =
        Objects.requireNonNull(Operators.class.getResourceAsStream("operators.txt"))) {
      List<String> lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      for (String line : lines) {
        if (!line.startsWith("#")) {
          String signature = line.split(" ; ")[0];
          signatures.put(signature.substring(0, signature.indexOf('(')), signature);
        }
      }
    }
    assertEquals(new TreeSet<>(Operators.names()), signatures.keySet());
    return signatures;
  }
}
