package dev.baton.nativelib;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the load commands of a Mach-O file, or of the slice of a universal one that suits the host.
 * Offsets outside of the file end in an IndexOutOfBoundsException or ArithmeticException, which
 * {@link NativeImage} turns into its own.
 */
final class MachOReader {
  private static final int MAGIC_64 = 0xFEEDFACF;
  private static final int MAGIC_32 = 0xFEEDFACE;
  private static final int MAGIC_FAT = 0xCAFEBABE;
  private static final int MAGIC_FAT_64 = 0xCAFEBABF;
  private static final int FAT_HEADER = 8;
  private static final int HEADER_64 = 32;
  private static final int HEADER_32 = 28;

  /**
   * Java class files share the magic of universal files; their second word is a version of 45 or
   * more.
   */
  private static final int MAX_SLICES = 44;

  private static final int TYPE_DYLIB = 6;
  private static final int TYPE_BUNDLE = 8;

  private static final int LC_SYMTAB = 0x2;
  private static final int LC_LOAD_DYLIB = 0xC;
  private static final int LC_ID_DYLIB = 0xD;
  private static final int LC_SEGMENT_64 = 0x19;
  private static final int LC_DYLD_INFO = 0x22;
  private static final int LC_RPATH = 0x8000001C;
  private static final int LC_REEXPORT_DYLIB = 0x8000001F;
  private static final int LC_DYLD_INFO_ONLY = 0x80000022;
  private static final int LC_DYLD_EXPORTS_TRIE = 0x80000033;

  private static final int SYMBOL_SIZE = 16;
  private static final int SYMBOL_STAB = 0xE0;
  private static final int SYMBOL_PRIVATE = 0x10;
  private static final int SYMBOL_TYPE = 0x0E;
  private static final int SYMBOL_EXTERNAL = 0x01;

  private static final int MAX_ENTRIES = 4096;

  private record Range(long offset, long length) {}

  private final ByteReader in;
  private final List<String> needed = new ArrayList<>();
  private final List<String> runPaths = new ArrayList<>();
  private @Nullable String name;
  private @Nullable Range exportTrie;
  private @Nullable Range symbols;
  private long strings;

  private MachOReader(ByteReader in) {
    this.in = in;
  }

  static boolean recognises(MemorySegment file, int bigEndianMagic) {
    return switch (bigEndianMagic) {
      case MAGIC_FAT, MAGIC_FAT_64 -> {
        long slices =
            file.byteSize() < FAT_HEADER ? 0 : new ByteReader(file, ByteOrder.BIG_ENDIAN).u32(4);
        yield slices <= MAX_SLICES;
      }
      case MAGIC_64, MAGIC_32 -> true;
      default -> {
        int swapped = Integer.reverseBytes(bigEndianMagic);
        yield swapped == MAGIC_64 || swapped == MAGIC_32;
      }
    };
  }

  static NativeImage read(MemorySegment file, Collection<String> asked, Architecture preferred)
      throws NativeImageException {
    ByteReader big = new ByteReader(file, ByteOrder.BIG_ENDIAN);
    int magic = big.i32(0);
    if (magic != MAGIC_FAT && magic != MAGIC_FAT_64) {
      return readThin(file, asked, file.byteSize(), List.of());
    }
    if (file.byteSize() < FAT_HEADER) {
      throw NativeImageException.truncated(FAT_HEADER, file.byteSize());
    }
    int count = big.i32(4);
    if (count == 0) {
      throw NativeImageException.malformed("a universal file with no slice");
    }
    boolean wide = magic == MAGIC_FAT_64;
    int entry = wide ? 32 : 20;
    long end = FAT_HEADER + (long) count * entry;
    requireSize(end, file.byteSize());
    List<Architecture> architectures = new ArrayList<>();
    @Nullable Range chosen = null;
    for (int i = 0; i < count; i++) {
      long at = FAT_HEADER + (long) i * entry;
      Architecture architecture = architecture(big.i32(at));
      Range slice =
          wide
              ? new Range(big.u64(at + 8), big.u64(at + 16))
              : new Range(big.u32(at + 8), big.u32(at + 12));
      requireSize(Math.addExact(slice.offset, slice.length), file.byteSize());
      if (chosen == null || (architecture == preferred && !architectures.contains(preferred))) {
        chosen = slice;
      }
      architectures.add(architecture);
    }
    if (chosen == null || chosen.length < HEADER_32) {
      throw NativeImageException.malformed("a universal file with an empty slice");
    }
    return readThin(
        file.asSlice(chosen.offset, chosen.length), asked, file.byteSize(), architectures);
  }

  private static void requireSize(long end, long size) throws NativeImageException {
    if (end > size) {
      throw NativeImageException.truncated(end, size);
    }
  }

  private static Architecture architecture(int cpuType) {
    return switch (cpuType) {
      case 0x01000007 -> Architecture.X86_64;
      case 0x0100000C -> Architecture.ARM64;
      case 7 -> Architecture.X86;
      case 12 -> Architecture.ARM;
      default -> Architecture.OTHER;
    };
  }

