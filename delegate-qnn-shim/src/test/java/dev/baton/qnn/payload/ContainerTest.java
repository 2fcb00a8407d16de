package dev.baton.qnn.payload;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.DelegateException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ContainerTest {
  private static byte[] binary(int magic, long size, int behind) {
    ByteBuffer bytes = ByteBuffer.allocate(256 + behind).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0, magic).putLong(4, 17).putLong(12, size);
    return bytes.array();
  }

  private static byte[] zip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("model"));
      zip.write(new byte[3000]);
    }
    return bytes.toByteArray();
  }

  private static Container of(byte[] bytes) throws DelegateException {
    return Container.of(MemorySegment.ofArray(bytes));
  }

  private static String damage(byte[] bytes) {
    DelegateException e = assertThrows(DelegateException.class, () -> of(bytes));
    assertEquals(DelegateException.Kind.BAD_PAYLOAD, e.kind());
    assertFalse(e.remedy().isEmpty());
    return e.getMessage();
  }

  @Test
  void aContextBinaryLiesBehindItsHeader() throws DelegateException {
    Container container = of(binary(0x5678ABCD, 40, 50));
    assertEquals(40, assertInstanceOf(Container.ContextBinary.class, container).bytes().byteSize());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, 51, Long.MAX_VALUE, Long.MIN_VALUE})
  void aSizeThatTheFileHasNot(long size) {
    assertTrue(damage(binary(0x5678ABCD, size, 50)).contains("50 follow"));
  }

  @Test
  void aHeaderThatIsCutOff() {
    for (int length : new int[] {0, 3, 4, 20, 255, 256}) {
      damage(Arrays.copyOf(binary(0x5678ABCD, 40, 50), length));
    }
  }

  @Test
  void anotherMagicNumber() {
    assertTrue(damage(binary(0x5678ABCE, 40, 50)).contains("0x5678abce"));
  }

  @Test
  void aPortableGraphIsAZip() throws Exception {
    byte[] zip = zip();
    assertEquals(
        zip.length, assertInstanceOf(Container.Portable.class, of(zip)).bytes().byteSize());
    byte[] padded = Arrays.copyOf(zip, zip.length + 6);
    assertInstanceOf(Container.Portable.class, of(padded));
  }

  @Test
  void aZipThatIsCutOff() throws Exception {
    byte[] zip = zip();
    for (int length = 4; length < zip.length; length += 7) {
      assertTrue(damage(Arrays.copyOf(zip, length)).contains("cut off"));
    }
  }
}
