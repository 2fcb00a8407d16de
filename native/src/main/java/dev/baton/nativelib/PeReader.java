package dev.baton.nativelib;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what a Windows library was built for, nothing else. */
final class PeReader {
  private static final int DOS_MAGIC = 0x4D5A; // MZ
  private static final int PE_OFFSET_AT = 0x3C;
  private static final int PE_MAGIC = 0x4550; // PE\0\0
  private static final int FLAG_DLL = 0x2000;

  private PeReader() {}

  static boolean recognises(int magic) {
    return magic >>> 16 == DOS_MAGIC;
  }

  static NativeImage read(MemorySegment file) throws NativeImageException {
    ByteReader in = new ByteReader(file, ByteOrder.LITTLE_ENDIAN);
    if (in.size() < PE_OFFSET_AT + 4) {
      throw NativeImageException.truncated(PE_OFFSET_AT + 4, in.size());
    }
    long header = in.u32(PE_OFFSET_AT);
    if (header + 24 > in.size()) {
      throw NativeImageException.truncated(header + 24, in.size());
    }
    if (in.u32(header) != PE_MAGIC || (in.u16(header + 22) & FLAG_DLL) == 0) {
      throw NativeImageException.notALibrary("a DOS or Windows program that is no DLL");
    }
    Architecture architecture =
        switch (in.u16(header + 4)) {
          case 0x8664 -> Architecture.X86_64;
          case 0xAA64 -> Architecture.ARM64;
          case 0x014C -> Architecture.X86;
          default -> Architecture.OTHER;
        };
    return new NativeImage(
        NativeImage.Format.PE,
        List.of(architecture),
        null,
        List.of(),
        Map.of(),
        List.of(),
        List.of(),
        Set.of(),
        in.size());
  }
}
