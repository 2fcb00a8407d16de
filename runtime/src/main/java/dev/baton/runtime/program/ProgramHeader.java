package dev.baton.runtime.program;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads the fixed bytes at the start of a program file: identifier and extended header. */
final class ProgramHeader {
  private static final int HEAD_BYTES = 64;
  private static final String IDENTIFIER = "ET12";
  private static final int IDENTIFIER_AT = 4;
  private static final String HEADER_MAGIC = "eh00";
  private static final int HEADER_AT = 8;
  private static final int MIN_HEADER_BYTES = 24;
  private static final int HEADER_BYTES_WITH_SEGMENT_SIZE = 32;

  /** What people hand to a program reader by mistake. */
  private static final List<Foreign> FOREIGN =
      List.of(
          new Foreign(
              4,
              "BP08",
              "This is a bundled program (.bpte) inside of another",
              "Bundle the plain .pte."),
          new Foreign(
              4,
              "BP",
              "This is a bundled program (.bpte) of another version than BP08",
              "Export the plain .pte, without BundledProgram."),
          new Foreign(
              4,
              "FT01",
              "This is a data file (.ptd): weights without a program",
              "Open the .pte that belongs to it, and give this file as its data file."),
          new Foreign(
              8,
              "ED00",
              "This is an ETDump: a profile that an ExecuTorch run has written",
              "Open the .pte whose run it records."),
          new Foreign(
              0,
              "PK\3\4",
              "This is a zip archive, such as torch.save, torch.export.save (.pt2) or ExecuTorch's .ptn write",
              "Export the model with ExecuTorch to a .pte."),
          new Foreign(
              0,
              "GGUF",
              "This is a GGUF file of llama.cpp",
              "Export the model with ExecuTorch to a .pte."),
          new Foreign(
              0,
              "\u0093NUMPY",
              "This is an array of NumPy (.npy), such as a model's input",
              "Open a .pte, and give this file to it as an input."),
          new Foreign(
              0,
              "version https://git-lfs",
              "This is a Git LFS pointer, not the file that it points to",
              "Run `git lfs pull` where the file came from."));

  private record Foreign(int at, String magic, String what, String remedy) {}

  private ProgramHeader() {}

  static ProgramLayout read(String source, MemorySegment file) {
    long fileBytes = file.byteSize();
    ByteBuffer head =
        file.asSlice(0, Math.min(fileBytes, HEAD_BYTES))
            .asByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
    for (Foreign foreign : FOREIGN) {
      if (text(head, foreign.at, foreign.magic.length()).equals(foreign.magic)) {
        throw ProgramFormatException.ofFile(source, foreign.what, foreign.remedy);
      }
    }
    if (fileBytes < IDENTIFIER_AT + IDENTIFIER.length()) {
      throw ProgramFormatException.ofFile(
          source,
          fileBytes == 0 ? "The file is empty" : "The file has only " + fileBytes + " bytes",
          "Fetch it or export it again.");
    }
    String identifier = text(head, IDENTIFIER_AT, IDENTIFIER.length());
    if (!identifier.equals(IDENTIFIER)) {
      boolean related = identifier.startsWith("ET");
      throw ProgramFormatException.atByte(
          source,
          "file identifier",
          IDENTIFIER_AT,
          "found \"%s\", expected \"%s\"".formatted(printable(identifier), IDENTIFIER),
          related
              ? "This is a program of another format version: update Baton, or export again."
              : "This is no ExecuTorch program: export the model with ExecuTorch to a .pte.");
    }
    return text(head, HEADER_AT, HEADER_MAGIC.length()).equals(HEADER_MAGIC)
        ? extended(source, fileBytes, head)
        : plain(source, fileBytes);
  }

  private static ProgramLayout plain(String source, long fileBytes) {
    return new ProgramLayout(fileBytes, 0, programBytes(source, fileBytes), 0, 0);
  }

  private static ProgramLayout extended(String source, long fileBytes, ByteBuffer head) {
    if (fileBytes < HEADER_AT + MIN_HEADER_BYTES) {
      throw truncated(source, fileBytes, HEADER_AT + MIN_HEADER_BYTES);
    }
    long headerBytes = head.getInt(HEADER_AT + 4) & 0xffffffffL;
    if (headerBytes < MIN_HEADER_BYTES) {
      throw ProgramFormatException.atByte(
          source,
          "extended header",
          HEADER_AT + 4,
          "a length of %d, expected %d or more".formatted(headerBytes, MIN_HEADER_BYTES),
          ProgramFormatException.DAMAGED);
    }
    if (headerBytes > fileBytes - HEADER_AT) {
      throw truncated(source, fileBytes, HEADER_AT + headerBytes);
    }
    long programBytes = head.getLong(HEADER_AT + 8);
    long segmentBase = head.getLong(HEADER_AT + 16);
    long segmentBytes =
        headerBytes < HEADER_BYTES_WITH_SEGMENT_SIZE ? 0 : head.getLong(HEADER_AT + 24);

    if (programBytes < HEADER_AT + headerBytes) {
      throw ProgramFormatException.atByte(
          source,
          "extended header",
          HEADER_AT + 8,
          "a program of %s bytes, which does not even hold the header"
              .formatted(Long.toUnsignedString(programBytes)),
          ProgramFormatException.DAMAGED);
    }
    if (programBytes > fileBytes) {
      throw truncated(source, fileBytes, programBytes);
    }
    if ((segmentBase != 0 && Long.compareUnsigned(segmentBase, programBytes) < 0)
        || (segmentBase == 0 && segmentBytes != 0)) {
      throw ProgramFormatException.atByte(
          source,
          "extended header",
          HEADER_AT + 16,
          "segments of %s bytes begin at byte %s, inside the program's tables of %d bytes"
              .formatted(Long.toUnsignedString(segmentBytes), segmentBase, programBytes),
          ProgramFormatException.DAMAGED);
    }
    if (segmentBase < 0 || segmentBase > fileBytes) {
      throw truncated(source, fileBytes, segmentBase);
    }
    if (segmentBytes < 0 || segmentBytes > fileBytes - segmentBase) {
      throw truncated(source, fileBytes, segmentBase + segmentBytes);
    }
    return new ProgramLayout(
        fileBytes,
        (int) headerBytes,
        programBytes(source, programBytes),
        segmentBase,
        segmentBytes);
  }

  private static int programBytes(String source, long bytes) {
    if (bytes > Integer.MAX_VALUE) {
      throw ProgramFormatException.ofFile(
          source,
          "The program's tables have %d bytes, FlatBuffers end at 2 GiB".formatted(bytes),
          "Export again with a current ExecuTorch, which keeps weights outside of the tables.");
    }
    return (int) bytes;
  }

  private static ProgramFormatException truncated(String source, long found, long expected) {
    return ProgramFormatException.ofFile(
        source,
        "The file has %d bytes, its header announces %s"
            .formatted(found, Long.toUnsignedString(expected)),
        "It was cut short: fetch it or export it again.");
  }

  /** Latin-1, so that any bytes compare; shorter at the end of the file. */
  private static String text(ByteBuffer head, int at, int length) {
    byte[] bytes = new byte[Math.clamp(head.capacity() - at, 0, length)];
    head.get(Math.min(at, head.capacity()), bytes);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static String printable(String latin1) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < latin1.length(); i++) {
      char c = latin1.charAt(i);
      text.append(c > ' ' && c < 0x7f ? String.valueOf(c) : "\\x%02x".formatted((int) c));
    }
    return text.toString();
  }
}
