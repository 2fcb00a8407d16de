package dev.baton.graph;

/**
 * Type of a scalar that the program computes: PyTorch's {@code SymInt}, {@code SymFloat} and {@code
 * SymBool}.
 */
public enum SymbolType implements ValueType {
  INT,
  DOUBLE,
  BOOL
}
