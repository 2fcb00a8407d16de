package dev.baton.fuzz;

import dev.baton.format.TableFacts;
import dev.baton.format.TableFacts.Field;
import dev.baton.format.TableFacts.Kind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Finds the places of sound FlatBuffers tables, by the facts of their schema. */
final class Places {
  /** Of a long vector, so many elements are places. */
  private static final int ELEMENTS = 64;

  private final ByteBuffer bytes;
  private final List<Place> places = new ArrayList<>();
  private final Set<Integer> visited = new HashSet<>();

  private Places(byte[] file) {
    this.bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * @param base byte of the file where the tables begin, with the offset of the root
   */
  static List<Place> of(byte[] file, int base, TableFacts root) {
    Places found = new Places(file);
    found.offset("root", base, root);
    return found.places;
  }

  private void add(Place.Kind kind, String name, int at, int width) {
    places.add(new Place(kind, name, at, width));
  }

  private int target(int at) {
    return at + bytes.getInt(at);
  }

  private void offset(String name, int at, TableFacts facts) {
    add(Place.Kind.OFFSET, name, at, 4);
    table(facts, target(at));
  }

  private void table(TableFacts facts, int at) {
    if (!visited.add(at)) {
      return;
    }
    int vtable = at - bytes.getInt(at);
    int slots = bytes.getShort(vtable) / 2 - 2;
    for (Field field : facts.fields()) {
      String name = facts.name() + "." + field.name();
      int offset = field.slot() < slots ? bytes.getShort(vtable + 4 + 2 * field.slot()) : 0;
      if (field.slot() < slots && visited.add(vtable + 4 + 2 * field.slot())) {
        add(Place.Kind.SLOT, name, vtable + 4 + 2 * field.slot(), 2);
      }
      if (offset == 0) {
        continue;
      }
      int place = at + offset;
      switch (field.kind()) {
        case Kind.Scalar(int width) -> add(Place.Kind.SCALAR, name, place, width);
        case Kind.Text(), Kind.Blob() -> vector(name, place, 0);
        case Kind.Scalars(int width) -> vector(name, place, width);
        case Kind.Table(TableFacts inner) -> offset(name, place, inner);
        case Kind.Tables(TableFacts inner) -> {
          int vector = vector(name, place, 0);
          for (int i = 0; i < bytes.getInt(vector); i++) {
            offset(name, vector + 4 + 4 * i, inner);
          }
        }
        case Kind.Union(List<TableFacts> members) -> {
          int type = bytes.get(place);
          add(Place.Kind.SCALAR, name, place, 1);
          int value = bytes.getShort(vtable + 4 + 2 * (field.slot() + 1));
          if (type > 0 && type <= members.size() && value != 0) {
            offset(name, at + value, members.get(type - 1));
          }
        }
      }
    }
  }

  /** Returns where the vector begins. */
  private int vector(String name, int at, int width) {
    add(Place.Kind.OFFSET, name, at, 4);
    int vector = target(at);
    add(Place.Kind.LENGTH, name, vector, 4);
    if (width > 0) {
      for (int i = 0; i < Math.min(ELEMENTS, bytes.getInt(vector)); i++) {
        add(Place.Kind.SCALAR, name, vector + 4 + width * i, width);
      }
    }
    return vector;
  }
}
