package dev.baton.isolation.wire;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Shape;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Puts together the body of a frame. */
public final class Writer {
  private ByteBuffer bytes = ByteBuffer.allocate(256);

  public Writer() {}

  private ByteBuffer room(int more) {
    if (bytes.remaining() < more) {
      int wanted = Math.max(Math.addExact(bytes.position(), more), 2 * bytes.capacity());
      bytes = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), wanted)).position(bytes.position());
    }
    return bytes;
  }

  public Writer put(boolean value) {
    room(1).put((byte) (value ? 1 : 0));
    return this;
  }

  public Writer put(int value) {
    room(Integer.BYTES).putInt(value);
    return this;
  }

  public Writer put(long value) {
    room(Long.BYTES).putLong(value);
    return this;
  }

  public Writer put(double value) {
    room(Double.BYTES).putDouble(value);
    return this;
  }

  public Writer put(byte[] value) {
    put(value.length);
    room(value.length).put(value);
    return this;
  }

  public Writer put(String value) {
    return put(value.getBytes(StandardCharsets.UTF_8));
  }

  public Writer put(Enum<?> value) {
    return put(value.ordinal());
  }

  public Writer put(Shape shape) {
    put(shape.rank());
    for (int d = 0; d < shape.rank(); d++) {
      put(shape.size(d));
    }
    return this;
  }

  public <T> Writer put(List<T> items, BiConsumer<Writer, T> each) {
    put(items.size());
    items.forEach(item -> each.accept(this, item));
    return this;
  }

  public <V> Writer put(Map<String, V> map, BiConsumer<Writer, V> each) {
    put(map.size());
    map.forEach((key, value) -> {
      put(key);
      each.accept(this, value);
    });
    return this;
  }

  /** What {@link Reader#exception} reads. */
  public Writer put(DelegateException e) {
    return put(e.kind()).put(String.valueOf(e.getMessage())).put(e.remedy());
  }

  /** All of another body. */
  public Writer append(Writer other) {
    room(other.bytes.position()).put(other.bytes.array(), 0, other.bytes.position());
    return this;
  }

  byte[] array() {
    return bytes.array();
  }

  int size() {
    return bytes.position();
  }
}
