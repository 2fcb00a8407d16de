package dev.baton.format;

import java.util.ArrayList;
import java.util.List;

/**
 * What the verifier must know of one FlatBuffers table. Facts are built from the leaves up, so no
 * table can reach itself, and nesting is bounded by them.
 *
 * @param name of the table in its schema, for messages
 * @param fields in slot order
 */
public record TableFacts(String name, List<Field> fields) {

  /**
   * @param slot the first of the field's slots; a union has two, its type and its value
   */
  public record Field(String name, int slot, Kind kind) {}

  /** What a field holds. */
  public sealed interface Kind {
    /** A number, a truth value or an enum's value, in the table itself. */
    record Scalar(int bytes) implements Kind {}

    /** A string, which must be UTF-8 and end in a zero. */
    record Text() implements Kind {}

    /** A byte vector that is handed on as it is, never decoded. */
    record Blob() implements Kind {}

    /** A vector of numbers. */
    record Scalars(int elementBytes) implements Kind {}

    /** Another table. */
    record Table(TableFacts facts) implements Kind {}

    /** A vector of tables. */
    record Tables(TableFacts facts) implements Kind {}

    /** One of several tables; type 1 is the first member. */
    record Union(List<TableFacts> members) implements Kind {}
  }

  /** A field before it has its slot. */
  public record Entry(String name, Kind kind) {}

  /** A table whose fields have no gaps: the order of the entries gives the slots. */
  public static TableFacts table(String name, Entry... entries) {
    List<Field> fields = new ArrayList<>();
    int slot = 0;
    for (Entry entry : entries) {
      fields.add(new Field(entry.name, slot, entry.kind));
      slot += entry.kind instanceof Kind.Union ? 2 : 1;
    }
    return new TableFacts(name, List.copyOf(fields));
  }

  public static Entry scalar(int bytes, String name) {
    return new Entry(name, new Kind.Scalar(bytes));
  }

  public static Entry text(String name) {
    return new Entry(name, new Kind.Text());
  }

  public static Entry blob(String name) {
    return new Entry(name, new Kind.Blob());
  }

  public static Entry scalars(int elementBytes, String name) {
    return new Entry(name, new Kind.Scalars(elementBytes));
  }

  public static Entry one(TableFacts facts, String name) {
    return new Entry(name, new Kind.Table(facts));
  }

  public static Entry many(TableFacts facts, String name) {
    return new Entry(name, new Kind.Tables(facts));
  }

  public static Entry union(String name, TableFacts... members) {
    return new Entry(name, new Kind.Union(List.of(members)));
  }
}
