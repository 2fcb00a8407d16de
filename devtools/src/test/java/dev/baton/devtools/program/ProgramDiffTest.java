package dev.baton.devtools.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.graph.DType;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ProgramDiffTest {
  @Test
  void aProgramDoesNotDifferFromItself() throws IOException {
    try (Program program = Programs.open("digits-xnn");
        Program again = Program.of(Files.readAllBytes(Programs.file("digits-xnn")))) {
      ProgramDiff diff = ProgramDiff.of(program, again);
      assertTrue(diff.same(), diff::toString);
    }
  }

  @Test
  void whatWasLoweredIsADelegateInsteadOfAnOperator() throws IOException {
    try (Program portable = Programs.open("add-portable");
        Program lowered = Programs.open("add-xnn")) {
      ProgramDiff.Method method = ProgramDiff.of(portable, lowered).methods().getFirst();
      assertEquals(List.of(), method.inputs());
      assertEquals(new ProgramDiff.Count(1, 0), method.operators().get("aten::add.out"));
      assertEquals("none", method.delegates().get("XnnpackBackend").first());
      assertTrue(method.delegates().get("XnnpackBackend").second().startsWith("1 payload, "));
      ProgramDiff.Edit edit = method.instructions().getFirst();
      assertTrue(edit.removed().getFirst().startsWith("aten::add.out ("), edit::toString);
      assertTrue(edit.added().getFirst().startsWith("XnnpackBackend ("), edit::toString);
    }
  }

  private static Program written(Consumer<ProgramBuilder.Method> writer) {
    return Program.of(
        new ProgramBuilder().constantsInSegment().method("forward", writer).toBytes());
  }

  private static Program difference(boolean swapped) {
    return written(method -> {
      Slot x = method.input(DType.FLOAT, 2);
      Slot y = method.input(DType.FLOAT, 2);
      Slot z = method.tensor(DType.FLOAT, 2);
      method.kernel("aten::sub.out", swapped ? y : x, swapped ? x : y, method.integer(1), z);
      method.output(z);
    });
  }

  @Test
  void swappedOperandsAreToldFromEachOther() {
    try (Program program = difference(false);
        Program swapped = difference(true);
        Program again = difference(false)) {
      assertTrue(ProgramDiff.of(program, again).same());
      ProgramDiff.Rewired rewired =
          ProgramDiff.of(program, swapped).methods().getFirst().rewired().getFirst();
      assertEquals(0, rewired.at());
      assertEquals(0, rewired.argument());
    }
  }

  /**
   * x * weight + bias.
   *
   * @param biasFirst how the file numbers them
   */
  private static Program scaled(boolean biasFirst, float weight, float bias) {
    return written(method -> {
      Slot x = method.input(DType.FLOAT, 1);
      Slot early = method.constant(new float[] {biasFirst ? bias : weight}, 1);
      Slot late = method.constant(new float[] {biasFirst ? weight : bias}, 1);
      Slot product = method.tensor(DType.FLOAT, 1);
      Slot sum = method.tensor(DType.FLOAT, 1);
      method.kernel("aten::mul.out", x, biasFirst ? late : early, product);
      method.kernel("aten::add.out", product, biasFirst ? early : late, method.integer(1), sum);
      method.output(sum);
    });
  }

  @Test
  void swappedWeightsAreToldFromEachOther() {
    try (Program program = scaled(false, 1, 5);
        Program renumbered = scaled(true, 1, 5);
        Program swapped = scaled(false, 5, 1);
        Program changed = scaled(false, 1, 6)) {
      assertTrue(ProgramDiff.of(program, renumbered).same());
      assertEquals(2, ProgramDiff.of(program, swapped).methods().getFirst().rewired().size());
      ProgramDiff.Method method = ProgramDiff.of(program, changed).methods().getFirst();
      assertEquals(List.of(), method.rewired());
      assertEquals(1, method.constants().added().size());
    }
  }

  @Test
  void swappedOutputsAreToldFromEachOther() {
    try (Program program = outputs(false);
        Program swapped = outputs(true)) {
      assertEquals(
          List.of(new ProgramDiff.Rewired(-1, "outputs", 0)),
          ProgramDiff.of(program, swapped).methods().getFirst().rewired());
    }
  }

  private static Program outputs(boolean swapped) {
    return written(method -> {
      Slot x = method.input(DType.FLOAT, 1);
      Slot negative = method.tensor(DType.FLOAT, 1);
      Slot twice = method.tensor(DType.FLOAT, 1);
      method.kernel("aten::neg.out", x, negative);
      method.kernel("aten::neg.out", negative, twice);
      method.output(swapped ? twice : negative);
      method.output(swapped ? negative : twice);
    });
  }

  @Test
  void oneChangedWeightIsOneChangedTensor() throws IOException {
    byte[] bytes = Files.readAllBytes(Programs.file("digits-portable"));
    try (Program program = Program.of(bytes)) {
      byte[] changed = bytes.clone();
      changed[offsetOfAWeight(program, bytes)] ^= 1;
      try (Program other = Program.of(changed)) {
        ProgramDiff diff = ProgramDiff.of(program, other);
        assertFalse(diff.same());
        ProgramDiff.Method method = diff.methods().getFirst();
        assertEquals(1, method.constants().removed().size());
        assertEquals(1, method.constants().added().size());
        assertEquals(
            method.constants().removed().getFirst().bytes(),
            method.constants().added().getFirst().bytes());
        assertEquals(List.of(), method.instructions());
      }
    }
  }

  /** Of the last byte of some constant in the file. */
  private static int offsetOfAWeight(Program program, byte[] file) {
    for (ProgramValue value : program.method("forward").values()) {
      if (value instanceof TensorSpec tensor && tensor.source() == TensorSpec.Source.CONSTANT) {
        MemorySegment data = tensor.data();
        MemorySegment whole = MemorySegment.ofArray(file);
        for (long at = 0; at + data.byteSize() <= whole.byteSize(); at++) {
          if (whole.asSlice(at, data.byteSize()).mismatch(data) < 0) {
            return Math.toIntExact(at + data.byteSize() - 1);
          }
        }
      }
    }
    throw new AssertionError("the program has constants");
  }
}
