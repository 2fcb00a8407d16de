package dev.baton.devtools.program;

import dev.baton.runtime.program.DelegateSpec;
import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.Ints;
import dev.baton.runtime.program.OperatorName;
import dev.baton.runtime.program.PlannedBuffer;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramLayout;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A program in numbers.
 *
 * @param namedData bytes by key
 * @param segments bytes of each
 * @param tests of a bundled program, their number by method
 */
public record ProgramSummary(
    String source,
    long schemaVersion,
    ProgramLayout layout,
    List<Method> methods,
    Map<String, Long> namedData,
    List<Long> segments,
    Map<String, Integer> tests) {
  /**
   * A method in numbers.
   *
   * @param inputs types of tensors, and what is fixed, as people read them
   * @param outputs the same
   * @param operators calls of each
   * @param payloads in the order of the file
   * @param plannedBytes of each planned buffer, without the reserved one
   * @param constantBytes of all constants, those that share bytes counted once
   * @param stateBytes of all mutable tensors that begin with content
   * @param externalTensors names of those whose data are in a data file
   */
  public record Method(
      String name,
      List<String> inputs,
      List<String> outputs,
      int instructions,
      Map<String, Integer> operators,
      List<Payload> payloads,
      List<Long> plannedBytes,
      int constants,
      long constantBytes,
      long stateBytes,
      List<String> externalTensors) {}

  /**
   * A payload.
   *
   * @param calls instructions that call it
   * @param place {@code segment 1}, or {@code inline}
   */
  public record Payload(
      String id, int calls, long bytes, String place, Map<String, String> compileSpecs) {}

  private static final int SHOWN_SPEC_BYTES = 32;

  /** Of an open program. */
  public static ProgramSummary of(Program program) {
    Map<String, Long> named = new LinkedHashMap<>();
    program.namedData().forEach((key, bytes) -> named.put(key, bytes.byteSize()));
    Map<String, Integer> tests = new LinkedHashMap<>();
    program.tests().forEach(t -> tests.merge(t.method(), 1, Integer::sum));
    return new ProgramSummary(
        program.source(),
        program.schemaVersion(),
        program.layout(),
        program.methods().values().stream().map(ProgramSummary::of).toList(),
        named,
        program.segments().stream().map(MemorySegment::byteSize).toList(),
        tests);
  }

  private static Method of(ProgramMethod method) {
    Map<String, Integer> operators = new TreeMap<>();
    Map<Integer, Integer> delegateCalls = new HashMap<>();
    int instructions = 0;
    for (List<Instruction> chain : method.chains()) {
      for (Instruction instruction : chain) {
        instructions++;
        switch (instruction) {
          case Instruction.KernelCall call -> {
            OperatorName name = method.operators().get(call.operator());
            operators.merge(name.fullName(), 1, Integer::sum);
          }
          case Instruction.DelegateCall call ->
              delegateCalls.merge(call.delegate(), 1, Integer::sum);
          default -> {}
        }
      }
    }
    List<Payload> payloads = new ArrayList<>();
    for (int i = 0; i < method.delegates().size(); i++) {
      payloads.add(payload(method.delegates().get(i), delegateCalls.getOrDefault(i, 0)));
    }
    return withMemory(method, instructions, operators, payloads);
  }

  private static Method withMemory(
      ProgramMethod method,
      int instructions,
      Map<String, Integer> operators,
      List<Payload> payloads) {
    Map<Long, Long> constants = new HashMap<>();
    int constantCount = 0;
    long state = 0;
    List<String> external = new ArrayList<>();
    for (ProgramValue value : method.values()) {
      if (value instanceof TensorSpec tensor) {
        MemorySegment data = tensor.data();
        switch (tensor.source()) {
          case CONSTANT -> {
            constantCount++;
            if (data != null) {
              constants.merge(data.address(), data.byteSize(), Math::max);
            }
          }
          case PLANNED_WITH_DATA -> state += tensor.byteSize();
          case EXTERNAL, PLANNED_EXTERNAL -> external.add(String.valueOf(tensor.name()));
          case PLANNED, UNBOUND -> {}
        }
      }
    }
    return new Method(
        method.name(),
        values(method, method.inputs()),
        values(method, method.outputs()),
        instructions,
        operators,
        payloads,
        method.plannedBuffers().stream().skip(1).map(PlannedBuffer::bytes).toList(),
        constantCount,
        constants.values().stream().mapToLong(Long::longValue).sum(),
        state,
        external);
  }

  private static List<String> values(ProgramMethod method, Ints indices) {
    return indices.stream().mapToObj(i -> value(method.values().get(i))).toList();
  }

  private static String value(ProgramValue value) {
    return switch (value) {
      case TensorSpec tensor -> ProgramTexts.type(tensor);
      case ProgramValue.NullValue none -> "none";
      case ProgramValue.IntValue number -> "int " + number.value();
      case ProgramValue.BoolValue truth -> "bool " + truth.value();
      case ProgramValue.DoubleValue number -> "double " + number.value();
      case ProgramValue.StringValue text -> "string '" + text.value() + "'";
      case ProgramValue.IntListValue list -> "list of " + list.items().size() + " ints";
      case ProgramValue.DoubleListValue list -> "list of " + list.items().size() + " doubles";
      case ProgramValue.BoolListValue list -> "list of " + list.items().size() + " bools";
      case ProgramValue.TensorListValue list -> "list of " + list.items().size() + " tensors";
      case ProgramValue.OptionalTensorListValue list ->
          "list of " + list.items().size() + " optional tensors";
    };
  }

  private static Payload payload(DelegateSpec delegate, int calls) {
    Map<String, String> specs = new LinkedHashMap<>();
    delegate.compileSpecs().forEach(s -> specs.put(s.key(), bytes(s.value())));
    return new Payload(
        delegate.id(),
        calls,
        delegate.payload().byteSize(),
        delegate.payloadSegment() < 0 ? "inline" : "segment " + delegate.payloadSegment(),
        specs);
  }

  /** Text where it is text, else hexadecimal; long values are cut. */
  private static String bytes(MemorySegment value) {
    byte[] shown =
        value
            .asSlice(0, Math.min(SHOWN_SPEC_BYTES, value.byteSize()))
            .toArray(ValueLayout.JAVA_BYTE);
    boolean text = shown.length > 0;
    StringBuilder hex = new StringBuilder();
    for (byte b : shown) {
      text &= b >= ' ' && b < 0x7f;
      hex.append(HexFormat.of().toHexDigits(b));
    }
    String content =
        text ? new String(shown, java.nio.charset.StandardCharsets.US_ASCII) : hex.toString();
    return value.byteSize() > SHOWN_SPEC_BYTES
        ? content + "… (" + value.byteSize() + " bytes)"
        : content;
  }
}
