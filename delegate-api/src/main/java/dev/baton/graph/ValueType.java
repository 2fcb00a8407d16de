package dev.baton.graph;

/**
 * What a {@link Value} holds: a tensor ({@link TensorType}), or a scalar that the program computes
 * while it runs ({@link SymbolType}). Further kinds may come: a delegate declines what it does not
 * know.
 */
public interface ValueType {}
