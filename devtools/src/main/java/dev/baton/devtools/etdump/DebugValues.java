package dev.baton.devtools.etdump;

import dev.baton.devtools.etdump.EtDump.DebugEvent;
import dev.baton.devtools.etdump.EtDump.Place;
import dev.baton.devtools.etdump.EtDump.RunData;
import dev.baton.devtools.etdump.EtDump.TensorValue;
import dev.baton.graph.DType;
import dev.baton.graph.Origin;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.Placement;
import dev.baton.runtime.RunObserver;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.ScalarType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * What the steps of one run compute, as ExecuTorch records it: an event for each tensor, and its
 * elements in a file beside, the debug buffer. What lies within a step is never written by a run
 * and is not here; {@link dev.baton.runtime.LoadOptions#withSingleSteps} makes a step of each
 * operator that Java runs. Used by one thread.
 */
public final class DebugValues {
  private static final int ALIGNMENT = 64;
  private static final int CHUNK = 1 << 16;

  /** Those that ExecuTorch's Inspector reads: it refuses a dump with any other. */
  private static final Set<DType> KNOWN =
      EnumSet.of(
          DType.UINT8,
          DType.INT8,
          DType.INT16,
          DType.INT32,
          DType.INT64,
          DType.HALF,
          DType.FLOAT,
          DType.DOUBLE,
          DType.BOOL,
          DType.UINT16);

  private final Placement placement;
  private final OutputStream buffer;
  private final List<DebugEvent> events = new ArrayList<>();
  private long offset;

  private DebugValues(Placement placement, OutputStream buffer) {
    this.placement = placement;
    this.buffer = buffer;
  }

  /**
   * Runs an execution once more, whose inputs are set, and writes what its steps and the method
   * give. Nobody observes the execution afterwards.
   *
   * @param buffer where elements go; the caller closes it
   * @return the events, in the order of the run
   */
  public static List<DebugEvent> record(Execution execution, OutputStream buffer)
      throws IOException {
    DebugValues values = new DebugValues(execution.method().placement(), buffer);
    try {
      execution.observe((step, outputs) -> outputs.forEach(o -> values.add(step, o)));
      execution.run();
    } catch (UncheckedIOException e) {
      throw Objects.requireNonNull(e.getCause());
    } finally {
      execution.observe(null);
    }
    for (int i = 0; i < execution.method().outputCount(); i++) {
      values.output(execution.output(i));
    }
    return List.copyOf(values.events);
  }

  /**
   * A dump of the load and of its last run alone, with the values of a run: the Inspector takes
   * runs for of one kind only if all have the same events.
   */
  public static EtDump into(EtDump dump, List<DebugEvent> values) {
    RunData last = dump.runs().getLast();
    List<EtDump.Event> events = new ArrayList<>(last.events());
    events.addAll(values);
    List<RunData> runs =
        new ArrayList<>(dump.runs().stream().filter(r -> !r.name().equals(last.name())).toList());
    runs.add(new RunData(last.name(), last.bundledInputIndex(), last.allocators(), events));
    return new EtDump(dump.version(), runs);
  }

  private void add(Profile.Step step, RunObserver.Observed observed) {
    if (observed.operator() >= 0) {
      Placement.PlacedOperator operator = placement.operators().get(observed.operator());
      add(
          place(operator, step.operations().size() > 1),
          observed.type().dtype(),
          observed.type().shape().sizes(),
          observed.data(),
          false);
    }
  }

  /**
   * What a payload's operators give together is what the instruction gives that calls the payload.
   */
  private static Place place(Placement.PlacedOperator operator, boolean together) {
    Origin origin = operator.origin();
    Place place =
        origin.instruction() < 0 ? Place.nowhere() : Place.ofInstruction(origin.instruction());
    return origin.index() < 0 || together
        ? place
        : place.within(operator.name() + " #" + origin.index());
  }

  private void output(EValue value) {
    if (value.isTensor()) {
      Tensor tensor = value.toTensor();
      int[] sizes = new int[tensor.shape().length];
      for (int d = 0; d < sizes.length; d++) {
        sizes[d] = Math.toIntExact(tensor.shape()[d]);
      }
      add(Place.nowhere(), tensor.dtype(), sizes, tensor.data(), true);
    }
  }

  private void add(Place place, DType dtype, int[] sizes, MemorySegment data, boolean output) {
    ScalarType type = ScalarType.ofCode(dtype.code());
    if (type == null || !KNOWN.contains(dtype)) {
      return;
    }
    try {
      pad();
      events.add(new DebugEvent("", place, tensor(type, sizes), output));
      write(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TensorValue tensor(ScalarType type, int[] sizes) {
    List<Long> all = new ArrayList<>();
    List<Long> strides = new ArrayList<>();
    long stride = 1;
    for (int d = sizes.length - 1; d >= 0; d--) {
      all.addFirst((long) sizes[d]);
      strides.addFirst(stride);
      stride *= Math.max(sizes[d], 1);
    }
    return new TensorValue(type, all, strides, offset);
  }

  /** ExecuTorch's tensors begin at such offsets too. */
  private void pad() throws IOException {
    int gap = Math.toIntExact(-offset & ALIGNMENT - 1);
    buffer.write(new byte[gap]);
    offset += gap;
  }

  private void write(MemorySegment data) throws IOException {
    byte[] chunk = new byte[(int) Math.min(CHUNK, data.byteSize())];
    for (long at = 0; at < data.byteSize(); at += chunk.length) {
      int count = (int) Math.min(chunk.length, data.byteSize() - at);
      MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, chunk, 0, count);
      buffer.write(chunk, 0, count);
    }
    offset += data.byteSize();
  }
}
