package dev.baton.cases;

import dev.baton.graph.DType;
import dev.baton.runtime.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * NPY files, as {@code numpy.save} writes them: versions 1 to 3, little-endian numbers and bools of
 * 1 to 8 bytes, in C or in Fortran order.
 */
public final class Npy {
  /** From here on, a file in C order is mapped instead of copied into the heap. */
  private static final long MAP_FROM_BYTES = 16L << 20;

  private static final int CHUNK_BYTES = 1 << 26;

  private Npy() {}

  /**
   * Reads a tensor; Fortran order is turned into C order.
   *
   * @return a tensor in the Java heap; for a large file in C order one over the mapped file,
   *     read-only, unmapped when nobody holds the tensor any more
   * @throws NpyFormatException if the file is another kind, or its size is not what its header says
   * @throws IOException if it cannot be read
   */
  public static Tensor read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      NpyHeader header = NpyHeader.read(file, (offset, count) -> bytes(channel, offset, count));
      long bytes = checkedBytes(file, header, channel.size());
      if (bytes >= MAP_FROM_BYTES && !header.fortranOrder()) {
        MemorySegment mapped =
            channel.map(MapMode.READ_ONLY, header.dataOffset(), bytes, Arena.ofAuto());
        return checkedBools(file, Tensor.of(header.dtype(), mapped, header.shape()));
      }
      Tensor tensor = Tensor.zeros(header.dtype(), header.shape());
      fill(channel, header.dataOffset(), tensor.data());
      return checkedBools(file, header.fortranOrder() ? fromFortranOrder(tensor) : tensor);
    } catch (EOFException e) {
      throw new NpyFormatException(file, "it became shorter while it was read.");
    }
  }

  private static long checkedBytes(Path file, NpyHeader header, long fileBytes) {
    long bytes = header.dtype().byteSize();
    for (long size : header.shape()) {
      long product = bytes * size;
      if (size != 0 && product / size != bytes) {
        throw new NpyFormatException(
            file, "its shape " + Arrays.toString(header.shape()) + " is too large.");
      }
      bytes = product;
    }
    long present = fileBytes - header.dataOffset();
    if (bytes != present) {
      throw new NpyFormatException(
          file,
          header.dtype()
              + Arrays.toString(header.shape())
              + " needs "
              + bytes
              + " bytes after the header, there are "
              + present
              + ".");
    }
    return bytes;
  }

  private static Tensor checkedBools(Path file, Tensor tensor) {
    if (tensor.dtype() == DType.BOOL) {
      for (long i = 0; i < tensor.numel(); i++) {
        byte b = tensor.data().get(ValueLayout.JAVA_BYTE, i);
        if (b != 0 && b != 1) {
          throw new NpyFormatException(
              file, "element " + i + " is " + (b & 0xff) + ", expected a bool, 0 or 1.");
        }
      }
    }
    return tensor;
  }

  private static byte[] bytes(FileChannel channel, long offset, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {
      // read on
    }
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private static void fill(FileChannel channel, long offset, MemorySegment into)
      throws IOException {
    ByteBuffer buffer =
        ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, Math.max(1, into.byteSize())));
    for (long at = 0; at < into.byteSize(); ) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), into.byteSize() - at));
      int read = channel.read(buffer, offset + at);
      if (read < 0) {
        throw new EOFException();
      }
      MemorySegment.copy(buffer.array(), 0, into, ValueLayout.JAVA_BYTE, at, read);
      at += read;
    }
  }

  /** The same elements with the outermost dimension first. */
  private static Tensor fromFortranOrder(Tensor fortran) {
    long[] shape = fortran.shape();
    Tensor result = Tensor.zeros(fortran.dtype(), shape);
    int width = fortran.dtype().byteSize();
    long[] strides = new long[shape.length];
    long stride = width;
    for (int d = 0; d < shape.length; d++) {
      strides[d] = stride;
      stride *= shape[d];
    }
    long[] index = new long[shape.length];
    for (long i = 0; i < fortran.numel(); i++) {
      long from = 0;
      for (int d = 0; d < shape.length; d++) {
        from += index[d] * strides[d];
      }
      MemorySegment.copy(fortran.data(), from, result.data(), i * width, width);
      for (int d = shape.length - 1; d >= 0 && ++index[d] == shape[d]; d--) {
        index[d] = 0;
      }
    }
    return result;
  }

  /**
   * Writes a tensor in version 1, C order. NPY has no bfloat16 and no complex of halves: such a
   * tensor is written as float 32, or as complex of them, which hold each of its values.
   *
   * @throws IOException if the file cannot be written; an existing one is replaced
   */
  public static void write(Path file, Tensor tensor) throws IOException {
    Tensor plain = Numbers.converted(tensor, stored(tensor.dtype()));
    NpyHeader header = new NpyHeader(plain.dtype(), false, plain.shape(), 0);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      writeAll(channel, ByteBuffer.wrap(header.encode()));
      MemorySegment data = plain.data();
      for (long at = 0; at < data.byteSize(); at += CHUNK_BYTES) {
        long count = Math.min(CHUNK_BYTES, data.byteSize() - at);
        writeAll(channel, ByteBuffer.wrap(data.asSlice(at, count).toArray(ValueLayout.JAVA_BYTE)));
      }
    }
  }

  /** The dtype that a tensor has in a file, and that {@link #read} gives. */
  static DType stored(DType dtype) {
    return NpyHeader.describes(dtype)
        ? dtype
        : dtype.isComplex() ? DType.COMPLEX_FLOAT : DType.FLOAT;
  }

  private static void writeAll(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }
}
