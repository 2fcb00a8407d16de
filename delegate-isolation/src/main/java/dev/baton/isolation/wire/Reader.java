package dev.baton.isolation.wire;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Shape;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads the body of a frame; every method throws {@link WireException} where it does not fit. */
public final class Reader {
  private final ByteBuffer bytes;

  Reader(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  private <T> T read(Function<ByteBuffer, T> reading) {
    try {
      return reading.apply(bytes);
    } catch (BufferUnderflowException e) {
      throw new WireException("a frame ends too early");
    }
  }

  public boolean bool() {
    return read(ByteBuffer::get) != 0;
  }

  public int integer() {
    return read(ByteBuffer::getInt);
  }

  public long number() {
    return read(ByteBuffer::getLong);
  }

  public double real() {
    return read(ByteBuffer::getDouble);
  }

  /** A number of things that follow, of at least a byte each. */
  private int count() {
    int count = integer();
    if (count < 0 || count > bytes.remaining()) {
      throw new WireException("a frame tells of " + count + " things and does not hold them");
    }
    return count;
  }

  public byte[] bytes() {
    byte[] value = new byte[count()];
    bytes.get(value);
    return value;
  }

  public String text() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }

  public <E extends Enum<E>> E oneOf(E[] all) {
    int index = integer();
    if (index < 0 || index >= all.length) {
      throw new WireException("there is no number " + index + " of " + all.length);
    }
    return all[index];
  }

  public Shape shape() {
    int[] sizes = new int[count()];
    for (int d = 0; d < sizes.length; d++) {
      sizes[d] = integer();
    }
    return Shape.of(sizes);
  }

  public <T> List<T> list(Function<Reader, T> each) {
    int count = count();
    List<T> items = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      items.add(each.apply(this));
    }
    return items;
  }

  public <V> Map<String, V> map(Function<Reader, V> each) {
    int count = count();
    Map<String, V> map = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      map.put(text(), each.apply(this));
    }
    return map;
  }

  public DelegateException exception() {
    return new DelegateException(oneOf(DelegateException.Kind.values()), text(), text(), null);
  }
}