  private static NativeImage readThin(
      MemorySegment slice,
      Collection<String> asked,
      long fileSize,
      List<Architecture> architectures)
      throws NativeImageException {
    requireSize(HEADER_32, slice.byteSize());
    int magic = new ByteReader(slice, ByteOrder.LITTLE_ENDIAN).i32(0);
    boolean little = magic == MAGIC_64 || magic == MAGIC_32;
    ByteReader in = new ByteReader(slice, little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    boolean wide = in.i32(0) == MAGIC_64;
    if (!wide && in.i32(0) != MAGIC_32) {
      throw NativeImageException.malformed("a universal file with a slice that is not Mach-O");
    }
    int type = in.i32(12);
    if (type != TYPE_DYLIB && type != TYPE_BUNDLE) {
      throw NativeImageException.notALibrary(
          "a Mach-O file of type " + type + " (1 is an object file, 2 an executable)");
    }
    MachOReader reader = new MachOReader(in);
    reader.readCommands(wide ? HEADER_64 : HEADER_32);
    return new NativeImage(
        NativeImage.Format.MACH_O,
        architectures.isEmpty() ? List.of(architecture(in.i32(4))) : architectures,
        reader.name,
        reader.needed,
        Map.of(),
        List.of(),
        reader.runPaths,
        reader.missing(asked),
        fileSize);
  }

  private void readCommands(int header) throws NativeImageException {
    long count = in.u32(16);
    long end = header + in.u32(20);
    requireSize(end, in.size());
    long at = header;
    for (long i = 0; i < count; i++) {
      long size = in.u32(at + 4);
      if (size < 8 || at + size > end) {
        throw NativeImageException.malformed("a load command of " + size + " bytes");
      }
      switch (in.i32(at)) {
        case LC_LOAD_DYLIB, LC_REEXPORT_DYLIB -> add(needed, in.string(at + in.u32(at + 8)));
        case LC_ID_DYLIB -> name = in.string(at + in.u32(at + 8));
        case LC_RPATH -> add(runPaths, in.string(at + in.u32(at + 8)));
        case LC_SEGMENT_64 ->
            requireSize(Math.addExact(in.u64(at + 40), in.u64(at + 48)), in.size());
        case LC_DYLD_INFO, LC_DYLD_INFO_ONLY ->
            exportTrie = inside(new Range(in.u32(at + 40), in.u32(at + 44)));
        case LC_DYLD_EXPORTS_TRIE ->
            exportTrie = inside(new Range(in.u32(at + 8), in.u32(at + 12)));
        case LC_SYMTAB -> {
          symbols = inside(new Range(in.u32(at + 8), in.u32(at + 12) * SYMBOL_SIZE));
          strings = inside(new Range(in.u32(at + 16), in.u32(at + 20))).offset;
        }
        default -> {}
      }
      at += size;
    }
  }

  private Range inside(Range range) throws NativeImageException {
    requireSize(range.offset + range.length, in.size());
    return range;
  }

  private static void add(List<String> list, String element) throws NativeImageException {
    if (list.size() == MAX_ENTRIES) {
      throw NativeImageException.malformed("more than " + MAX_ENTRIES + " entries of one kind");
    }
    list.add(element);
  }

  private Set<String> missing(Collection<String> asked) {
    Set<String> missing = new HashSet<>(asked);
    @Nullable Range trie = exportTrie;
    @Nullable Range table = symbols;
    if (trie != null && trie.length > 0) {
      missing.removeIf(symbol -> inTrie(trie, cName(symbol)));
    } else if (table != null) {
      missing.removeIf(symbol -> inTable(table, cName(symbol)));
    }
    return missing;
  }

  private static byte[] cName(String symbol) {
    return ("_" + symbol).getBytes(StandardCharsets.UTF_8);
  }

  private boolean inTable(Range table, byte[] symbol) {
    for (long at = table.offset; at < table.offset + table.length; at += SYMBOL_SIZE) {
      int type = in.u8(at + 4);
      if ((type & (SYMBOL_STAB | SYMBOL_PRIVATE)) == 0
          && (type & SYMBOL_EXTERNAL) != 0
          && (type & SYMBOL_TYPE) != 0
          && in.stringEquals(strings + in.u32(at), symbol)) {
        return true;
      }
    }
    return false;
  }

  /** Walks the prefix tree of exported names; each step consumes a part of the name, so it ends. */
  private boolean inTrie(Range trie, byte[] symbol) {
    long node = trie.offset;
    int matched = 0;
    while (true) {
      Cursor cursor = new Cursor(node);
      long terminal = cursor.uleb128();
      if (matched == symbol.length) {
        return terminal != 0;
      }
      cursor.at = Math.addExact(cursor.at, terminal);
      int children = in.u8(cursor.at++);
      long next = -1;
      int step = 0;
      for (int i = 0; i < children && next < 0; i++) {
        int length = 0;
        boolean same = true;
        for (int c; (c = in.u8(cursor.at++)) != 0; length++) {
          same &= matched + length < symbol.length && (symbol[matched + length] & 0xFF) == c;
        }
        long child = cursor.uleb128();
        if (same && length > 0) {
          next = Math.addExact(trie.offset, child);
          step = length;
        }
      }
      if (next < 0) {
        return false;
      }
      matched += step;
      node = next;
    }
  }

  private final class Cursor {
    long at;

    Cursor(long at) {
      this.at = at;
    }

    long uleb128() {
      long value = 0;
      for (int shift = 0; ; shift += 7) {
        int next = in.u8(at++);
        if (shift > 56) {
          throw new ArithmeticException("a ULEB128 number of more than 63 bits");
        }
        value |= (next & 0x7FL) << shift;
        if ((next & 0x80) == 0) {
          return value;
        }
      }
    }
  }
}
