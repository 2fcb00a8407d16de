package dev.baton.graph;

/**
 * A parameter of an operator.
 *
 * @param name as in PyTorch's schema
 * @param type PyTorch's type text without alias marks, such as {@code Tensor}, {@code Scalar},
 *     {@code SymInt[]}, {@code Tensor?}
 * @param defaultValue the literal that stands for an omitted argument, or null if the argument is
 *     required
 */
public record Parameter(
    String name, String type, @org.jspecify.annotations.Nullable Argument defaultValue) {}
