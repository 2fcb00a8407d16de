package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.format.TableFacts;
import dev.baton.format.TableFacts.Field;
import dev.baton.format.TableFacts.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The verifier's facts say what the schema file says. */
class ProgramSchemaTest {
  private static final Path SCHEMAS = Path.of("src/main/flatbuffers");
  private static final Pattern BLOCK = Pattern.compile("(table|union)\\s+(\\w+)\\s*\\{([^}]*)}");
  private static final Pattern FIELD =
      Pattern.compile("(\\w+)\\s*:\\s*(\\[?)(?:\\w+\\.)?(\\w+)]?[^;]*;");
  private static final Map<String, Integer> SCALARS =
      Map.ofEntries(
          Map.entry("bool", 1),
          Map.entry("byte", 1),
          Map.entry("ubyte", 1),
          Map.entry("int", 4),
          Map.entry("uint", 4),
          Map.entry("uint32", 4),
          Map.entry("int32", 4),
          Map.entry("uint8", 1),
          Map.entry("long", 8),
          Map.entry("int64", 8),
          Map.entry("uint64", 8),
          Map.entry("double", 8),
          Map.entry("ScalarType", 1),
          Map.entry("TensorShapeDynamism", 1),
          Map.entry("TensorDataLocation", 1),
          Map.entry("DataLocation", 1),
          Map.entry("DeviceType", 1));

  static Stream<Arguments> schemas() {
    return Stream.of(
        Arguments.of("program.fbs", ProgramSchema.PROGRAM),
        Arguments.of("flat_tensor.fbs", DataFileSchema.FLAT_TENSOR),
        Arguments.of("flat_tensor_0_6.fbs", DataFileSchema.FLAT_TENSOR_0_6),
        Arguments.of("bundled_program.fbs", BundleSchema.BUNDLED_PROGRAM));
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void factsEqualTheSchemaFile(String schema, TableFacts root) throws IOException {
    String text = Files.readString(SCHEMAS.resolve(schema)).replaceAll("//[^\n]*", "");
    Map<String, List<String>> unions = new LinkedHashMap<>();
    Map<String, String> expected = new TreeMap<>();
    Matcher union = BLOCK.matcher(text);
    while (union.find()) {
      if (union.group(1).equals("union")) {
        unions.put(union.group(2), List.of(union.group(3).strip().split("\\s*,\\s*")));
      }
    }
    Matcher table = BLOCK.matcher(text);
    while (table.find()) {
      if (table.group(1).equals("table")) {
        expected.put(table.group(2), fields(table.group(3), unions));
      }
    }
    Map<String, String> actual = new TreeMap<>();
    describe(root, actual);
    assertEquals(expected, actual);
  }

  private static String fields(String body, Map<String, List<String>> unions) {
    List<String> fields = new ArrayList<>();
    int slot = 0;
    Matcher field = FIELD.matcher(body);
    while (field.find()) {
      String type = field.group(3);
      boolean vector = !field.group(2).isEmpty();
      String kind;
      if (unions.containsKey(type)) {
        kind = "union " + unions.get(type);
      } else if (type.equals("string")) {
        kind = "text";
      } else if (SCALARS.containsKey(type)) {
        kind = (vector ? "scalars " : "scalar ") + SCALARS.get(type);
      } else {
        kind = (vector ? "tables " : "table ") + type;
      }
      fields.add(slot + " " + field.group(1) + " " + kind);
      slot += kind.startsWith("union") ? 2 : 1;
    }
    return String.join("; ", fields);
  }

  private static void describe(TableFacts facts, Map<String, String> into) {
    List<String> fields = new ArrayList<>();
    for (Field field : facts.fields()) {
      String kind =
          switch (field.kind()) {
            case Kind.Scalar(int bytes) -> "scalar " + bytes;
            case Kind.Text() -> "text";
            case Kind.Blob() -> "scalars 1";
            case Kind.Scalars(int bytes) -> "scalars " + bytes;
            case Kind.Table(TableFacts to) -> {
              describe(to, into);
              yield "table " + to.name();
            }
            case Kind.Tables(TableFacts to) -> {
              describe(to, into);
              yield "tables " + to.name();
            }
            case Kind.Union(List<TableFacts> members) -> {
              members.forEach(member -> describe(member, into));
              yield "union " + members.stream().map(TableFacts::name).toList();
            }
          };
      fields.add(field.slot() + " " + field.name() + " " + kind);
    }
    into.put(facts.name(), String.join("; ", fields));
  }
}
