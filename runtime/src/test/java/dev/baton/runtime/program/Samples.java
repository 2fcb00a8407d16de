package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32;

/** The sample programs of the test resources, and a walk over all that a program holds. */
final class Samples {
  static final List<String> PROGRAMS =
      List.of(
          "add-portable",
          "add-without-extended-header",
          "add-xnn",
          "cond-portable",
          "digits-coreml",
          "digits-openvino",
          "digits-xnn8",
          "kv-cache-portable",
          "kv-cache-xnn",
          "linear-external-weights",
          "linear-with-constant-buffer",
          "lstm-portable",
          "maxpool2d",
          "mlp-dyn-portable",
          "mlp-dyn-xnn8d",
          "qnn-multi-method-alpha",
          "softmax",
          "xor-training-external-weights");

  private Samples() {}

  static byte[] program(String name) {
    return bytes(name + ".pte");
  }

  static byte[] bytes(String file) {
    try (InputStream in =
        Objects.requireNonNull(Samples.class.getResourceAsStream("/programs/" + file), file)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Touches every record, and the first and last byte of every blob; returns a digest of them. */
  static long walk(Program program) {
    Walk walk = new Walk();
    walk.text(program.layout());
    program.segments().forEach(walk::blob);
    program.namedData().forEach((key, blob) -> walk.text(key).blob(blob));
    for (ProgramMethod method : program.methods().values()) {
      walk.text(method.name())
          .text(method.inputs())
          .text(method.outputs())
          .text(method.inputStructure())
          .text(method.outputStructure())
          .text(method.operators())
          .text(method.plannedBuffers());
      for (ProgramValue value : method.values()) {
        switch (value) {
          case TensorSpec tensor -> walk.tensor(method, tensor);
          case ProgramValue.IntListValue(Ints items) ->
              items.stream()
                  .forEach(i -> walk.text((ProgramValue.IntValue) method.values().get(i)));
          case ProgramValue.TensorListValue(Ints items) ->
              items.stream().forEach(i -> walk.tensor(method, (TensorSpec) method.values().get(i)));
          case ProgramValue.OptionalTensorListValue(Ints items) ->
              items.stream().filter(i -> i != -1).forEach(i -> walk.text(method.values().get(i)));
          default -> walk.text(value);
        }
      }
      for (DelegateSpec delegate : method.delegates()) {
        walk.text(delegate.id()).blob(delegate.payload());
        delegate.compileSpecs().forEach(spec -> walk.text(spec.key()).blob(spec.value()));
        if (delegate.payloadSegment() != -1) {
          assertEquals(program.segments().get(delegate.payloadSegment()), delegate.payload());
        }
      }
      for (List<Instruction> chain : method.chains()) {
        chain.forEach(instruction -> walk.instruction(method, chain.size(), instruction));
      }
    }
    return walk.digest.getValue();
  }

  private static final class Walk {
    final CRC32 digest = new CRC32();

    Walk text(Object any) {
      digest.update(String.valueOf(any).length());
      return this;
    }

    void blob(MemorySegment blob) {
      if (blob.byteSize() > 0) {
        digest.update(blob.get(ValueLayout.JAVA_BYTE, 0));
        digest.update(blob.get(ValueLayout.JAVA_BYTE, blob.byteSize() - 1));
      }
    }

    void tensor(ProgramMethod method, TensorSpec tensor) {
      text(tensor.source());
      assertEquals(tensor.rank(), tensor.dimOrder().stream().distinct().count());
      if (tensor.allocation() != null) {
        long end = tensor.allocation().offset() + tensor.byteSize();
        assertEquals(
            true, end <= method.plannedBuffers().get(tensor.allocation().memoryId()).bytes());
      }
      if (tensor.data() != null) {
        assertEquals(tensor.byteSize(), tensor.data().byteSize());
        blob(tensor.data());
      }
    }

    void instruction(ProgramMethod method, int count, Instruction instruction) {
      switch (instruction) {
        case Instruction.KernelCall(int operator, Ints args) -> {
          text(method.operators().get(operator).fullName());
          args.stream().forEach(i -> text(method.values().get(i).getClass()));
        }
        case Instruction.DelegateCall(int delegate, Ints args) -> {
          text(method.delegates().get(delegate).id());
          args.stream().forEach(i -> text(method.values().get(i).getClass()));
        }
        case Instruction.MoveCall(int from, int to) ->
            text(method.values().get(from)).text(method.values().get(to));
        case Instruction.JumpFalseCall(int condition, int destination) -> {
          text(method.values().get(condition));
          assertEquals(true, destination >= 0 && destination <= count);
        }
        case Instruction.FreeCall(int value) -> text((TensorSpec) method.values().get(value));
      }
    }
  }
}
