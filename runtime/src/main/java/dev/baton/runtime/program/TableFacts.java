package dev.baton.runtime.program;

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

    /** A byte vector that is handed on as it is, never decoded. */
    record Blob() implements Kind {}

    record Scalars(int elementBytes) implements Kind {}

    record Table(TableFacts facts) implements Kind {}

    record Tables(TableFacts facts) implements Kind {}

    /** Type 1 is the first member. */
    record Union(List<TableFacts> members) implements Kind {}
  }

  static TableFacts table(String name, Entry... entries) {
    List<Field> fields = new ArrayList<>();
    int slot = 0;
    for (Entry entry : entries) {
      fields.add(new Field(entry.name, slot, entry.kind));
      slot += entry.kind instanceof Kind.Union ? 2 : 1;
    }
    return new TableFacts(name, List.copyOf(fields));
  }

  record Entry(String name, Kind kind) {}

  static Entry scalar(int bytes, String name) {
    return new Entry(name, new Kind.Scalar(bytes));
  }

  static Entry text(String name) {
    return new Entry(name, new Kind.Text());
  }

  static Entry blob(String name) {
    return new Entry(name, new Kind.Blob());
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

  static Entry union(String name, TableFacts... members) {
    return new Entry(name, new Kind.Union(List.of(members)));
  }
}
