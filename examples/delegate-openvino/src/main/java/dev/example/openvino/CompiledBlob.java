package dev.example.openvino;

import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What OpenVINO's CPU exports of a compiled model, as far as it must be known before OpenVINO reads
 * it: it believes what the header says.
 *
 * <pre>
 * "RR_UPCVO", 1 as u32, length as u64, text of that length: "meta=1.0;ov=2026.4.1;isa=…"
 * six u64 from here on: offset and size of custom data, of constants, of the model
 * custom data, constants, model
 * </pre>
 *
 * Versions before 2026 begin with the six numbers.
 */
final class CompiledBlob {
  private static final byte[] MAGIC = "RR_UPCVO".getBytes(StandardCharsets.US_ASCII);
  private static final long LENGTH_AT = 12;
  private static final long TEXT_AT = 20;
  private static final long MOST_TEXT = 4096;
  private static final int OFFSETS = 6;
  private static final long OFFSETS_BYTES = 8L * OFFSETS;
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private CompiledBlob() {}

  /**
   * Refuses a blob whose parts do not lie in it.
   *
   * @param build of the library that would read it, for messages
   */
  static void check(MemorySegment blob, String build) throws DelegateException {
    long header = 0;
    String text = text(blob);
    if (text != null) {
      header = TEXT_AT + text.length();
    }
    if (blob.byteSize() - header < OFFSETS_BYTES) {
      throw damaged("it ends within its header");
    }
    long customAt = blob.get(U64, header);
    long custom = blob.get(U64, header + 8);
    long constantsAt = blob.get(U64, header + 16);
    long constants = blob.get(U64, header + 24);
    long modelAt = blob.get(U64, header + 32);
    long model = blob.get(U64, header + 40);
    long end = blob.byteSize() - header;
    boolean fits =
        customAt == OFFSETS_BYTES
            && within(customAt, custom, constantsAt)
            && within(constantsAt, constants, modelAt)
            && modelAt <= end
            && model > 0
            && model <= end - modelAt;
    if (!fits) {
      throw damaged(
          "its parts do not lie in its %d bytes (OpenVINO %s reads it%s)"
              .formatted(blob.byteSize(), build, text == null ? "" : ", made by " + text));
    }
  }

  /** True if a part ends where the next begins. */
  private static boolean within(long at, long size, long next) {
    return size >= 0 && next >= at && next - at == size;
  }

  /** What made the blob; null if it does not say. */
  private static @Nullable String text(MemorySegment blob) {
    if (blob.byteSize() < TEXT_AT
        || blob.asSlice(0, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) >= 0) {
      return null;
    }
    long length = blob.get(U64, LENGTH_AT);
    if (length < 0 || length > MOST_TEXT || length > blob.byteSize() - TEXT_AT) {
      return null;
    }
    byte[] text = blob.asSlice(TEXT_AT, length).toArray(ValueLayout.JAVA_BYTE);
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  private static DelegateException damaged(String how) {
    return new DelegateException(
        DelegateException.Kind.BAD_PAYLOAD,
        "the payload is no model that OpenVINO's CPU has exported, or is damaged: " + how,
        "Export the program again, with the OpenVINO and for the CPU that run it.",
        null);
  }
}
