package dev.baton.xnnpack.payload;

import java.util.ArrayList;
import java.util.List;

/**
 * What the verifier must know of one FlatBuffers table.
 *
 * @param fields in slot order
 */
record TableFacts(String name, List<Field> fields) {
  /**
   * @param slot the first of the field's slots; a union has two, its type and its value
   */
  record Field(String name, int slot, Kind kind) {}

  sealed interface Kind {
    record Scalar(int bytes) implements Kind {}

    record Text() implements Kind {}

    record Scalars(int elementBytes) implements Kind {}

    record Table(TableFacts facts) implements Kind {}

    record Tables(TableFacts facts) implements Kind {}

    /** Type 1 is the first member; a type beyond the last is not looked into. */
    record Union(List<TableFacts> members) implements Kind {}
  }

  record Entry(String name, Kind kind) {}

  static TableFacts table(String name, Entry... entries) {
    List<Field> fields = new ArrayList<>();
    int slot = 0;
    for (Entry entry : entries) {
      fields.add(new Field(entry.name, slot, entry.kind));
      slot += entry.kind instanceof Kind.Union ? 2 : 1;
    }
    return new TableFacts(name, List.copyOf(fields));
  }

  static Entry scalar(int bytes, String name) {
    return new Entry(name, new Kind.Scalar(bytes));
  }

  static Entry text(String name) {
    return new Entry(name, new Kind.Text());
  }

  static Entry scalars(int elementBytes, String name) {
    return new Entry(name, new Kind.Scalars(elementBytes));
  }

  static Entry one(TableFacts facts, String name) {
    return new Entry(name, new Kind.Table(facts));
  }

  static Entry many(TableFacts facts, String name) {
    return new Entry(name, new Kind.Tables(facts));
  }

  static Entry union(String name, List<TableFacts> members) {
    return new Entry(name, new Kind.Union(List.copyOf(members)));
  }
}
