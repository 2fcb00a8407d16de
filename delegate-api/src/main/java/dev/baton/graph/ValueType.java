package dev.baton.graph;

/** What a {@link Value} holds: a tensor, or a scalar that the program computes while it runs. */
public sealed interface ValueType permits TensorType, ScalarType {}
