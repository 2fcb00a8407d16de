package dev.baton.xnnpack.payload;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.format.TableFacts;
import dev.baton.format.TableFacts.Field;
import dev.baton.format.TableFacts.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The facts that drive the verifier are those of the schema file. */
class PayloadSchemaTest {
  private static final Pattern BLOCK =
      Pattern.compile("(table|union|enum) (\\w+)[^{]*\\{([^}]*)\\}", Pattern.DOTALL);
  private static final Pattern FIELD = Pattern.compile("(\\w+)\\s*:\\s*(\\[?)(\\w+)\\]?");
  private static final Map<String, Integer> WIDTHS =
      Map.of("ubyte", 1, "ushort", 2, "int", 4, "uint", 4, "float", 4, "uint64", 8);

  private final Map<String, String> tables = new HashMap<>();
  private final Map<String, List<String>> unions = new HashMap<>();
  private final Set<String> enums = new HashSet<>();

  PayloadSchemaTest() throws IOException {
    String schema =
        Files.readString(Path.of("src/main/flatbuffers/runtime_schema.fbs"))
            .replaceAll("//[^\n]*", "");
    for (Matcher block = BLOCK.matcher(schema); block.find(); ) {
      switch (block.group(1)) {
        case "table" -> tables.put(block.group(2), block.group(3));
        case "union" -> {
          List<String> members = new ArrayList<>();
          for (String member : block.group(3).split(",")) {
            if (!member.isBlank()) {
              members.add(member.strip().replaceAll("\\s", ""));
            }
          }
          unions.put(block.group(2), members);
        }
        default -> enums.add(block.group(2));
      }
    }
  }

  @Test
  void factsAreThoseOfTheSchema() {
    check(PayloadSchema.GRAPH, new HashSet<>());
  }

  @Test
  void kindsAreThoseOfTheUnion() {
    List<String> kinds = new ArrayList<>();
    for (NodeKind kind : NodeKind.values()) {
      String table = kind.form().facts().name();
      kinds.add(kind.label().equals(table) ? table : kind.label() + ":" + table);
    }
    assertEquals(unions.get("XNodeUnion"), kinds);
  }

  private void check(TableFacts facts, Set<String> done) {
    if (!done.add(facts.name())) {
      return;
    }
    List<String> fields = new ArrayList<>();
    for (Field field : facts.fields()) {
      fields.add(field.name() + ":" + describe(field.kind(), done));
    }
    List<String> expected = new ArrayList<>();
    for (Matcher m = FIELD.matcher(tables.get(facts.name()).replaceAll("\\([^)]*\\)", ""));
        m.find(); ) {
      expected.add(m.group(1) + ":" + describe(!m.group(2).isEmpty(), m.group(3)));
    }
    assertEquals(expected, fields, facts.name());
  }

  private String describe(boolean vector, String type) {
    if (WIDTHS.containsKey(type)) {
      return (vector ? "vector of " : "") + WIDTHS.get(type);
    }
    return enums.contains(type)
        ? "2"
        : unions.containsKey(type) ? "union" : (vector ? "vector of " : "") + type;
  }

  private String describe(Kind kind, Set<String> done) {
    return switch (kind) {
      case Kind.Scalar(int bytes) -> "" + bytes;
      case Kind.Scalars(int bytes) -> "vector of " + bytes;
      case Kind.Blob() -> "vector of 1";
      case Kind.Text() -> "string";
      case Kind.Table(TableFacts facts) -> {
        check(facts, done);
        yield facts.name();
      }
      case Kind.Tables(TableFacts facts) -> {
        check(facts, done);
        yield "vector of " + facts.name();
      }
      case Kind.Union(List<TableFacts> members) -> {
        members.forEach(member -> check(member, done));
        yield "union";
      }
    };
  }
}
