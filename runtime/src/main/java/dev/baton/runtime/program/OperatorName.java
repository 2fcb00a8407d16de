package dev.baton.runtime.program;

/**
 * An operator as a method names it.
 *
 * @param name namespace and name, for example {@code aten::add}; never empty
 * @param overload for example {@code out}; empty where the operator has no overload name
 */
public record OperatorName(String name, String overload) {
  /** For example {@code aten::add.out}, or {@code aten::sym_numel} without overload. */
  public String fullName() {
    return overload.isEmpty() ? name : name + "." + overload;
  }

  @Override
  public String toString() {
    return fullName();
  }
}
