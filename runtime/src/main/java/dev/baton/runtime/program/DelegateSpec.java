package dev.baton.runtime.program;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A piece of a method that was lowered for an accelerator at export.
 *
 * @param id the backend's name, for example {@code XnnpackBackend}; never empty
 * @param payload the backend's own bytes: a read-only view of the program, valid until the program
 *     is closed. Delegates that share one payload have equal segments.
 * @param payloadSegment index of the segment that is the payload, or -1 if the payload lies inline
 *     in the program's tables
 * @param compileSpecs options given at export, in file order
 */
public record DelegateSpec(
    String id, MemorySegment payload, int payloadSegment, List<CompileSpec> compileSpecs) {
  public DelegateSpec {
    compileSpecs = List.copyOf(compileSpecs);
  }

  /**
   * One option of a delegate.
   *
   * @param value read-only view of the program, valid until the program is closed
   */
  public record CompileSpec(String key, MemorySegment value) {}
}
