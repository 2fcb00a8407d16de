package dev.baton.runtime.lift;

import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * Mutable buffers that a program's methods share. ExecuTorch's memory planning ({@code
 * share_mutable_buffers}) gives every method a second memory, as large in each, where a buffer lies
 * at the same place in all; the file says so nowhere else. If the methods differ in anything of
 * this, the memory is of another kind, and nothing is shared.
 */
final class SharedBuffers {
  private static final int MEMORY = 2;

  private SharedBuffers() {}

  /**
   * The buffers by their offset; of those at one place, one with a first content if any has it.
   * Empty if nothing is shared.
   */
  static Map<Long, TensorSpec> of(Program program) {
    Map<Long, TensorSpec> found = new TreeMap<>();
    Collection<ProgramMethod> methods = program.methods().values();
    long size = methods.stream().mapToLong(SharedBuffers::bytes).min().orElse(0);
    if (methods.size() < 2 || size == 0 || methods.stream().anyMatch(m -> bytes(m) != size)) {
      return Map.of();
    }
    for (ProgramMethod method : methods) {
      for (ProgramValue value : method.values()) {
        if (value instanceof TensorSpec spec && isThere(spec)) {
          TensorSpec known = found.get(offset(spec));
          if (known != null && !isSame(known, spec)) {
            return Map.of();
          }
          if (known == null || (known.data() == null && spec.data() != null)) {
            found.put(offset(spec), spec);
          }
        }
      }
    }
    long end = 0;
    for (Map.Entry<Long, TensorSpec> entry : found.entrySet()) {
      if (entry.getKey() < end) {
        return Map.of(); // they overlap
      }
      end = entry.getKey() + entry.getValue().byteSize();
    }
    return found;
  }

  /** True if the tensor lies where shared buffers do, if there are any. */
  static boolean isThere(TensorSpec spec) {
    return spec.allocation() != null && spec.allocation().memoryId() == MEMORY;
  }

  static long offset(TensorSpec spec) {
    TensorSpec.Allocation place = spec.allocation();
    if (place == null) {
      throw new IllegalArgumentException(spec + " has no place");
    }
    return place.offset();
  }

  private static long bytes(ProgramMethod method) {
    return method.plannedBuffers().size() == MEMORY + 1
        ? method.plannedBuffers().get(MEMORY).bytes()
        : 0;
  }

  /** False if the specs cannot be of one buffer, or of elided views of it. */
  private static boolean isSame(TensorSpec a, TensorSpec b) {
    MemorySegment first = a.data();
    MemorySegment second = b.data();
    boolean sameData = first == null || second == null || first.mismatch(second) < 0;
    boolean sameName = a.name() == null || b.name() == null || a.name().equals(b.name());
    return a.scalarType() == b.scalarType()
        && a.byteSize() == b.byteSize()
        && (a.rank() != b.rank() || a.dimOrder().equals(b.dimOrder()))
        && sameName
        && sameData;
  }
}
