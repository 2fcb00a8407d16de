package dev.baton.qnn.payload;

import dev.baton.delegate.DelegateException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What the exporter was told: a FlatBuffer of ExecuTorch's, of which only these are of use here.
 *
 * @param socModel the vendor's number of the SoC; 0 if it is not told
 * @param backend what the payload runs on
 */
public record CompileSpec(int socModel, Backend backend) {
  /** The key among a payload's compile specs. */
  public static final String KEY = "qnn_compile_spec";

  private static final CompileSpec NONE = new CompileSpec(0, Backend.UNDEFINED);

  private static final int SOC_INFO = 0;
  private static final int BACKEND_OPTIONS = 1;
  private static final int FIRST = 0;

  /** By code. */
  public enum Backend {
    UNDEFINED,
    GPU,
    HTP,
    DSP,
    LPAI
  }

  /**
   * Reads the spec.
   *
   * @param bytes null if the payload has none
   * @throws DelegateException of {@link DelegateException.Kind#BAD_PAYLOAD} if it is damaged
   */
  public static CompileSpec of(byte @Nullable [] bytes) throws DelegateException {
    if (bytes == null || bytes.length == 0) {
      return NONE;
    }
    try {
      ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      int root = in.getInt(0);
      int soc = table(in, root, SOC_INFO);
      int backend = table(in, root, BACKEND_OPTIONS);
      int code = backend == 0 ? 0 : integer(in, backend, FIRST);
      if (code < 0 || code >= Backend.values().length) {
        throw damaged("it names the backend " + code);
      }
      return new CompileSpec(soc == 0 ? 0 : integer(in, soc, FIRST), Backend.values()[code]);
    } catch (IndexOutOfBoundsException e) {
      throw damaged("an offset leads out of it");
    }
  }

  private static DelegateException damaged(String what) {
    return new DelegateException(
        DelegateException.Kind.BAD_PAYLOAD,
        "the compile spec of the QNN payload is damaged: " + what,
        "Copy or export the program again.",
        null);
  }

  /** Where a field of a table lies; 0 if it is absent. */
  private static int field(ByteBuffer in, int table, int slot) {
    int fields = table - in.getInt(table);
    int entry = 4 + 2 * slot;
    int offset =
        entry < Short.toUnsignedInt(in.getShort(fields))
            ? Short.toUnsignedInt(in.getShort(fields + entry))
            : 0;
    return offset == 0 ? 0 : table + offset;
  }

  private static int table(ByteBuffer in, int table, int slot) {
    int field = field(in, table, slot);
    return field == 0 ? 0 : field + in.getInt(field);
  }

  private static int integer(ByteBuffer in, int table, int slot) {
    int field = field(in, table, slot);
    return field == 0 ? 0 : in.getInt(field);
  }
}
