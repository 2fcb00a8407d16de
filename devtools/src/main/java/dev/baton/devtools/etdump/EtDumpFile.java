package dev.baton.devtools.etdump;

import com.google.flatbuffers.FlatBufferBuilder;
import com.google.flatbuffers.Table;
import dev.baton.devtools.etdump.EtDump.AllocationEvent;
import dev.baton.devtools.etdump.EtDump.BoolValue;
import dev.baton.devtools.etdump.EtDump.DebugEvent;
import dev.baton.devtools.etdump.EtDump.DoubleValue;
import dev.baton.devtools.etdump.EtDump.FloatValue;
import dev.baton.devtools.etdump.EtDump.IntValue;
import dev.baton.devtools.etdump.EtDump.NoValue;
import dev.baton.devtools.etdump.EtDump.Place;
import dev.baton.devtools.etdump.EtDump.ProfileEvent;
import dev.baton.devtools.etdump.EtDump.RunData;
import dev.baton.devtools.etdump.EtDump.StringValue;
import dev.baton.devtools.etdump.EtDump.TensorValue;
import dev.baton.devtools.etdump.EtDump.TensorsValue;
import dev.baton.devtools.etdump.EtDump.Value;
import dev.baton.devtools.etdump.schema.Allocator;
import dev.baton.devtools.etdump.schema.Bool;
import dev.baton.devtools.etdump.schema.ETDump;
import dev.baton.devtools.etdump.schema.Event;
import dev.baton.devtools.etdump.schema.Int;
import dev.baton.devtools.etdump.schema.Tensor;
import dev.baton.devtools.etdump.schema.TensorList;
import dev.baton.devtools.etdump.schema.ValueType;
import dev.baton.format.FlatBufferVerifier;
import dev.baton.format.FlatBufferVerifier.UnknownMembers;
import dev.baton.format.MalformedException;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.program.ScalarType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of {@code .etdp} files.
 *
 * <pre>
 *  0..3  bytes that follow    8..11  identifier: ED00
 * </pre>
 */
public final class EtDumpFile {
  private static final int SIZE_BYTES = 4;
  private static final int IDENTIFIER_AT = 8;
  private static final String IDENTIFIER = "ED00";

  /** A name that many events share is visited once for each. */
  private static final int MOST_SHARING = 64;

  private static final int FIRST_BYTES = 1 << 14;

  private EtDumpFile() {}

  /** True if bytes begin as an ETDump does. */
  public static boolean isEtDump(byte[] start) {
    return start.length >= IDENTIFIER_AT + IDENTIFIER.length()
        && new String(start, IDENTIFIER_AT, IDENTIFIER.length(), StandardCharsets.ISO_8859_1)
            .equals(IDENTIFIER);
  }

  // ---- reading

