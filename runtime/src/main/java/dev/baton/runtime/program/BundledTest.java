package dev.baton.runtime.program;

import java.util.List;

/**
 * A test that a bundled program ({@code .bpte}) brings along. The file says nothing of tolerances.
 *
 * @param method to call
 * @param inputs one for each of the method's, in order: a {@link TensorSpec} that is {@linkplain
 *     TensorSpec.Source#CONSTANT constant}, or an integer, bool or double
 * @param expected one for each output, likewise
 */
public record BundledTest(String method, List<ProgramValue> inputs, List<ProgramValue> expected) {
  public BundledTest {
    inputs = List.copyOf(inputs);
    expected = List.copyOf(expected);
  }
}
