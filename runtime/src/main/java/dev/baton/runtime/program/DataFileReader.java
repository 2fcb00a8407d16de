package dev.baton.runtime.program;

import dev.baton.format.TableFacts;
import dev.baton.runtime.program.DataFile.Entry;
import dev.baton.runtime.program.DataFile.TensorLayout;
import dev.baton.runtime.program.schema.flattensor.FlatTensor;
import dev.baton.runtime.program.schema.flattensor.NamedData;
import dev.baton.runtime.program.schema.flattensor06.TensorMetadata;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Reads data files. The tables begin at byte 0, with this header inside of them:
 *
 * <pre>
 *  4..7   identifier: FT01
 *  8..11  magic: FH01            12..15 length of the header, 40 or more
 * 16..23  offset, and 24..31 bytes, of what follows the header in the tables
 * 32..39  offset of the segments 40..47 bytes of the segments
 * </pre>
 *
 * ExecuTorch 0.7 changed the tables without changing the identifiers. Only the older root table has
 * more than three slots, and it cannot do without the fourth.
 */
final class DataFileReader {
  private static final int IDENTIFIER_AT = 4;
  private static final int IDENTIFIER = fourCharacters("FT01");
  private static final int HEADER_AT = 8;
  private static final int MAGIC = fourCharacters("FH01");
  private static final int HEADER_BYTES = 40;

  private final String source;
  private final MemorySegment file;
  private final ReadBudget budget;
  private final DecodeCursor cursor;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private long segmentBase;
  private long segmentBytes;
  private List<MemorySegment> segments = List.of();

  private DataFileReader(String source, MemorySegment file, ReadBudget budget) {
    this.source = source;
    this.file = file;
    this.budget = budget;
    this.cursor = new DecodeCursor(source);
  }

  /**
   * @param file read-only and native
   * @throws ProgramFormatException if it is no valid data file
   */
  static DataFile read(String source, MemorySegment file, ReadBudget budget) {
    return new DataFileReader(source, file, budget).read();
  }

  private static int fourCharacters(String text) {
    return text.charAt(0) | text.charAt(1) << 8 | text.charAt(2) << 16 | text.charAt(3) << 24;
  }

  private DataFile read() {
    ByteBuffer tables = tables();
    boolean old = isOld(tables);
    verify(tables, old ? DataFileSchema.FLAT_TENSOR_0_6 : DataFileSchema.FLAT_TENSOR);
    if (old) {
      older(dev.baton.runtime.program.schema.flattensor06.FlatTensor.getRootAsFlatTensor(tables));
    } else {
      current(FlatTensor.getRootAsFlatTensor(tables));
    }
    return new DataFile(source, Collections.unmodifiableMap(entries));
  }