  /**
   * Reads a file; every offset in it is checked first.
   *
   * @param source its name, for messages
   * @throws BatonException if it is no ETDump, or damaged
   */
  public static EtDump read(String source, byte[] file) {
    if (!isEtDump(file)) {
      throw damaged(source, "it does not have the identifier ED00 at byte 8", null);
    }
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.getInt(0) != file.length - SIZE_BYTES) {
      throw damaged(
          source,
          "it says that %s bytes follow its first 4, and %d do"
              .formatted(Integer.toUnsignedString(bytes.getInt(0)), file.length - SIZE_BYTES),
          null);
    }
    ByteBuffer tables = bytes.slice(SIZE_BYTES, file.length - SIZE_BYTES);
    try {
      FlatBufferVerifier.verify(
          tables, EtDumpSchema.ETDUMP, UnknownMembers.REFUSE, (long) MOST_SHARING * file.length);
    } catch (MalformedException e) {
      throw damaged(source, String.valueOf(e.getMessage()), e);
    }
    return new Reader(source, file.length).dump(ETDump.getRootAsETDump(tables));
  }

  private static BatonException damaged(String source, String problem, @Nullable Exception cause) {
    return new BatonException(
        source
            + ": "
            + problem
            + ". The file is damaged, or no ETDump: an ExecuTorch runtime, or 'baton profile"
            + " --etdump', writes them.",
        cause);
  }

  /** Tables as records. */
  private static final class Reader {
    private final String source;

    /** Bytes of metadata that may follow: no sound file's events share theirs. */
    private int metadata;

    Reader(String source, int fileBytes) {
      this.source = source;
      this.metadata = fileBytes;
    }

    private EtDump dump(ETDump dump) {
      return new EtDump(dump.version(), list(dump.runDataLength(), i -> run(dump.runData(i), i)));
    }

    private RunData run(dev.baton.devtools.etdump.schema.RunData run, int index) {
      String place = "run " + index;
      List<String> allocators =
          list(run.allocatorsLength(), a -> orEmpty(run.allocators(a).name()));
      return new RunData(
          orEmpty(run.name()),
          run.bundledInputIndex(),
          allocators,
          list(
              run.eventsLength(),
              e -> event(run.events(e), place + ", event " + e, allocators.size())));
    }

    private EtDump.Event event(Event event, String place, int allocators) {
      var profile = event.profileEvent();
      var allocation = event.allocationEvent();
      var debug = event.debugEvent();
      int given =
          (profile == null ? 0 : 1) + (allocation == null ? 0 : 1) + (debug == null ? 0 : 1);
      if (given != 1) {
        throw damaged(source, place + ": " + given + " things at once, expected 1", null);
      }
      if (profile != null) {
        return new ProfileEvent(
            orEmpty(profile.name()),
            new Place(
                profile.chainIndex(),
                profile.instructionId(),
                profile.delegateDebugIdInt(),
                orEmpty(profile.delegateDebugIdStr())),
            metadata(profile.delegateDebugMetadataAsByteBuffer(), place),
            profile.startTime(),
            profile.endTime());
      }
      if (allocation != null) {
        if (allocation.allocatorId() < 0 || allocation.allocatorId() >= allocators) {
          throw damaged(
              source,
              place + ": allocator " + allocation.allocatorId() + " of " + allocators,
              null);
        }
        return new AllocationEvent(allocation.allocatorId(), allocation.allocationSize());
      }
      return debug(debug, place);
    }

    private List<Byte> metadata(@Nullable ByteBuffer bytes, String place) {
      if (bytes == null) {
        return List.of();
      }
      metadata -= bytes.remaining();
      if (metadata < 0) {
        throw damaged(source, place + ": more metadata than the file has bytes", null);
      }
      return list(bytes.remaining(), i -> bytes.get(bytes.position() + i));
    }

    private DebugEvent debug(dev.baton.devtools.etdump.schema.DebugEvent event, String place) {
      var entry = event.debugEntry();
      Value value = entry == null ? new NoValue() : value(entry, place);
      Bool output = entry == null ? null : entry.output();
      return new DebugEvent(
          orEmpty(event.name()),
          new Place(
              event.chainIndex(),
              event.instructionId(),
              event.delegateDebugIdInt(),
              orEmpty(event.delegateDebugIdStr())),
          value,
          output != null && output.boolVal());
    }

    private Value value(dev.baton.devtools.etdump.schema.Value value, String place) {
      return switch (value.val()) {
        case ValueType.Null -> new NoValue();
        case ValueType.Int -> new IntValue(required(value.intValue(), place).intVal());
        case ValueType.Bool -> new BoolValue(required(value.boolValue(), place).boolVal());
        case ValueType.Float -> new FloatValue(required(value.floatValue(), place).floatVal());
        case ValueType.Double -> new DoubleValue(required(value.doubleValue(), place).doubleVal());
        case ValueType.Tensor -> tensor(required(value.tensor(), place), place);
        case ValueType.TensorList -> {
          TensorList tensors = required(value.tensorList(), place);
          yield new TensorsValue(
              list(tensors.tensorsLength(), i -> tensor(tensors.tensors(i), place)));
        }
        case ValueType.String -> new StringValue();
        default -> throw damaged(source, place + ": a value of type " + value.val(), null);
      };
    }

    private TensorValue tensor(Tensor tensor, String place) {
      ScalarType type = ScalarType.ofCode(tensor.scalarType());
      if (type == null) {
        throw damaged(source, place + ": a scalar type " + tensor.scalarType(), null);
      }
      if (tensor.offset() < 0) {
        throw damaged(source, place + ": an offset of " + tensor.offset(), null);
      }
      List<Long> sizes = list(tensor.sizesLength(), i -> tensor.sizes(i));
      if (sizes.stream().anyMatch(s -> s < 0)) {
        throw damaged(source, place + ": sizes " + sizes, null);
      }
      return new TensorValue(
          type, sizes, list(tensor.stridesLength(), i -> tensor.strides(i)), tensor.offset());
    }

    private <T extends Table> T required(@Nullable T table, String place) {
      if (table == null) {
        throw damaged(source, place + ": the value of a debug entry is missing", null);
      }
      return table;
    }

    private static String orEmpty(@Nullable String text) {
      return text == null ? "" : text;
    }

    private static <T> List<T> list(int count, IntFunction<T> item) {
      List<T> items = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        items.add(item.apply(i));
      }
      return items;
    }
  }

  // ---- writing

  /** The bytes of a file, in the form that ExecuTorch writes. */
  public static byte[] write(EtDump dump) {
    return new Writer(new FlatBufferBuilder(FIRST_BYTES)).dump(dump);
  }

  /** Records as tables. */
  private record Writer(FlatBufferBuilder to) {
    private byte[] dump(EtDump dump) {
      int runs = ETDump.createRunDataVector(to, offsets(dump.runs(), this::run));
      int root = ETDump.createETDump(to, dump.version(), runs);
      ETDump.finishSizePrefixedETDumpBuffer(to, root);
      return to.sizedByteArray();
    }

    private int run(RunData run) {
      int name = to.createSharedString(run.name());
      int allocators =
          run.allocators().isEmpty()
              ? 0
              : dev.baton.devtools.etdump.schema.RunData.createAllocatorsVector(
                  to,
                  offsets(
                      run.allocators(),
                      a -> Allocator.createAllocator(to, to.createSharedString(a))));
      int events =
          dev.baton.devtools.etdump.schema.RunData.createEventsVector(
              to, offsets(run.events(), this::event));
      return dev.baton.devtools.etdump.schema.RunData.createRunData(
          to, name, run.bundledInputIndex(), allocators, events);
    }

    private int event(EtDump.Event event) {
      return switch (event) {
        case ProfileEvent profile -> Event.createEvent(to, profile(profile), 0, 0);
        case AllocationEvent(int allocator, long bytes) ->
            Event.createEvent(
                to,
                0,
                dev.baton.devtools.etdump.schema.AllocationEvent.createAllocationEvent(
                    to, allocator, bytes),
                0);
        case DebugEvent debug -> Event.createEvent(to, 0, 0, debug(debug));
      };
    }

    private int profile(ProfileEvent event) {
      int name = to.createSharedString(event.name());
      int operator = text(event.place().delegateName());
      int metadata = 0;
      if (!event.metadata().isEmpty()) {
        byte[] bytes = new byte[event.metadata().size()];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = event.metadata().get(i);
        }
        metadata = to.createByteVector(bytes);
      }
      return dev.baton.devtools.etdump.schema.ProfileEvent.createProfileEvent(
          to,
          name,
          Math.toIntExact(event.place().chain()),
          event.place().instruction(),
          event.place().delegateId(),
          operator,
          metadata,
          event.start(),
          event.end());
    }

    private int debug(DebugEvent event) {
      int name = to.createSharedString(event.name());
      int operator = text(event.place().delegateName());
      int value = value(event.value(), event.output());
      return dev.baton.devtools.etdump.schema.DebugEvent.createDebugEvent(
          to,
          event.place().chain(),
          event.place().instruction(),
          value,
          event.place().delegateId(),
          operator,
          name);
    }

    /** No field where there is no text. */
    private int text(String text) {
      return text.isEmpty() ? 0 : to.createSharedString(text);
    }

    private int value(Value value, boolean isOutput) {
      int output = isOutput ? Bool.createBool(to, true) : 0;
      int content =
          switch (value) {
            case NoValue(), StringValue() -> 0;
            case IntValue(long number) -> Int.createInt(to, number);
            case BoolValue(boolean truth) -> Bool.createBool(to, truth);
            case FloatValue(float number) ->
                dev.baton.devtools.etdump.schema.FloatValue.createFloatValue(to, number);
            case DoubleValue(double number) ->
                dev.baton.devtools.etdump.schema.DoubleValue.createDoubleValue(to, number);
            case TensorValue tensor -> tensor(tensor);
            case TensorsValue(List<TensorValue> tensors) ->
                TensorList.createTensorList(
                    to, TensorList.createTensorsVector(to, offsets(tensors, this::tensor)));
          };
      byte type =
          switch (value) {
            case NoValue() -> ValueType.Null;
            case IntValue _ -> ValueType.Int;
            case BoolValue _ -> ValueType.Bool;
            case FloatValue _ -> ValueType.Float;
            case DoubleValue _ -> ValueType.Double;
            case TensorValue _ -> ValueType.Tensor;
            case TensorsValue _ -> ValueType.TensorList;
            case StringValue() -> ValueType.String;
          };
      return dev.baton.devtools.etdump.schema.Value.createValue(
          to,
          type,
          type == ValueType.Tensor ? content : 0,
          type == ValueType.TensorList ? content : 0,
          type == ValueType.Int ? content : 0,
          type == ValueType.Float ? content : 0,
          type == ValueType.Double ? content : 0,
          type == ValueType.Bool ? content : 0,
          output);
    }

    private int tensor(TensorValue tensor) {
      int sizes = Tensor.createSizesVector(to, longs(tensor.sizes()));
      int strides = Tensor.createStridesVector(to, longs(tensor.strides()));
      return Tensor.createTensor(to, (byte) tensor.type().code(), sizes, strides, tensor.offset());
    }

    private static long[] longs(List<Long> numbers) {
      return numbers.stream().mapToLong(Long::longValue).toArray();
    }

    private static <T> int[] offsets(List<T> items, ToIntFunction<T> write) {
      return items.stream().mapToInt(write).toArray();
    }
  }
}
