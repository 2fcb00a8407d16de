package dev.baton.runtime.program;

import dev.baton.runtime.program.schema.SubsegmentOffsets;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a file that are not decoded: segments, constants, payloads. Finds their bytes, or
 * says why there are none.
 */
final class ProgramData {
  private final MemorySegment file;
  private final ProgramLayout layout;
  private final dev.baton.runtime.program.schema.Program root;
  private final DecodeCursor cursor;
  private final List<MemorySegment> segments;
  private final @Nullable Subsegments constants;
  private final List<Subsegments> mutables;
  private final List<DataFile> dataFiles;
  private final Map<String, DataFile> externalKeys = new HashMap<>();

  /** Pieces of one segment, by data buffer index. */
  private record Subsegments(String name, SubsegmentOffsets offsets, MemorySegment segment) {}

  ProgramData(
      MemorySegment file,
      ProgramLayout layout,
      dev.baton.runtime.program.schema.Program root,
      DecodeCursor cursor,
      List<DataFile> dataFiles) {
    this.file = file;
    this.dataFiles = dataFiles;
    this.layout = layout;
    this.root = root;
    this.cursor = cursor;
    int count = root.segmentsLength();
    segments =
        List.copyOf(
            cursor.list(
                "segment",
                count,
                i -> segment(root.segments(i).offset(), root.segments(i).size())));
    constants = constantSegment();
    mutables =
        cursor.list(
            "mutable data segment",
            root.mutableDataSegmentsLength(),
            i -> subsegments("mutable data segment " + i, root.mutableDataSegments(i)));
  }

  List<MemorySegment> segments() {
    return segments;
  }

  /** The program's own, and those of the data files. */
  Map<String, MemorySegment> namedData() {
    Map<String, MemorySegment> named = new LinkedHashMap<>();
    for (int i = 0; i < root.namedDataLength(); i++) {
      cursor.at("named data", i);
      var entry = root.namedData(i);
      String key = cursor.required(entry.key(), "its key");
      if (named.put(key, segment(entry.segmentIndex())) != null) {
        throw cursor.fail(
            "an earlier entry also has the key " + ProgramFormatException.quoted(key));
      }
    }
    for (DataFile dataFile : dataFiles) {
      dataFile
          .entries()
          .forEach((key, entry) -> {
            DataFile earlier = externalKeys.put(key, dataFile);
            if (named.put(key, entry.bytes()) != null) {
              throw ProgramFormatException.ofFile(
                  dataFile.source(),
                  "The key %s is in %s too"
                      .formatted(
                          ProgramFormatException.quoted(key),
                          earlier == null ? "the program" : earlier.source()),
                  "Give the data files of one program, each of them once.");
            }
          });
    }
    return Collections.unmodifiableMap(named);
  }

  /** A tensor's data in a data file; null if none has this key. */
  @Nullable MemorySegment external(String key, DataFile.TensorLayout expected, long bytes) {
    DataFile dataFile = externalKeys.get(key);
    if (dataFile == null) {
      return null;
    }
    DataFile.Entry entry = dataFile.entries().get(key);
    if (entry == null) {
      throw new IllegalStateException(key + " is not in the file that it was found in");
    }
    if (!expected.equals(entry.layout())) {
      throw cursor.fail(
          "it is %s, but %s of %s is %s"
              .formatted(
                  expected,
                  ProgramFormatException.quoted(key),
                  dataFile.source(),
                  entry.layout() == null ? "no tensor" : entry.layout()),
          "Give the data files that were exported with this program.");
    }
    return entry.bytes().asSlice(0, bytes);
  }

  MemorySegment segment(long index) {
    return segments.get(cursor.inRange(index, segments.size(), "segment"));
  }

  MemorySegment inlinePayload(long index) {
    int i = cursor.inRange(index, root.backendDelegateDataLength(), "inline payload");
    return inline(root.backendDelegateData(i).dataAsByteBuffer());
  }

  MemorySegment constant(long index, long bytes) {
    if (constants != null) {
      return piece(constants, index, bytes);
    }
    int i = cursor.inRange(index, root.constantBufferLength(), "inline constant");
    MemorySegment whole = inline(root.constantBuffer(i).storageAsByteBuffer());
    if (bytes > whole.byteSize()) {
      throw cursor.fail(
          "the tensor needs %d bytes, inline constant %d has %d"
              .formatted(bytes, i, whole.byteSize()));
    }
    return whole.asSlice(0, bytes);
  }

  MemorySegment initialContent(long mutableSegment, long index, long bytes) {
    int i = cursor.inRange(mutableSegment, mutables.size(), "mutable data segment");
    return piece(mutables.get(i), index, bytes);
  }

  /**
   * The bytes of a vector in the tables: accessors give them as a buffer over all tables, from
   * position to limit.
   */
  MemorySegment inline(@Nullable ByteBuffer vector) {
    return vector == null
        ? file.asSlice(0, 0)
        : file.asSlice(vector.position(), vector.remaining());
  }

  private MemorySegment piece(Subsegments pieces, long index, long bytes) {
    int i =
        cursor.inRange(index, pieces.offsets.offsetsLength(), "the " + pieces.name + "'s entry");
    long offset = pieces.offsets.offsets(i);
    long size = pieces.segment.byteSize();
    if (offset < 0 || offset > size || bytes > size - offset) {
      throw cursor.fail(
          "the tensor needs %d bytes at %s of the %s, which has %d"
              .formatted(bytes, Long.toUnsignedString(offset), pieces.name, size));
    }
    return pieces.segment.asSlice(offset, bytes);
  }

  private MemorySegment segment(long offset, long size) {
    long available = layout.segmentBase() == 0 ? 0 : layout.fileBytes() - layout.segmentBase();
    if (offset < 0 || size < 0 || offset > available || size > available - offset) {
      throw cursor.fail(
          "%s bytes at %s do not fit into the %d bytes that the file has for segments"
              .formatted(Long.toUnsignedString(size), Long.toUnsignedString(offset), available),
          "The file was cut short or is damaged: fetch it or export it again.");
    }
    return file.asSlice(layout.segmentBase() + offset, size);
  }

  /** Null if constants are inline, or if there are none. */
  private @Nullable Subsegments constantSegment() {
    SubsegmentOffsets offsets = root.constantSegment();
    // Entry 0 stands for "not constant"; alone, it says that there are no constants.
    if (offsets == null || offsets.offsetsLength() < 2) {
      return null;
    }
    cursor.at("constant segment");
    if (root.constantBufferLength() > 0) {
      throw cursor.fail(
          "%d constants in a segment and %d inline, expected one kind only"
              .formatted(offsets.offsetsLength(), root.constantBufferLength()));
    }
    return subsegments("constant segment", offsets);
  }

  private Subsegments subsegments(String name, SubsegmentOffsets offsets) {
    return new Subsegments(name, offsets, segment(offsets.segmentIndex()));
  }
}
