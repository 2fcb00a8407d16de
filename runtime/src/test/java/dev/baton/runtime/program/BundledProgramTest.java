package dev.baton.runtime.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A file that ExecuTorch's bundling wrote; what is expected of it is what flatc --json shows. */
class BundledProgramTest {
  private static final String SAMPLE = "bundled_program.bpte";

  @Test
  void isTheProgramInsideWithItsTests() {
    try (Program program = Program.of(Samples.bytes(SAMPLE))) {
      assertEquals(Set.of("forward"), program.methods().keySet());
      assertEquals(1696, program.layout().fileBytes());
      assertEquals(10, program.tests().size());
      for (BundledTest test : program.tests()) {
        assertEquals("forward", test.method());
        assertEquals(2, test.inputs().size());
        assertEquals(1, test.expected().size());
        for (ProgramValue value : test.inputs()) {
          TensorSpec tensor = (TensorSpec) value;
          assertEquals(ScalarType.INT, tensor.scalarType());
          assertEquals(Ints.of(2, 2), tensor.sizes());
          assertEquals(Ints.of(0, 1), tensor.dimOrder());
          assertEquals(TensorSpec.Source.CONSTANT, tensor.source());
          assertEquals(16, tensor.data().byteSize());
        }
      }
    }
  }

  @Test
  void testsAreTheFiles() {
    // The module computes 3x + 2 + y; each test has numbers of its own.
    try (Program program = Program.of(Samples.bytes(SAMPLE))) {
      for (BundledTest test : program.tests()) {
        for (int i = 0; i < 4; i++) {
          int x = element(test.inputs().get(0), i);
          int y = element(test.inputs().get(1), i);
          assertEquals(3 * x + 2 + y, element(test.expected().get(0), i));
        }
      }
    }
  }

  private static int element(ProgramValue value, int index) {
    return ((TensorSpec) value).data().getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, index);
  }

  @Test
  void aBundleInsideOfABundleIsRefused() {
    byte[] bytes = Samples.bytes(SAMPLE);
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("ET12");
    System.arraycopy("BP08".getBytes(StandardCharsets.US_ASCII), 0, bytes, at, 4);
    var e = assertThrows(ProgramFormatException.class, () -> Program.of(bytes).close());
    assertTrue(e.problem().contains("inside of another"), e::getMessage);
  }

  @Test
  void aPlainProgramHasNoTests() {
    try (Program program = Program.of(Samples.program("add-portable"))) {
      assertEquals(List.of(), program.tests());
    }
  }

  @Test
  void damageIsToldFromDamageOfTheProgramInside() {
    byte[] outside = Samples.bytes(SAMPLE);
    outside[2] = 0x7f; // the root's offset
    ProgramFormatException of =
        assertThrows(ProgramFormatException.class, () -> Program.of(outside).close());
    assertEquals("root table", of.element());
    byte[] inside = Samples.bytes(SAMPLE);
    int at = new String(inside, StandardCharsets.ISO_8859_1).indexOf("ET12");
    inside[at + 2] = 'x';
    ProgramFormatException in =
        assertThrows(ProgramFormatException.class, () -> Program.of(inside).close());
    assertTrue(in.getMessage().contains("the program in program in memory"), in.getMessage());
  }
}
