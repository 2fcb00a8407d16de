package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of a graph, as the library describes it or is told.
 *
 * @param id by which the library knows it; 0 before it is told
 * @param format 0 for dense
 * @param sizes outermost first
 */
public record QnnTensor(
    int id, String name, Kind kind, int format, DataType dtype, Encoding encoding, int[] sizes) {
  private static final int MAX_RANK = 16;

  /** What part a tensor has in its graph. */
  public enum Kind {
    INPUT(0),
    OUTPUT(1),
    INTERNAL(3),
    CONSTANT(4),
    OTHER(-1);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    static Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      return OTHER;
    }
  }

  /** How stored numbers stand for real ones: real = (stored + offset) · scale. */
  public sealed interface Encoding {
    /** Numbers stand for themselves, or the way is not known here. */
    record None() implements Encoding {}

    /** One scale for all. */
    record PerTensor(float scale, int offset) implements Encoding {}

    /** A scale for each index of one dimension. */
    record PerAxis(int axis, float[] scales, int[] offsets) implements Encoding {}

    /** Shared by all who need it. */
    Encoding NONE = new None();
  }

  /** Number of elements. */
  public long numel() {
    long count = 1;
    for (int size : sizes) {
      count = Math.multiplyExact(count, size);
    }
    return count;
  }

  /** Bytes that the library reads or writes. */
  public long byteSize() {
    return Math.multiplyExact(numel(), dtype.byteSize());
  }

  /** The same under the id that the library gave. */
  public QnnTensor withId(int id) {
    return new QnnTensor(id, name, kind, format, dtype, encoding, sizes);
  }

  @Override
  public String toString() {
    return name + " " + dtype + Arrays.toString(sizes);
  }

  /**
   * Copies a description out of the library's memory.
   *
   * @throws QnnFormatException if a field has a value that nothing is known of
   */
  static QnnTensor read(MemorySegment at) throws QnnFormatException {
    int rank = at.get(JAVA_INT, Layouts.TENSOR_RANK);
    String name = NativeMemory.text(at, Layouts.TENSOR_NAME);
    if (rank < 0 || rank > MAX_RANK) {
      throw new QnnFormatException("the tensor " + name + " has the rank " + rank);
    }
    int[] sizes = new int[rank];
    if (rank > 0) {
      MemorySegment dims =
          NativeMemory.at(at.get(JAVA_LONG, Layouts.TENSOR_DIMS), rank * JAVA_INT.byteSize());
      MemorySegment.copy(dims, JAVA_INT, 0, sizes, 0, rank);
    }
    long numel = 1;
    for (int size : sizes) {
      if (size < 0 || (size > 0 && numel > Integer.MAX_VALUE / size)) {
        throw new QnnFormatException(
            "the tensor " + name + " has the sizes " + Arrays.toString(sizes));
      }
      numel *= Math.max(size, 1);
    }
    return new QnnTensor(
        at.get(JAVA_INT, Layouts.TENSOR_ID),
        name,
        Kind.of(at.get(JAVA_INT, Layouts.TENSOR_KIND)),
        at.get(JAVA_INT, Layouts.TENSOR_FORMAT),
        DataType.of(at.get(JAVA_INT, Layouts.TENSOR_DTYPE), name),
        readEncoding(at),
        sizes);
  }

  private static Encoding readEncoding(MemorySegment at) {
    boolean known =
        at.get(JAVA_INT, Layouts.TENSOR_QUANT_DEFINITION) == Layouts.DEFINED
            && at.get(JAVA_INT, Layouts.TENSOR_QUANT_ENCODING) == Layouts.ENCODING_TENSOR;
    return known
        ? new Encoding.PerTensor(
            at.get(JAVA_FLOAT, Layouts.TENSOR_QUANT), at.get(JAVA_INT, Layouts.TENSOR_QUANT + 4))
        : Encoding.NONE;
  }

  /**
   * Writes the description.
   *
   * @param at zeros, {@link Layouts#TENSOR_BYTES} long
   * @param data what the tensor holds or is to hold; null for a tensor within the graph
   * @param arena of what the description points to
   */
  void write(MemorySegment at, @Nullable MemorySegment data, Arena arena) {
    at.set(JAVA_INT, 0, Layouts.TENSOR_VERSION);
    at.set(JAVA_INT, Layouts.TENSOR_ID, id);
    at.set(ADDRESS, Layouts.TENSOR_NAME, arena.allocateFrom(name));
    at.set(JAVA_INT, Layouts.TENSOR_KIND, kind.code);
    at.set(JAVA_INT, Layouts.TENSOR_FORMAT, format);
    at.set(JAVA_INT, Layouts.TENSOR_DTYPE, dtype.code());
    writeEncoding(at, arena);
    at.set(JAVA_INT, Layouts.TENSOR_RANK, sizes.length);
    at.set(ADDRESS, Layouts.TENSOR_DIMS, arena.allocateFrom(JAVA_INT, sizes));
    at.set(JAVA_INT, Layouts.TENSOR_MEMORY, Layouts.MEMORY_RAW);
    at.set(JAVA_INT, Layouts.TENSOR_SPARSE, Layouts.UNDEFINED);
    if (data != null) {
      writeData(at, data);
    }
  }

  /** Writes descriptions, one behind the other. */
  static MemorySegment writeAll(List<QnnTensor> tensors, Arena arena) {
    MemorySegment array = arena.allocate(tensors.size() * Layouts.TENSOR_BYTES, 8);
    for (int i = 0; i < tensors.size(); i++) {
      tensors.get(i).write(slice(array, i), null, arena);
    }
    return array;
  }

  static MemorySegment slice(MemorySegment array, int index) {
    return array.asSlice(index * Layouts.TENSOR_BYTES, Layouts.TENSOR_BYTES);
  }

  /** Points a written description to its data. */
  static void writeData(MemorySegment at, MemorySegment data) {
    at.set(JAVA_LONG, Layouts.TENSOR_DATA, data.address());
    at.set(JAVA_INT, Layouts.TENSOR_DATA_BYTES, Math.toIntExact(data.byteSize()));
  }

  private void writeEncoding(MemorySegment at, Arena arena) {
    boolean none = encoding instanceof Encoding.None;
    at.set(JAVA_INT, Layouts.TENSOR_QUANT_DEFINITION, none ? Layouts.UNDEFINED : Layouts.DEFINED);
    switch (encoding) {
      case Encoding.None _ -> at.set(JAVA_INT, Layouts.TENSOR_QUANT_ENCODING, Layouts.UNDEFINED);
      case Encoding.PerTensor(float scale, int offset) -> {
        at.set(JAVA_INT, Layouts.TENSOR_QUANT_ENCODING, Layouts.ENCODING_TENSOR);
        at.set(JAVA_FLOAT, Layouts.TENSOR_QUANT, scale);
        at.set(JAVA_INT, Layouts.TENSOR_QUANT + 4, offset);
      }
      case Encoding.PerAxis(int axis, float[] scales, int[] offsets) -> {
        MemorySegment pairs = arena.allocate(8L * scales.length, 8);
        for (int i = 0; i < scales.length; i++) {
          pairs.set(JAVA_FLOAT, 8L * i, scales[i]);
          pairs.set(JAVA_INT, 8L * i + 4, offsets[i]);
        }
        at.set(JAVA_INT, Layouts.TENSOR_QUANT_ENCODING, Layouts.ENCODING_AXIS);
        at.set(JAVA_INT, Layouts.TENSOR_QUANT, axis);
        at.set(JAVA_INT, Layouts.TENSOR_QUANT + 4, scales.length);
        at.set(ADDRESS, Layouts.TENSOR_QUANT + 8, pairs);
      }
    }
  }
}
