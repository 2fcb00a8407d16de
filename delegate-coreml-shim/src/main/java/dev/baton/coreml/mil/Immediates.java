package dev.baton.coreml.mil;

import dev.baton.coreml.mil.MilType.Element;
import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Reads constants that are in the program itself, however the format spells their numbers. */
final class Immediates {
  /** Weights are in files; what is in the program is small. */
  private static final int MOST_BYTES = 1 << 26;

  private Immediates() {}

  /** One number of a list. */
  private interface Item {
    long bits(ProtoReader in, boolean packed) throws DelegateException;
  }

  static MilValue.Content read(ProtoReader in, Element element) throws DelegateException {
    MilValue.Content content = new MilValue.Other();
    while (in.next()) {
      if (in.field() == 1) {
        content = tensor(in.message(), element);
      } else {
        in.skip(); // a list, a tuple or a dictionary
      }
    }
    return content;
  }

  private static MilValue.Content tensor(ProtoReader in, Element element) throws DelegateException {
    MilValue.Content content = new MilValue.Immediate(MemorySegment.NULL, List.of());
    while (in.next()) {
      int kind = in.field();
      content =
          switch (kind) {
            case 1 ->
                numbers(in, element, element == Element.FP16 ? Immediates::half : Immediates::real);
            case 2, 3, 5 -> numbers(in, element, Immediates::integer);
            case 4 -> texts(in);
            case 6 -> numbers(in, element, Immediates::longReal);
            case 7 -> raw(in);
            default -> {
              in.skip();
              yield content;
            }
          };
    }
    return content;
  }

  private static long real(ProtoReader in, boolean packed) throws DelegateException {
    return Float.floatToRawIntBits(packed ? in.packedReal() : in.real());
  }

  private static long half(ProtoReader in, boolean packed) throws DelegateException {
    return Float.floatToFloat16(packed ? in.packedReal() : in.real());
  }

  private static long longReal(ProtoReader in, boolean packed) throws DelegateException {
    return Double.doubleToRawLongBits(packed ? in.packedLongReal() : in.longReal());
  }

  private static long integer(ProtoReader in, boolean packed) throws DelegateException {
    return packed ? in.packedVarint() : in.varint();
  }

  private static MilValue.Content numbers(ProtoReader wrapper, Element element, Item item)
      throws DelegateException {
    int width = element.bits() / Byte.SIZE;
    if (width == 0) {
      throw Failures.damaged("a constant in its model lists elements of type " + element);
    }
    ProtoReader in = wrapper.message();
    ByteBuffer data =
        ByteBuffer.allocate((int) Math.min(MOST_BYTES, in.bytesLeft() * width))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (in.next()) {
      if (in.field() != 1) {
        in.skip();
      } else if (in.isPacked()) {
        ProtoReader items = in.packed();
        while (items.hasMore()) {
          put(data, width, item.bits(items, true));
        }
      } else {
        put(data, width, item.bits(in, false));
      }
    }
    MemorySegment all = MemorySegment.ofArray(data.array());
    return new MilValue.Immediate(all.asSlice(0, data.position()), List.of());
  }

  private static void put(ByteBuffer data, int width, long bits) throws DelegateException {
    if (data.remaining() < width) {
      throw Failures.damaged("a constant in its model has more than " + MOST_BYTES + " bytes");
    }
    switch (width) {
      case 1 -> data.put((byte) bits);
      case 2 -> data.putShort((short) bits);
      case 4 -> data.putInt((int) bits);
      default -> data.putLong(bits);
    }
  }

  private static MilValue.Content texts(ProtoReader wrapper) throws DelegateException {
    ProtoReader in = wrapper.message();
    List<String> texts = new ArrayList<>();
    while (in.next()) {
      if (in.field() == 1) {
        texts.add(in.text());
      } else {
        in.skip();
      }
    }
    return new MilValue.Immediate(MemorySegment.NULL, texts);
  }

  private static MilValue.Content raw(ProtoReader wrapper) throws DelegateException {
    ProtoReader in = wrapper.message();
    MemorySegment bytes = MemorySegment.NULL;
    while (in.next()) {
      if (in.field() == 1) {
        bytes = in.bytes();
      } else {
        in.skip();
      }
    }
    return new MilValue.Immediate(bytes, List.of());
  }
}
