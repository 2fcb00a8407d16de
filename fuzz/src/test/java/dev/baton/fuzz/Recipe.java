package dev.baton.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * How a sound file becomes a hostile one. A fuzzer's input is a recipe; recipes of the corpus stay
 * valid as long as seeds keep their places in their list.
 *
 * <pre>
 *  0     which seed       1  what inputs are filled with
 *  2     which method     3  how dynamic inputs are resized
 *  4..   edits of 8 bytes:
 *        0..1 which place, or which byte of the file   2 what is done   3 a small number   4..7 a value
 * </pre>
 */
record Recipe(int seed, int fill, int method, int resize, List<Edit> edits) {
  private static final int HEADER_BYTES = 4;
  private static final int EDIT_BYTES = 8;
  private static final int MOST_EDITS = 16;

  /** Numbers at which code that counts bytes tends to be wrong. */
  private static final long[] AWKWARD = {
    0,
    1,
    -1,
    2,
    7,
    64,
    127,
    128,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x7ffffffc,
    0x7fffffff,
    0x80000000L,
    0xffffffffL,
    1L << 32,
    1L << 61,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Double.doubleToLongBits(Double.NaN),
    Double.doubleToLongBits(Double.POSITIVE_INFINITY),
    Double.doubleToLongBits(1e300),
    Double.doubleToLongBits(-0.5)
  };

  /**
   * @param action 0 sets a value, 1 adds the small number, 2 flips a bit, 3 sets an awkward number,
   *     4 copies another place; 5 sets four bytes anywhere, 6 cuts the file
   */
  record Edit(int place, int action, int small, int value) {
    private void apply(Seed seed, ByteBuffer file) {
      switch (action % 7) {
        case 5 -> {
          if (file.limit() > 4) {
            file.putInt((place << 8 | small) % (file.limit() - 4), value);
          }
        }
        case 6 -> file.limit(Math.max(1, file.limit() - (small << 4 | place & 15)));
        default -> {
          List<Place> places = seed.places();
          Place at = places.get(place % places.size());
          if (at.at() + at.width() > file.limit()) {
            return;
          }
          long old = get(file, at);
          switch (action % 7) {
            case 0 -> put(file, at, value);
            case 1 -> put(file, at, old + (byte) small);
            case 2 -> put(file, at, old ^ 1L << small % (8 * at.width()));
            case 3 -> put(file, at, AWKWARD[small % AWKWARD.length]);
            default -> {
              Place other = places.get((value & 0x7fffffff) % places.size());
              if (other.at() + other.width() <= file.limit()) {
                long copied = get(file, other);
                boolean offsets =
                    at.kind() == Place.Kind.OFFSET && other.kind() == Place.Kind.OFFSET;
                put(file, at, offsets ? other.at() + copied - at.at() : copied);
              }
            }
          }
        }
      }
    }

    private static long get(ByteBuffer file, Place at) {
      return switch (at.width()) {
        case 1 -> file.get(at.at());
        case 2 -> file.getShort(at.at());
        case 4 -> file.getInt(at.at());
        default -> file.getLong(at.at());
      };
    }

    private static void put(ByteBuffer file, Place at, long value) {
      switch (at.width()) {
        case 1 -> file.put(at.at(), (byte) value);
        case 2 -> file.putShort(at.at(), (short) value);
        case 4 -> file.putInt(at.at(), (int) value);
        default -> file.putLong(at.at(), value);
      }
    }
  }

  /** Any bytes are a recipe. */
  static Recipe of(byte[] input) {
    ByteBuffer bytes = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
    int[] header = new int[HEADER_BYTES];
    for (int i = 0; i < HEADER_BYTES && bytes.hasRemaining(); i++) {
      header[i] = bytes.get() & 0xff;
    }
    List<Edit> edits = new ArrayList<>();
    while (bytes.remaining() >= EDIT_BYTES && edits.size() < MOST_EDITS) {
      edits.add(
          new Edit(
              bytes.getShort() & 0xffff, bytes.get() & 0xff, bytes.get() & 0xff, bytes.getInt()));
    }
    return new Recipe(header[0], header[1], header[2], header[3], edits);
  }

  Seed of(List<Seed> seeds) {
    return seeds.get(seed % seeds.size());
  }

  /** The seed's bytes, changed. */
  byte[] apply(Seed from) {
    ByteBuffer file = ByteBuffer.wrap(from.bytes().clone()).order(ByteOrder.LITTLE_ENDIAN);
    edits.forEach(edit -> edit.apply(from, file));
    byte[] changed = new byte[file.limit()];
    file.get(0, changed);
    return changed;
  }

  /** What was done to which fields, for the message of a finding. */
  String describe(Seed from) {
    StringBuilder text = new StringBuilder(from.name());
    text.append(", inputs ").append(fill).append(", method ").append(method);
    text.append(", resized ").append(resize);
    for (Edit edit : edits) {
      text.append("; ").append(edit).append(' ');
      text.append(from.places().get(edit.place() % from.places().size()));
    }
    return text.toString();
  }
}
