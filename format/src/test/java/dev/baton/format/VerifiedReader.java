package dev.baton.format;

import com.google.flatbuffers.Table;
import dev.baton.format.TableFacts.Field;
import dev.baton.format.TableFacts.Kind;
import java.nio.ByteBuffer;

/** Reads all that the facts describe as generated accessors do, which check nothing. */
final class VerifiedReader extends Table {
  private VerifiedReader(ByteBuffer bytes, int at) {
    __reset(at, bytes);
  }

  /**
   * @throws IndexOutOfBoundsException if an accessor leaves the buffer
   */
  static void read(ByteBuffer bytes, TableFacts root) {
    new VerifiedReader(bytes, bytes.getInt(0)).read(root);
  }

  private void read(TableFacts facts) {
    for (Field field : facts.fields()) {
      int offset = __offset(4 + 2 * field.slot());
      if (offset != 0) {
        read(field, bb_pos + offset);
      }
    }
  }

  private void read(Field field, int at) {
    switch (field.kind()) {
      case Kind.Scalar(int width) -> elements(at, 1, width);
      case Kind.Text() -> __string(at);
      case Kind.Blob() -> elements(at, 1);
      case Kind.Scalars(int width) -> elements(at, width);
      case Kind.Table(TableFacts to) -> table(at, to);
      case Kind.Tables(TableFacts to) -> {
        int from = __vector(at - bb_pos);
        for (int i = 0; i < __vector_len(at - bb_pos); i++) {
          table(from + 4 * i, to);
        }
      }
      case Kind.Union(var members) -> {
        int type = bb.get(at) & 0xff;
        int value = __offset(4 + 2 * (field.slot() + 1));
        if (value != 0 && type > 0 && type <= members.size()) {
          table(bb_pos + value, members.get(type - 1));
        }
      }
    }
  }

  private void table(int at, TableFacts facts) {
    new VerifiedReader(bb, __indirect(at)).read(facts);
  }

  private void elements(int at, int width) {
    elements(__vector(at - bb_pos), __vector_len(at - bb_pos), width);
  }

  private void elements(int from, int count, int width) {
    for (int i = 0; i < count * width; i++) {
      bb.get(from + i);
    }
  }
}
