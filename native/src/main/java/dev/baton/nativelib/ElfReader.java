package dev.baton.nativelib;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the dynamic section of an ELF file by way of its segments, as the loader does. Offsets
 * outside of the file end in an IndexOutOfBoundsException or ArithmeticException, which {@link
 * NativeImage} turns into its own.
 */
final class ElfReader {
  private static final int IDENT_CLASS = 4;
  private static final int IDENT_DATA = 5;
  private static final int CLASS_32 = 1;
  private static final int CLASS_64 = 2;
  private static final int DATA_LITTLE = 1;
  private static final int DATA_BIG = 2;
  private static final int TYPE_DYNAMIC = 3;

  private static final long SEGMENT_LOAD = 1;
  private static final long SEGMENT_DYNAMIC = 2;
  private static final long SECTION_NULL = 0;
  private static final long SECTION_NOBITS = 8;

  private static final int DT_NULL = 0;
  private static final int DT_NEEDED = 1;
  private static final int DT_HASH = 4;
  private static final int DT_STRTAB = 5;
  private static final int DT_SYMTAB = 6;
  private static final int DT_SONAME = 14;
  private static final int DT_RPATH = 15;
  private static final int DT_RUNPATH = 29;
  private static final int DT_GNU_HASH = 0x6ffffef5;
  private static final int DT_FLAGS_1 = 0x6ffffffb;
  private static final int DT_VERDEF = 0x6ffffffc;
  private static final int DT_VERNEED = 0x6ffffffe;
  private static final long FLAG_1_PIE = 0x08000000L;

  private static final int VERSION_BASE = 1;
  private static final int VERSION_WEAK = 2;

  /** More entries of one kind than any library has: reading stops with "malformed". */
  private static final int MAX_ENTRIES = 4096;

  private record Segment(long address, long offset, long length) {}

  private final ByteReader in;
  private final boolean wide;
  private final List<Segment> loads = new ArrayList<>();
  private final Map<Integer, Long> dynamic = new HashMap<>();
  private final List<Long> neededNames = new ArrayList<>();

  private ElfReader(ByteReader in, boolean wide) {
    this.in = in;
    this.wide = wide;
  }

  static NativeImage read(MemorySegment file, Collection<String> symbols)
      throws NativeImageException {
    if (file.byteSize() <= IDENT_DATA) {
      throw NativeImageException.truncated(IDENT_DATA + 1, file.byteSize());
    }
    ByteReader ident = new ByteReader(file, ByteOrder.LITTLE_ENDIAN);
    boolean wide =
        switch (ident.u8(IDENT_CLASS)) {
          case CLASS_32 -> false;
          case CLASS_64 -> true;
          default -> throw NativeImageException.malformed("ELF class " + ident.u8(IDENT_CLASS));
        };
    ByteOrder order =
        switch (ident.u8(IDENT_DATA)) {
          case DATA_LITTLE -> ByteOrder.LITTLE_ENDIAN;
          case DATA_BIG -> ByteOrder.BIG_ENDIAN;
          default -> throw NativeImageException.malformed("ELF byte order " + ident.u8(IDENT_DATA));
        };
    return new ElfReader(new ByteReader(file, order), wide).read(order, symbols);
  }

  private NativeImage read(ByteOrder order, Collection<String> symbols)
      throws NativeImageException {
    int headerSize = wide ? 64 : 52;
    if (in.size() < headerSize) {
      throw NativeImageException.truncated(headerSize, in.size());
    }
    if (in.u16(16) != TYPE_DYNAMIC) {
      throw NativeImageException.notALibrary(
          "an ELF file of type " + in.u16(16) + " (1 is an object file, 2 an executable)");
    }
    Segment dynamicSegment = readTables();
    if (dynamicSegment == null) {
      throw NativeImageException.notALibrary("an ELF file without a dynamic section");
    }
    readDynamic(dynamicSegment);
    if ((dynamic.getOrDefault(DT_FLAGS_1, 0L) & FLAG_1_PIE) != 0) {
      throw NativeImageException.notALibrary("a position-independent executable");
    }

    Map<String, List<String>> neededVersions = new HashMap<>();
    readNeededVersions(neededVersions);
    return new NativeImage(
        NativeImage.Format.ELF,
        List.of(architecture(in.u16(18), wide, order)),
        dynamic.containsKey(DT_SONAME) ? name(value(DT_SONAME)) : null,
        readNames(neededNames),
        neededVersions,
        readDefinedVersions(),
        readRunPaths(),
        missing(symbols),
        in.size());
  }

