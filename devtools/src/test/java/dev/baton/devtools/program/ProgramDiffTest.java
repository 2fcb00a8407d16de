package dev.baton.devtools.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.List;
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
