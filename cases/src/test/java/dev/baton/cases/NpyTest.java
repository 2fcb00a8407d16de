package dev.baton.cases;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.graph.DType;
import dev.baton.runtime.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
  @TempDir Path folder;

  // ---- files of numpy

  private Tensor numpy(String name) throws IOException {
    return Npy.read(copied(name));
  }

  private Path copied(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in =
        Objects.requireNonNull(NpyTest.class.getResourceAsStream("numpy/" + name), name)) {
      Files.write(file, in.readAllBytes());
    }
    return file;
  }

  @Test
  void readsFloats() throws IOException {
    Tensor tensor = numpy("float32.npy");
    assertArrayEquals(new long[] {2, 3, 2}, tensor.shape());
    float[] values = tensor.getDataAsFloatArray();
    assertEquals(2.75f, values[11]);
    assertEquals(0.25f, values[1]);
  }

  @Test
  void turnsFortranOrderIntoCOrder() throws IOException {
    Tensor tensor = numpy("float64-fortran.npy");
    assertArrayEquals(new long[] {2, 3, 2}, tensor.shape());
    assertArrayEquals(
        new double[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, tensor.getDataAsDoubleArray());
    assertArrayEquals(
        new short[] {1, 2, 3, 4, 5, 6}, numpy("int16-fortran.npy").getDataAsShortArray());
  }

  @Test
  void readsRankZeroAndEmptyTensors() throws IOException {
    Tensor scalar = numpy("int64-rank0.npy");
    assertEquals(0, scalar.shape().length);
    assertArrayEquals(new long[] {-7}, scalar.getDataAsLongArray());
    Tensor empty = numpy("int32-empty.npy");
    assertArrayEquals(new long[] {0, 3}, empty.shape());
    assertEquals(0, empty.numel());
  }

  @Test
  void readsSmallAndUnsignedTypes() throws IOException {
    assertArrayEquals(new boolean[] {true, false, true}, numpy("bool.npy").getDataAsBooleanArray());
    assertEquals(200, Numbers.asLong(numpy("uint8.npy"), 1));
    assertEquals(-128, Numbers.asLong(numpy("int8.npy"), 0));
    assertEquals(65535, Numbers.asLong(numpy("uint16.npy"), 0));
    assertEquals(4294967295L, Numbers.asLong(numpy("uint32.npy"), 0));
    Tensor half = numpy("float16.npy");
    assertEquals(-0.5, Numbers.asDouble(half, 1));
    assertEquals(Double.POSITIVE_INFINITY, Numbers.asDouble(half, 2));
    assertTrue(Double.isNaN(Numbers.asDouble(half, 3)));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void readsLaterVersions(int version) throws IOException {
    assertArrayEquals(
        new float[] {1, 2, 3}, numpy("float32-version" + version + ".npy").getDataAsFloatArray());
  }

  @Test
  void readsComplexNumbers() throws IOException {
    Tensor read = numpy("complex.npy");
    assertEquals(DType.COMPLEX_FLOAT, read.dtype());
    assertArrayEquals(new float[] {1, 2}, Numbers.asReals(read).getDataAsFloatArray());
  }

  @ParameterizedTest
  @CsvSource({"big-endian.npy, big-endian", "records.npy, records"})
  void refusesWhatTensorsCannotHold(String name, String reason) throws IOException {
    Path file = copied(name);
    String message = assertThrows(NpyFormatException.class, () -> Npy.read(file)).getMessage();
    assertTrue(message.contains(reason) && message.contains(name), message);
  }

  // ---- bytes made by hand

  private Path hand(String dict, int dataBytes) throws IOException {
    byte[] text = dict.getBytes(StandardCharsets.ISO_8859_1);
    byte[] bytes = new byte[10 + text.length + dataBytes];
    byte[] head = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) text.length, 0};
    System.arraycopy(head, 0, bytes, 0, 10);
    System.arraycopy(text, 0, bytes, 10, text.length);
    return Files.write(folder.resolve("hand.npy"), bytes);
  }

  @Test
  void takesKeysInAnyOrderAndLongsOfPython2() throws IOException {
    Tensor tensor =
        Npy.read(hand("{\"shape\":(2L,1L),'fortran_order':False , 'descr':'<i4'}\n", 8));
    assertArrayEquals(new long[] {2, 1}, tensor.shape());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } | 8 | needs 12 bytes after the header, there are 8",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } | 13 | there are 13",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), } | 4 | 99999999999",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647,2147483647,2147483647), } | 4 | too large",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), } | 4 | size ''",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), } | 4 | Maybe",
        "{'descr': '<f4', 'shape': (1,), } | 4 | lacks descr",
        "{'descr': '<f4 | 4 | without an end",
        "{'other': '<f4'} | 4 | key 'other'",
        "[] | 4 | lacks '{'"
      })
  void refusesDamagedHeaders(String dict, int dataBytes, String reason) throws IOException {
    Path file = hand(dict, dataBytes);
    String message = assertThrows(NpyFormatException.class, () -> Npy.read(file)).getMessage();
    assertTrue(message.contains(reason.replace("''", "'")), message);
  }

  @Test
  void refusesWhatIsNoNpyFile() throws IOException {
    Path text = Files.writeString(folder.resolve("a.npy"), "hello");
    assertThrows(NpyFormatException.class, () -> Npy.read(text));
    Path whole = copied("float32.npy");
    byte[] bytes = Files.readAllBytes(whole);
    for (int length = 0; length < bytes.length; length++) {
      Path cut = Files.write(folder.resolve("cut.npy"), java.util.Arrays.copyOf(bytes, length));
      assertThrows(NpyFormatException.class, () -> Npy.read(cut));
    }
  }

  @Test
  void refusesBoolsThatAreNone() throws IOException {
    Path file = copied("bool.npy");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] = 2;
    Files.write(file, bytes);
    assertThrows(NpyFormatException.class, () -> Npy.read(file));
  }

  // ---- writing

  @ParameterizedTest
  @EnumSource(
      names = {"BFLOAT16", "COMPLEX_HALF"},
      mode = EnumSource.Mode.EXCLUDE)
  void writesWhatItReads(DType dtype) throws IOException {
    Tensor tensor = Tensor.zeros(dtype, 2, 1, 3);
    Tensor reals = Numbers.asReals(tensor);
    for (int i = 0; i < reals.numel(); i++) {
      Numbers.set(reals, i, i);
    }
    Path file = folder.resolve("out.npy");
    Npy.write(file, tensor);
    Tensor read = Npy.read(file);
    assertEquals(dtype, read.dtype());
    assertArrayEquals(tensor.shape(), read.shape());
    assertEquals(-1, tensor.data().mismatch(read.data()));
  }

  @Test
  void writesTheBytesOfNumpy() throws IOException {
    Path original = copied("float32.npy");
    Path file = folder.resolve("out.npy");
    Npy.write(file, Npy.read(original));
    assertEquals(-1, Files.mismatch(original, file));
  }

  @Test
  void writesBfloat16AsFloat() throws IOException {
    short[] bits = {(short) 0x3f80, (short) 0xc000};
    Path file = folder.resolve("out.npy");
    Npy.write(file, Tensor.of(DType.BFLOAT16, MemorySegment.ofArray(bits), 2));
    assertArrayEquals(new float[] {1, -2}, Npy.read(file).getDataAsFloatArray());
  }

  @Test
  void writesComplexHalvesAsComplexFloats() throws IOException {
    short[] bits = {0x3c00, (short) 0xc000}; // 1 − 2i
    Path file = folder.resolve("out.npy");
    Npy.write(file, Tensor.of(DType.COMPLEX_HALF, MemorySegment.ofArray(bits), 1));
    Tensor read = Npy.read(file);
    assertEquals(DType.COMPLEX_FLOAT, read.dtype());
    assertArrayEquals(new float[] {1, -2}, Numbers.asReals(read).getDataAsFloatArray());
  }

  @Test
  void mapsLargeFiles() throws IOException {
    float[] values = new float[5 << 20];
    values[values.length - 1] = 3;
    Path file = folder.resolve("large.npy");
    Npy.write(file, Tensor.fromBlob(values, values.length));
    Tensor read = Npy.read(file);
    assertTrue(read.data().isMapped());
    assertEquals(3, Numbers.asDouble(read, values.length - 1));
  }
}