  private ByteBuffer tables() {
    long fileBytes = file.byteSize();
    if (fileBytes < HEADER_AT + HEADER_BYTES) {
      throw notData("it has only " + fileBytes + " bytes");
    }
    ByteBuffer head =
        file.asSlice(0, HEADER_AT + HEADER_BYTES).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    if (head.getInt(IDENTIFIER_AT) != IDENTIFIER) {
      throw notData("it does not have the identifier FT01");
    }
    if (head.getInt(HEADER_AT) != MAGIC
        || Integer.toUnsignedLong(head.getInt(HEADER_AT + 4)) < HEADER_BYTES) {
      throw damaged("its header is not FH01 with 40 bytes or more");
    }
    long after = head.getLong(HEADER_AT + 8);
    long size = head.getLong(HEADER_AT + 16);
    segmentBase = head.getLong(HEADER_AT + 24);
    segmentBytes = head.getLong(HEADER_AT + 32);
    if (!fits(after, size, fileBytes) || after + size > Integer.MAX_VALUE || after + size < 8) {
      throw damaged(
          "its header puts %s bytes of tables behind byte %s, the whole file has %d"
              .formatted(Long.toUnsignedString(size), Long.toUnsignedString(after), fileBytes));
    }
    if (!fits(segmentBase, segmentBytes, fileBytes)) {
      throw damaged(
          "its header announces %s bytes of segments from byte %s, the whole file has %d"
              .formatted(
                  Long.toUnsignedString(segmentBytes),
                  Long.toUnsignedString(segmentBase),
                  fileBytes));
    }
    return file.asSlice(0, after + size).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static boolean fits(long offset, long size, long available) {
    return offset >= 0 && size >= 0 && offset <= available && size <= available - offset;
  }

  /** Looks at the root's vtable before anything is verified; what lies outside is left to that. */
  private static boolean isOld(ByteBuffer tables) {
    long root = Integer.toUnsignedLong(tables.getInt(0));
    if (root > tables.capacity() - 4) {
      return false;
    }
    long vtable = root - tables.getInt((int) root);
    int field = 4 + 2 * DataFileSchema.SLOT_OF_0_6;
    if (vtable < 0 || vtable > tables.capacity() - (field + 2)) {
      return false;
    }
    int length = tables.getShort((int) vtable) & 0xffff;
    return length >= field + 2 && tables.getShort((int) vtable + field) != 0;
  }

  private void verify(ByteBuffer tables, TableFacts facts) {
    BudgetMeter meter = new BudgetMeter(cursor, budget, tables.capacity());
    TableStructure.verify(source, tables, facts, meter);
  }

  private void current(FlatTensor root) {
    version(root.version());
    segments =
        cursor.list(
            "segment",
            root.segmentsLength(),
            i -> segment(root.segments(i).offset(), root.segments(i).size()));
    for (int i = 0; i < root.namedDataLength(); i++) {
      cursor.at("named data", i);
      NamedData data = root.namedData(i);
      MemorySegment bytes = segmentOf(data.segmentIndex());
      var stated = data.tensorLayout();
      TensorLayout layout =
          stated == null
              ? null
              : layout(
                  stated.scalarType(),
                  ints(stated.sizesLength(), stated::sizes),
                  ints(stated.dimOrderLength(), stated::dimOrder));
      if (layout != null && byteSize(layout) > bytes.byteSize()) {
        throw tooSmall(layout, bytes.byteSize());
      }
      add(data.key(), bytes, layout);
    }
  }

  private void older(dev.baton.runtime.program.schema.flattensor06.FlatTensor root) {
    version(root.version());
    segments =
        cursor.list(
            "segment",
            root.segmentsLength(),
            i -> segment(root.segments(i).offset(), root.segments(i).size()));
    for (int i = 0; i < root.tensorsLength(); i++) {
      cursor.at("tensor", i);
      TensorMetadata tensor = root.tensors(i);
      MemorySegment all = segmentOf(tensor.segmentIndex());
      TensorLayout layout =
          layout(
              tensor.scalarType(),
              ints(tensor.sizesLength(), tensor::sizes),
              ints(tensor.dimOrderLength(), tensor::dimOrder));
      long bytes = byteSize(layout);
      if (!fits(tensor.offset(), bytes, all.byteSize())) {
        throw tooSmall(layout, all.byteSize());
      }
      add(tensor.fullyQualifiedName(), all.asSlice(tensor.offset(), bytes), layout);
    }
    for (int i = 0; i < root.namedDataLength(); i++) {
      cursor.at("named data", i);
      add(root.namedData(i).key(), segmentOf(root.namedData(i).segmentIndex()), null);
    }
  }

  private void version(long version) {
    if (version != 0) {
      throw ProgramFormatException.ofFile(
          source, "its version is " + version + ", expected 0", "Update Baton, or export again.");
    }
  }

  private MemorySegment segment(long offset, long size) {
    if (!fits(offset, size, segmentBytes)) {
      throw cursor.fail(
          "%s bytes at %s do not fit into the %d bytes of the segments"
              .formatted(Long.toUnsignedString(size), Long.toUnsignedString(offset), segmentBytes));
    }
    return file.asSlice(segmentBase + offset, size);
  }

  private MemorySegment segmentOf(long index) {
    return segments.get(cursor.inRange(index, segments.size(), "segment"));
  }

  private void add(@Nullable String key, MemorySegment bytes, @Nullable TensorLayout layout) {
    String required = cursor.required(key, "its key");
    if (entries.put(required, new Entry(bytes, layout)) != null) {
      throw cursor.fail(
          "an earlier entry also has the key " + ProgramFormatException.quoted(required));
    }
  }

  private Ints ints(int count, IntUnaryOperator item) {
    if (count > TensorSpec.MAX_RANK) {
      throw cursor.fail(
          "%d dimensions, expected %d or fewer".formatted(count, TensorSpec.MAX_RANK));
    }
    int[] items = new int[count];
    for (int i = 0; i < count; i++) {
      items[i] = item.applyAsInt(i);
    }
    return Ints.of(items);
  }

  private TensorLayout layout(int code, Ints sizes, Ints dimOrder) {
    ScalarType type = ScalarType.ofCode(code);
    if (type == null) {
      throw cursor.unknown("scalar type", code);
    }
    if (sizes.size() != dimOrder.size()) {
      throw cursor.fail(
          "a dim order of %d entries for %d dimensions".formatted(dimOrder.size(), sizes.size()));
    }
    return new TensorLayout(type, sizes, dimOrder);
  }

  private long byteSize(TensorLayout layout) {
    long bytes = layout.scalarType().bytes();
    for (int i = 0; i < layout.sizes().size(); i++) {
      long size = layout.sizes().get(i);
      if (size < 0 || Math.multiplyHigh(bytes, size) != 0 || bytes * size < 0) {
        throw cursor.fail("sizes %s are no sizes of a tensor".formatted(layout.sizes()));
      }
      bytes *= size;
    }
    return bytes;
  }

  private ProgramFormatException tooSmall(TensorLayout layout, long bytes) {
    return cursor.fail("%s does not fit into %d bytes".formatted(layout, bytes));
  }

  private ProgramFormatException notData(String problem) {
    return ProgramFormatException.ofFile(
        source,
        "This is no data file (.ptd): " + problem,
        "Give the .ptd files that were exported with the program.");
  }

  private ProgramFormatException damaged(String problem) {
    return ProgramFormatException.ofFile(
        source, "The data file is damaged: " + problem, ProgramFormatException.DAMAGED);
  }
}
