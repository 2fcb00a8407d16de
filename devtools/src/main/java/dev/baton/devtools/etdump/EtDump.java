package dev.baton.devtools.etdump;

import dev.baton.runtime.program.ScalarType;
import java.util.List;

/**
 * What an ExecuTorch runtime recorded: the content of an {@code .etdp} file (ETDump, identifier
 * ED00). {@link EtDumpFile} reads and writes it, {@link ProfileDump} makes one of a profile.
 *
 * @param version of the schema; 0 so far
 * @param runs blocks of events: {@link #LOAD} once, {@link #RUN} once a run
 */
public record EtDump(long version, List<RunData> runs) {
  /** Name of the block of a load. */
  public static final String LOAD = "Default";

  /** Name of the block of a run. */
  public static final String RUN = "Execute";

  public EtDump {
    runs = List.copyOf(runs);
  }

  /**
   * A block.
   *
   * @param bundledInputIndex of the bundled program's test that was run; −1 if none was
   * @param allocators names, which {@link AllocationEvent} refers to by index
   */
  public record RunData(
      String name, int bundledInputIndex, List<String> allocators, List<Event> events) {
    /** Of {@link #bundledInputIndex}: none. */
    public static final int NO_BUNDLED_INPUT = -1;

    public RunData {
      allocators = List.copyOf(allocators);
      events = List.copyOf(events);
    }
  }

  /** Something that happened. */
  public sealed interface Event {}

  /**
   * What an event is about, as debug handle maps name it.
   *
   * @param chain of instructions; −1 for none
   * @param instruction index in its chain; −1 for none
   * @param delegateId the delegate's number of one of its operators; −1 for none
   * @param delegateName the delegate's name of one of its operators; empty for none
   */
  public record Place(long chain, int instruction, int delegateId, String delegateName) {
    /** Of numbers that are not there. */
    public static final int NONE = -1;

    /** Of an instruction of the first chain. */
    public static Place ofInstruction(int instruction) {
      return new Place(0, instruction, NONE, "");
    }

    /** Of no instruction. */
    public static Place nowhere() {
      return new Place(NONE, NONE, NONE, "");
    }

    /** Of a delegate's operator within this. */
    public Place within(String operator) {
      return new Place(chain, instruction, delegateId, operator);
    }

    /** True of a delegate's operator. */
    public boolean isDelegated() {
      return delegateId != NONE || !delegateName.isEmpty();
    }
  }

  /**
   * Something took time.
   *
   * @param metadata a delegate's own, mostly empty; unsigned bytes
   * @param start ticks of the runtime's clock, nanoseconds mostly
   * @param end ticks of the same clock
   */
  public record ProfileEvent(String name, Place place, List<Byte> metadata, long start, long end)
      implements Event {
    /** The least that a clock of 32 bits does not reach. */
    private static final long WRAP = 1L << 32;

    public ProfileEvent {
      metadata = List.copyOf(metadata);
    }

    /** Ticks; of a clock of 32 bits that has begun anew, too. */
    public long ticks() {
      return end >= start || start >= WRAP ? end - start : WRAP - start + end;
    }
  }

  /**
   * Memory was taken from an allocator.
   *
   * @param allocator index in {@link RunData#allocators}
   */
  public record AllocationEvent(int allocator, long bytes) implements Event {}

  /**
   * What an operator computed.
   *
   * @param output true if it is the method's
   */
  public record DebugEvent(String name, Place place, Value value, boolean output)
      implements Event {}

  /** A value. */
  public sealed interface Value {}

  /** No value. */
  public record NoValue() implements Value {}

  public record IntValue(long value) implements Value {}

  public record BoolValue(boolean value) implements Value {}

  public record FloatValue(float value) implements Value {}

  public record DoubleValue(double value) implements Value {}

  /** A string: the format names the type, and has no room for it. */
  public record StringValue() implements Value {}

  /**
   * A tensor.
   *
   * @param strides in elements
   * @param offset in bytes, of its elements in the file beside, the debug buffer
   */
  public record TensorValue(ScalarType type, List<Long> sizes, List<Long> strides, long offset)
      implements Value {
    public TensorValue {
      sizes = List.copyOf(sizes);
      strides = List.copyOf(strides);
    }
  }

  public record TensorsValue(List<TensorValue> tensors) implements Value {
    public TensorsValue {
      tensors = List.copyOf(tensors);
    }
  }
}
