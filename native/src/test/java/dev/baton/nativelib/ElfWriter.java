package dev.baton.nativelib;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes small shared libraries with true headers and no code. */
final class ElfWriter {
  private static final int BASE = 0x1000;

  boolean wide = true;
  ByteOrder order = ByteOrder.nativeOrder();
  int type = 3;
  int machine = hostMachine();
  boolean gnuHash = true;
  String soname = "libfixture.so";
  List<String> needed = List.of();
  List<String> symbols = List.of("fixture_run", "fixture_stop");
  String runPath = "";
  Map<String, List<String>> neededVersions = Map.of();
  List<String> definedVersions = List.of();

  private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
  private final ByteBuffer out = ByteBuffer.allocate(1 << 16);
  private final List<long[]> dynamic = new ArrayList<>();

  static int hostMachine() {
    return switch (Architecture.named(System.getProperty("os.arch"))) {
      case X86_64 -> 62;
      case ARM64 -> 183;
      case RISCV64 -> 243;
      default -> throw new IllegalStateException("add this host's machine number");
    };
  }

  byte[] write() {
    out.order(order);
    string("");
    needed.forEach(library -> dynamic.add(new long[] {1, string(library)}));
    dynamic.add(new long[] {14, string(soname)});
    if (!runPath.isEmpty()) {
      dynamic.add(new long[] {29, string(runPath)});
    }
    int headers = wide ? 64 + 2 * 56 : 52 + 2 * 32;
    out.position(headers);
    writeSymbols();
    if (gnuHash) {
      writeGnuHash();
    } else {
      writeHash();
    }
    writeNeededVersions();
    writeDefinedVersions();
    int stringsAt = section(5);
    dynamic.add(new long[] {10, strings.size()});
    out.put(strings.toByteArray());
    align();
    int dynamicAt = out.position();
    dynamic.add(new long[] {0, 0});
    dynamic.forEach(entry -> word(entry[0]).word(entry[1]));
    int dynamicSize = out.position() - dynamicAt;
    int sectionsAt = out.position();
    sectionHeader(0, 0, 0);
    sectionHeader(3, stringsAt, strings.size());
    sectionHeader(6, dynamicAt, dynamicSize);
    int end = out.position();

    out.position(0);
    out.put(new byte[] {0x7F, 'E', 'L', 'F'});
    out.put((byte) (wide ? 2 : 1)).put((byte) (order == ByteOrder.LITTLE_ENDIAN ? 1 : 2));
    out.put((byte) 1).position(16);
    out.putShort((short) type).putShort((short) machine).putInt(1);
    word(0).word(wide ? 64 : 52).word(sectionsAt);
    out.putInt(0).putShort((short) (wide ? 64 : 52));
    out.putShort((short) (wide ? 56 : 32)).putShort((short) 2);
    out.putShort((short) (wide ? 64 : 40)).putShort((short) 3).putShort((short) 0);
    segment(1, 0, end);
    segment(2, dynamicAt, dynamicSize);
    return Arrays.copyOf(out.array(), end);
  }

  private int string(String text) {
    int at = strings.size();
    strings.writeBytes((text + "\0").getBytes(StandardCharsets.UTF_8));
    return at;
  }

  private ElfWriter word(long value) {
    if (wide) {
      out.putLong(value);
    } else {
      out.putInt((int) value);
    }
    return this;
  }

  private void align() {
    out.position((out.position() + 7) & -8);
  }

  /** Starts what the dynamic entry {@code tag} points to. */
  private int section(int tag) {
    align();
    dynamic.add(new long[] {tag, BASE + out.position()});
    return out.position();
  }

  private void segment(int segmentType, long offset, long size) {
    out.putInt(segmentType);
    if (wide) {
      out.putInt(4);
    }
    word(offset).word(BASE + offset).word(BASE + offset).word(size).word(size);
    if (!wide) {
      out.putInt(4);
    }
    word(8);
  }

  private void sectionHeader(int sectionType, long offset, long size) {
    out.putInt(0).putInt(sectionType);
    word(0).word(BASE + offset).word(offset).word(size);
    out.putInt(0).putInt(0);
    word(1).word(0);
  }

  private void writeSymbols() {
    section(6);
    symbol("", 0, 0);
    for (String symbol : symbols) {
      symbol(symbol, 0x12, 1);
    }
  }

  private void symbol(String name, int info, int sectionIndex) {
    out.putInt(string(name));
    if (wide) {
      out.put((byte) info).put((byte) 0).putShort((short) sectionIndex).putLong(0).putLong(0);
    } else {
      out.putInt(0).putInt(0).put((byte) info).put((byte) 0).putShort((short) sectionIndex);
    }
  }

  /** One bucket: a single chain with all symbols. */
  private void writeGnuHash() {
    section(0x6ffffef5);
    out.putInt(1).putInt(1).putInt(1).putInt(0);
    word(-1);
    out.putInt(symbols.isEmpty() ? 0 : 1);
    for (int i = 0; i < symbols.size(); i++) {
      int hash = 5381;
      for (byte b : symbols.get(i).getBytes(StandardCharsets.UTF_8)) {
        hash = hash * 33 + (b & 0xFF);
      }
      out.putInt(i == symbols.size() - 1 ? hash | 1 : hash & ~1);
    }
  }

  private void writeHash() {
    section(4);
    out.putInt(1).putInt(symbols.size() + 1).putInt(symbols.isEmpty() ? 0 : 1);
    for (int i = 0; i <= symbols.size(); i++) {
      out.putInt(i == 0 || i == symbols.size() ? 0 : i + 1);
    }
  }

  private void writeNeededVersions() {
    if (neededVersions.isEmpty()) {
      return;
    }
    section(0x6ffffffe);
    int libraries = neededVersions.size();
    for (var library : new TreeMap<>(neededVersions).entrySet()) {
      int count = library.getValue().size();
      out.putShort((short) 1).putShort((short) count).putInt(string(library.getKey())).putInt(16);
      out.putInt(--libraries == 0 ? 0 : 16 + 16 * count);
      for (String version : library.getValue()) {
        out.putInt(0).putShort((short) 0).putShort((short) 2).putInt(string(version));
        out.putInt(--count == 0 ? 0 : 16);
      }
    }
  }

  private void writeDefinedVersions() {
    if (definedVersions.isEmpty()) {
      return;
    }
    section(0x6ffffffc);
    int rest = definedVersions.size();
    for (String version : definedVersions) {
      out.putShort((short) 1).putShort((short) 0).putShort((short) 2).putShort((short) 1);
      out.putInt(0).putInt(20).putInt(--rest == 0 ? 0 : 28);
      out.putInt(string(version)).putInt(0);
    }
  }
}
