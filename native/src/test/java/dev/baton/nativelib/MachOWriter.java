package dev.baton.nativelib;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Writes small Mach-O libraries with true load commands and no code. */
final class MachOWriter {
  static final int X86_64 = 0x01000007;
  static final int ARM64 = 0x0100000C;

  private MachOWriter() {}

  /**
   * A library that exports {@code names}, by an export trie with one edge for each, or by a symbol
   * table.
   */
  static byte[] thin(int cpuType, boolean trie, List<String> needed, List<String> names) {
    ByteBuffer out = ByteBuffer.allocate(1 << 14).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(0xFEEDFACF).putInt(cpuType).putInt(0).putInt(6);
    out.putInt(needed.size() + 4).putInt(0).putInt(0).putInt(0);
    dylib(out, 0xD, "@rpath/libfixture.dylib");
    needed.forEach(library -> dylib(out, 0xC, library));
    path(out, 0x8000001C, "@loader_path");
    int segmentAt = out.position();
    out.putInt(0x19).putInt(72).position(segmentAt + 72);
    int exportsAt = out.position();
    out.position(exportsAt + (trie ? 16 : 24));
    int commandsEnd = out.position();
    int dataAt = commandsEnd;
    byte[] data = trie ? trie(names) : symbols(out, exportsAt, dataAt, names);
    out.position(dataAt).put(data);
    int end = out.position();
    if (trie) {
      out.position(exportsAt).putInt(0x80000033).putInt(16).putInt(dataAt).putInt(data.length);
    }
    out.putInt(20, commandsEnd - 32);
    out.putLong(segmentAt + 40, 0).putLong(segmentAt + 48, end);
    return Arrays.copyOf(out.array(), end);
  }

  static byte[] universal(byte[]... slices) {
    ByteBuffer out = ByteBuffer.allocate(1 << 16).order(ByteOrder.BIG_ENDIAN);
    out.putInt(0xCAFEBABE).putInt(slices.length);
    int at = 4096;
    for (byte[] slice : slices) {
      int cpuType = ByteBuffer.wrap(slice).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
      out.putInt(cpuType).putInt(0).putInt(at).putInt(slice.length).putInt(12);
      out.put(at, slice);
      at += 4096;
    }
    return Arrays.copyOf(out.array(), at);
  }

  private static void dylib(ByteBuffer out, int command, String name) {
    int at = out.position();
    int size = (24 + name.length() + 8) & -8;
    out.putInt(command).putInt(size).putInt(24).putInt(0).putInt(0).putInt(0);
    out.put(name.getBytes(StandardCharsets.UTF_8)).position(at + size);
  }

  private static void path(ByteBuffer out, int command, String name) {
    int at = out.position();
    int size = (12 + name.length() + 8) & -8;
    out.putInt(command).putInt(size).putInt(12);
    out.put(name.getBytes(StandardCharsets.UTF_8)).position(at + size);
  }

  private static byte[] trie(List<String> names) {
    ByteBuffer out = ByteBuffer.allocate(4096);
    int rootSize = 2 + names.stream().mapToInt(name -> 1 + name.length() + 1 + 1).sum();
    out.put((byte) 0).put((byte) names.size());
    for (int i = 0; i < names.size(); i++) {
      out.put(("_" + names.get(i) + "\0").getBytes(StandardCharsets.UTF_8));
      out.put((byte) (rootSize + 4 * i));
    }
    for (int i = 0; i < names.size(); i++) {
      out.put(new byte[] {2, 0, 0x10, 0}); // terminal of two bytes: flags, address; no children
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static byte[] symbols(ByteBuffer file, int commandAt, int dataAt, List<String> names) {
    ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    int tableSize = 16 * names.size();
    StringBuilder strings = new StringBuilder("\0");
    for (String name : names) {
      out.putInt(strings.length()).put((byte) 0x0F).put((byte) 1).putShort((short) 0).putLong(16);
      strings.append('_').append(name).append('\0');
    }
    out.put(strings.toString().getBytes(StandardCharsets.UTF_8));
    file.putInt(commandAt, 2).putInt(commandAt + 4, 24);
    file.putInt(commandAt + 8, dataAt).putInt(commandAt + 12, names.size());
    file.putInt(commandAt + 16, dataAt + tableSize).putInt(commandAt + 20, strings.length());
    return Arrays.copyOf(out.array(), out.position());
  }
}