  private static Architecture architecture(int machine, boolean wide, ByteOrder order) {
    boolean little = order == ByteOrder.LITTLE_ENDIAN;
    return switch (machine) {
      case 3 -> Architecture.X86;
      case 21 -> wide && little ? Architecture.PPC64LE : Architecture.OTHER;
      case 22 -> wide && !little ? Architecture.S390X : Architecture.OTHER;
      case 40 -> little ? Architecture.ARM : Architecture.OTHER;
      case 62 -> wide && little ? Architecture.X86_64 : Architecture.OTHER;
      case 164 -> Architecture.HEXAGON;
      case 183 -> wide && little ? Architecture.ARM64 : Architecture.OTHER;
      case 243 -> wide && little ? Architecture.RISCV64 : Architecture.OTHER;
      default -> Architecture.OTHER;
    };
  }

  private long word(long offset) {
    return wide ? in.u64(offset) : in.u32(offset);
  }

  private int wordSize() {
    return wide ? 8 : 4;
  }

  /**
   * Program and section headers: collects the loaded segments, checks that the file holds all that
   * they name.
   */
  private @Nullable Segment readTables() throws NativeImageException {
    long segmentTable = word(wide ? 32 : 28);
    long sectionTable = word(wide ? 40 : 32);
    int segmentSize = in.u16(wide ? 54 : 42);
    int segmentCount = in.u16(wide ? 56 : 44);
    int sectionSize = in.u16(wide ? 58 : 46);
    int sectionCount = in.u16(wide ? 60 : 48);
    if ((segmentCount > 0 && segmentSize < (wide ? 56 : 32))
        || (sectionCount > 0 && sectionSize < (wide ? 64 : 40))) {
      throw NativeImageException.malformed("ELF header tables with entries that are too small");
    }
    long end = Math.addExact(segmentTable, (long) segmentCount * segmentSize);
    if (sectionCount > 0) {
      end = Math.max(end, Math.addExact(sectionTable, (long) sectionCount * sectionSize));
    }
    requireSize(end);

    Segment dynamicSegment = null;
    for (int i = 0; i < segmentCount; i++) {
      long header = segmentTable + (long) i * segmentSize;
      long type = in.u32(header);
      if (type == SEGMENT_LOAD || type == SEGMENT_DYNAMIC) {
        Segment segment =
            new Segment(
                word(header + (wide ? 16 : 8)),
                word(header + (wide ? 8 : 4)),
                word(header + (wide ? 32 : 16)));
        end = Math.max(end, Math.addExact(segment.offset, segment.length));
        if (type == SEGMENT_LOAD) {
          loads.add(segment);
        } else {
          dynamicSegment = segment;
        }
      }
    }
    for (int i = 0; i < sectionCount; i++) {
      long header = sectionTable + (long) i * sectionSize;
      long type = in.u32(header + 4);
      if (type != SECTION_NULL && type != SECTION_NOBITS) {
        long offset = word(header + (wide ? 24 : 16));
        end = Math.max(end, Math.addExact(offset, word(header + (wide ? 32 : 20))));
      }
    }
    requireSize(end);
    return dynamicSegment;
  }

  private void requireSize(long end) throws NativeImageException {
    if (end > in.size()) {
      throw NativeImageException.truncated(end, in.size());
    }
  }

  private void readDynamic(Segment segment) throws NativeImageException {
    int entry = 2 * wordSize();
    for (long at = 0; at + entry <= segment.length; at += entry) {
      // Tags and some values use the whole word: no range check, unlike offsets.
      int tag = in.i32(segment.offset + at + lowHalf());
      if (tag == DT_NULL) {
        return;
      }
      long valueAt = segment.offset + at + wordSize();
      switch (tag) {
        case DT_NEEDED -> add(neededNames, word(valueAt));
        case DT_HASH,
            DT_STRTAB,
            DT_SYMTAB,
            DT_SONAME,
            DT_RPATH,
            DT_RUNPATH,
            DT_GNU_HASH,
            DT_FLAGS_1,
            DT_VERDEF,
            DT_VERNEED ->
            dynamic.put(tag, word(valueAt));
        default -> {}
      }
    }
  }

  private int lowHalf() {
    return wide && in.u8(IDENT_DATA) == DATA_BIG ? 4 : 0;
  }

  private static <T> void add(List<T> list, T element) throws NativeImageException {
    if (list.size() == MAX_ENTRIES) {
      throw NativeImageException.malformed("more than " + MAX_ENTRIES + " entries of one kind");
    }
    list.add(element);
  }

  private long value(int tag) {
    Long value = dynamic.get(tag);
    if (value == null) {
      throw new ArithmeticException("dynamic entry " + tag + " is missing");
    }
    return value;
  }

  private long fileOffset(long address) {
    for (Segment load : loads) {
      if (address >= load.address && address - load.address < load.length) {
        return Math.addExact(load.offset, address - load.address);
      }
    }
    throw new IndexOutOfBoundsException("address " + address + " is in no segment");
  }

  private String name(long offset) {
    return in.string(Math.addExact(fileOffset(value(DT_STRTAB)), offset));
  }

