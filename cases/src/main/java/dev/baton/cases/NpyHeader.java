package dev.baton.cases;

import dev.baton.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The head of an NPY file: magic, version, and a Python dict literal with the keys {@code descr},
 * {@code fortran_order} and {@code shape}.
 *
 * @param dataOffset bytes before the data
 */
record NpyHeader(DType dtype, boolean fortranOrder, long[] shape, long dataOffset) {
  static final int PREFIX_BYTES = 12;
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final int MAX_HEADER_BYTES = 1 << 20;
  private static final int MAX_V1_BYTES = 0xffff;

  private static final Map<String, DType> DTYPES =
      Map.ofEntries(
          Map.entry("f2", DType.HALF),
          Map.entry("f4", DType.FLOAT),
          Map.entry("f8", DType.DOUBLE),
          Map.entry("c8", DType.COMPLEX_FLOAT),
          Map.entry("c16", DType.COMPLEX_DOUBLE),
          Map.entry("i1", DType.INT8),
          Map.entry("i2", DType.INT16),
          Map.entry("i4", DType.INT32),
          Map.entry("i8", DType.INT64),
          Map.entry("u1", DType.UINT8),
          Map.entry("u2", DType.UINT16),
          Map.entry("u4", DType.UINT32),
          Map.entry("u8", DType.UINT64),
          Map.entry("b1", DType.BOOL));
  private static final Map<DType, String> DESCRIPTIONS =
      DTYPES.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));

  /**
   * Reads bytes of the file: position and count are given, the answer may be shorter at the end.
   */
  interface Source {
    byte[] bytes(long offset, int count) throws java.io.IOException;
  }

  static NpyHeader read(Path file, Source source) throws java.io.IOException {
    byte[] prefix = source.bytes(0, PREFIX_BYTES);
    if (prefix.length < MAGIC.length || !Arrays.equals(MAGIC, 0, 6, prefix, 0, 6)) {
      throw new NpyFormatException(file, "it does not begin with \\x93NUMPY.");
    }
    if (prefix.length < PREFIX_BYTES) {
      throw truncated(file);
    }
    int major = prefix[6];
    if (major < 1 || major > 3) {
      throw new NpyFormatException(file, "its version is " + major + ", expected 1, 2 or 3.");
    }
    ByteBuffer numbers = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN);
    int start = major == 1 ? 10 : 12;
    long length = major == 1 ? numbers.getShort(8) & 0xffff : numbers.getInt(8) & 0xffffffffL;
    if (length > MAX_HEADER_BYTES) {
      throw new NpyFormatException(file, "its header announces " + length + " bytes.");
    }
    byte[] text = source.bytes(start, (int) length);
    if (text.length < length) {
      throw truncated(file);
    }
    String dict =
        new String(text, major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
    return new Parser(file, dict).header(start + length);
  }

  private static NpyFormatException truncated(Path file) {
    return new NpyFormatException(file, "it ends within its header.");
  }

  /** The head of a file that this header describes, padded so that the data are 64-aligned. */
  byte[] encode() {
    String order = dtype.byteSize() == 1 ? "|" : "<";
    String sizes =
        shape.length == 1
            ? "(" + shape[0] + ",)"
            : Arrays.stream(shape)
                .mapToObj(Long::toString)
                .collect(Collectors.joining(", ", "(", ")"));
    String dict =
        String.format(
            Locale.ROOT,
            "{'descr': '%s%s', 'fortran_order': %s, 'shape': %s, }",
            order,
            DESCRIPTIONS.get(dtype),
            fortranOrder ? "True" : "False",
            sizes);
    int padded = Math.ceilDiv(10 + dict.length() + 1, ALIGNMENT) * ALIGNMENT;
    if (padded - 10 > MAX_V1_BYTES) {
      throw new IllegalArgumentException("a shape of " + shape.length + " dimensions");
    }
    ByteBuffer head = ByteBuffer.allocate(padded).order(ByteOrder.LITTLE_ENDIAN);
    head.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (padded - 10));
    head.put(dict.getBytes(StandardCharsets.ISO_8859_1));
    while (head.remaining() > 1) {
      head.put((byte) ' ');
    }
    return head.put((byte) '\n').array();
  }

  /** True if NPY has a name for the dtype. */
  static boolean describes(DType dtype) {
    return DESCRIPTIONS.containsKey(dtype);
  }

  /** Reads the dict literal; its keys may come in any order. */
  private static final class Parser {
    private final Path file;
    private final String text;
    private int at;

    Parser(Path file, String text) {
      this.file = file;
      this.text = text;
    }

    NpyHeader header(long dataOffset) {
      DType dtype = null;
      Boolean fortran = null;
      long[] shape = null;
      expect('{');
      while (!accept('}')) {
        String key = string();
        expect(':');
        switch (key) {
          case "descr" -> dtype = dtype();
          case "fortran_order" -> fortran = bool();
          case "shape" -> shape = shape();
          default -> throw fail("its header has the key '" + key + "'.");
        }
        if (!accept(',')) {
          expect('}');
          break;
        }
      }
      if (dtype == null || fortran == null || shape == null) {
        throw fail("its header lacks descr, fortran_order or shape.");
      }
      return new NpyHeader(dtype, fortran, shape, dataOffset);
    }

    private DType dtype() {
      if (peek() == '[') {
        throw fail("its elements are records, expected numbers.");
      }
      String descr = string();
      String name = descr.isEmpty() ? "" : descr.substring(1);
      if (descr.startsWith(">")) {
        throw fail("its dtype " + descr + " is big-endian; save it with .astype('<" + name + "').");
      }
      DType dtype =
          DTYPES.get("<|=".indexOf(descr.isEmpty() ? ' ' : descr.charAt(0)) < 0 ? "" : name);
      if (dtype == null) {
        throw fail(
            "its dtype is "
                + descr
                + ", expected one of "
                + DTYPES.keySet().stream().sorted().collect(Collectors.joining(", "))
                + ".");
      }
      return dtype;
    }

    private boolean bool() {
      String word = word(Character::isLetter);
      return switch (word) {
        case "True" -> true;
        case "False" -> false;
        default -> throw fail("fortran_order is '" + word + "', expected True or False.");
      };
    }

    private long[] shape() {
      expect('(');
      List<Long> sizes = new ArrayList<>();
      while (!accept(')')) {
        String digits = word(Character::isDigit);
        try {
          sizes.add((long) Integer.parseInt(digits));
        } catch (NumberFormatException e) {
          throw fail("its shape has the size '" + digits + "', expected 0 to 2147483647.");
        }
        accept('L'); // numpy on Python 2 wrote (2L, 3L)
        if (!accept(',')) {
          expect(')');
          break;
        }
      }
      return sizes.stream().mapToLong(Long::longValue).toArray();
    }

    private String string() {
      char quote = peek();
      if (quote != '\'' && quote != '"') {
        throw fail("its header has '" + quote + "' at " + at + ", expected a string.");
      }
      int end = text.indexOf(quote, at + 1);
      if (end < 0) {
        throw fail("its header has a string without an end.");
      }
      String value = text.substring(at + 1, end);
      at = end + 1;
      return value;
    }

    private String word(Function<Character, Boolean> member) {
      peek();
      int start = at;
      while (at < text.length() && member.apply(text.charAt(at))) {
        at++;
      }
      return text.substring(start, at);
    }

    private char peek() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
        at++;
      }
      return at < text.length() ? text.charAt(at) : '\0';
    }

    private boolean accept(char c) {
      boolean found = peek() == c;
      at += found ? 1 : 0;
      return found;
    }

    private void expect(char c) {
      if (!accept(c)) {
        throw fail("its header lacks '" + c + "' at character " + at + ".");
      }
    }

    private NpyFormatException fail(String problem) {
      return new NpyFormatException(file, problem);
    }
  }
}
