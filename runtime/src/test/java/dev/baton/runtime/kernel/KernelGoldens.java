package dev.baton.runtime.kernel;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/**
 * Calls of operators with the results that PyTorch gave: every file of the folder {@code /kernels},
 * written by {@code src/test/scripts/generate_kernel_goldens.py}.
 */
public final class KernelGoldens {
  private KernelGoldens() {}

  /**
   * One call.
   *
   * @param arguments JSON: a tensor is {@code {"dtype", "shape", "data"}}, a real {@code {"float"}}
   * @param results as arguments; null where PyTorch refuses the call
   * @param tolerance relative, where the default of the dtype is too strict
   */
  public record Case(
      String name,
      String operator,
      List<Object> arguments,
      List<Object> results,
      double tolerance) {
    /** True if the results are numbers: the operator is computed when a plan is made. */
    public boolean isScalar() {
      return ScalarOperators.contains(operator);
    }

    /** The dtypes of the tensors among the arguments. */
    public Set<String> dtypes() {
      Set<String> dtypes = new TreeSet<>();
      arguments.forEach(a -> collect(a, dtypes));
      return dtypes;
    }

    private static void collect(Object argument, Set<String> dtypes) {
      switch (argument) {
        case Map<?, ?> m when m.get("dtype") instanceof String dtype -> dtypes.add(dtype);
        case List<?> list -> list.forEach(item -> collect(item, dtypes));
        case null, default -> {}
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  public static Stream<Case> all() {
    return of("");
  }

  /** Those of the files whose names begin so. */
  public static Stream<Case> of(String family) {
    try {
      URI folder = KernelGoldens.class.getResource("/kernels").toURI();
      if (!folder.getScheme().equals("jar")) {
        return cases(Path.of(folder), family);
      }
      try (FileSystem jar = FileSystems.newFileSystem(folder, Map.of())) {
        return cases(jar.getPath("/kernels"), family);
      }
    } catch (IOException | java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Stream<Case> cases(Path folder, String family) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.toString().endsWith(".jsonl.gz"))
          .filter(f -> f.getFileName().toString().startsWith(family))
          .sorted()
          .flatMap(KernelGoldens::read)
          .toList()
          .stream();
    }
  }

  private static Stream<Case> read(Path file) {
    List<Case> cases = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Map<String, Object> json = JSON.std.mapFrom(line);
        String operator = (String) json.get("op");
        cases.add(
            new Case(
                operator + " " + signature(json.get("args")) + " #" + (cases.size() + 1),
                operator,
                list(json.get("args")),
                list(json.get("results")),
                json.get("tolerance") instanceof Number n ? n.doubleValue() : 0));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return cases.stream();
  }

  private static String signature(Object argument) {
    return switch (argument) {
      case null -> "none";
      case Map<?, ?> m when m.containsKey("float") -> m.get("float").toString();
      case Map<?, ?> m -> m.get("dtype") + "" + m.get("shape");
      case List<?> l -> l.stream().map(KernelGoldens::signature).toList().toString();
      default -> argument.toString();
    };
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(Object json) {
    return (List<Object>) json;
  }

  /** An argument as {@link KernelHarness} takes it. */
  public static Object argument(Arena arena, Object json) {
    return switch (json) {
      case null -> null;
      case Map<?, ?> m when m.containsKey("float") -> real(m.get("float"));
      case Map<?, ?> m -> tensor(arena, m);
      case List<?> items -> {
        List<Object> all = new ArrayList<>();
        items.forEach(item -> all.add(argument(arena, item)));
        yield all;
      }
      default -> json;
    };
  }

  /** True if nobody can foretell the elements: dtype and shape alone are compared. */
  public static boolean isUndefined(Map<?, ?> json) {
    return json.get("data") == null;
  }

  public static Operand tensor(Arena arena, Map<?, ?> json) {
    DType dtype = dtype((String) json.get("dtype"));
    List<Object> sizes = list(json.get("shape"));
    Shape shape = Shape.of(sizes.stream().mapToInt(s -> ((Number) s).intValue()).toArray());
    List<Object> values = list(json.get("data"));
    MemorySegment data = arena.allocate(shape.numel() * dtype.byteSize(), 64);
    if (values == null) {
      return new Operand(data, dtype, shape);
    }
    Elements elements = Elements.of(data, dtype.part());
    for (int i = 0; i < values.size(); i++) {
      switch (values.get(i)) {
        case String hex -> elements.setDouble(i, real(hex));
        case Boolean b -> elements.setLong(i, b ? 1 : 0);
        case Number n -> elements.setLong(i, n.longValue());
        default -> throw new IllegalArgumentException("element " + values.get(i));
      }
    }
    return new Operand(data, dtype, shape);
  }

  private static double real(Object text) {
    return switch (text.toString()) {
      case "nan" -> Double.NaN;
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text.toString());
    };
  }

  private static DType dtype(String name) {
    return switch (name) {
      case "float16" -> DType.HALF;
      case "float32" -> DType.FLOAT;
      case "float64" -> DType.DOUBLE;
      case "complex32" -> DType.COMPLEX_HALF;
      case "complex64" -> DType.COMPLEX_FLOAT;
      case "complex128" -> DType.COMPLEX_DOUBLE;
      default -> DType.valueOf(name.toUpperCase(Locale.ROOT));
    };
  }
}