  private List<String> readNames(List<Long> offsets) {
    List<String> names = new ArrayList<>();
    for (long offset : offsets) {
      names.add(name(offset));
    }
    return names;
  }

  private List<String> readRunPaths() {
    List<String> folders = new ArrayList<>();
    for (int tag : new int[] {DT_RPATH, DT_RUNPATH}) {
      if (dynamic.containsKey(tag)) {
        for (String folder : name(value(tag)).split(":", -1)) {
          if (!folder.isEmpty()) {
            folders.add(folder);
          }
        }
      }
    }
    return folders;
  }

  private void readNeededVersions(Map<String, List<String>> versions) throws NativeImageException {
    if (!dynamic.containsKey(DT_VERNEED)) {
      return;
    }
    int total = 0;
    long need = fileOffset(value(DT_VERNEED));
    while (true) {
      List<String> ofLibrary =
          versions.computeIfAbsent(name(in.u32(need + 4)), _ -> new ArrayList<>());
      long aux = need + in.u32(need + 8);
      for (int i = in.u16(need + 2); i > 0; i--) {
        if (++total > MAX_ENTRIES) {
          throw NativeImageException.malformed("more than " + MAX_ENTRIES + " needed versions");
        }
        if ((in.u16(aux + 4) & VERSION_WEAK) == 0) {
          ofLibrary.add(name(in.u32(aux + 8)));
        }
        aux += in.u32(aux + 12);
      }
      long next = in.u32(need + 12);
      if (next == 0) {
        return;
      }
      if (++total > MAX_ENTRIES) {
        throw NativeImageException.malformed("more than " + MAX_ENTRIES + " needed versions");
      }
      need += next;
    }
  }

  private List<String> readDefinedVersions() throws NativeImageException {
    List<String> versions = new ArrayList<>();
    if (!dynamic.containsKey(DT_VERDEF)) {
      return versions;
    }
    long definition = fileOffset(value(DT_VERDEF));
    for (int i = 0; i < MAX_ENTRIES; i++) {
      if ((in.u16(definition + 2) & VERSION_BASE) == 0) {
        add(versions, name(in.u32(definition + in.u32(definition + 12))));
      }
      long next = in.u32(definition + 16);
      if (next == 0) {
        break;
      }
      definition += next;
    }
    return versions;
  }

  private Set<String> missing(Collection<String> symbols) {
    Set<String> missing = new HashSet<>(symbols);
    if (missing.isEmpty() || !dynamic.containsKey(DT_SYMTAB)) {
      return missing;
    }
    if (dynamic.containsKey(DT_GNU_HASH)) {
      missing.removeIf(this::inGnuHash);
    } else if (dynamic.containsKey(DT_HASH)) {
      long symbolCount = in.u32(fileOffset(value(DT_HASH)) + 4);
      missing.removeIf(symbol -> inSymbolTable(symbol, symbolCount));
    }
    return missing;
  }

  private boolean inGnuHash(String symbol) {
    byte[] name = symbol.getBytes(StandardCharsets.UTF_8);
    int hash = 5381;
    for (byte b : name) {
      hash = hash * 33 + (b & 0xFF);
    }
    long table = fileOffset(value(DT_GNU_HASH));
    long bucketCount = in.u32(table);
    long firstSymbol = in.u32(table + 4);
    if (bucketCount == 0) {
      return false;
    }
    long buckets = table + 16 + in.u32(table + 8) * wordSize();
    long chains = buckets + bucketCount * 4;
    long index = in.u32(buckets + Integer.toUnsignedLong(hash) % bucketCount * 4);
    if (index < firstSymbol) {
      return false;
    }
    while (true) {
      int chained = in.i32(chains + (index - firstSymbol) * 4);
      if ((chained | 1) == (hash | 1) && exports(index, name)) {
        return true;
      }
      if ((chained & 1) != 0) {
        return false;
      }
      index++;
    }
  }

  private boolean inSymbolTable(String symbol, long count) {
    byte[] name = symbol.getBytes(StandardCharsets.UTF_8);
    for (long index = 1; index < count; index++) {
      if (exports(index, name)) {
        return true;
      }
    }
    return false;
  }

  private boolean exports(long index, byte[] name) {
    long symbol = fileOffset(value(DT_SYMTAB)) + index * (wide ? 24 : 16);
    int binding = in.u8(symbol + (wide ? 4 : 12)) >> 4;
    int visibility = in.u8(symbol + (wide ? 5 : 13)) & 3;
    boolean defined = in.u16(symbol + (wide ? 6 : 14)) != 0;
    boolean visible = visibility == 0 || visibility == 3; // default, protected
    return defined
        && visible
        && binding != 0 // local
        && in.stringEquals(fileOffset(value(DT_STRTAB)) + in.u32(symbol), name);
  }
}
