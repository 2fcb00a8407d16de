package dev.baton.graph;

import java.util.List;

/** An argument of a node: a {@link Value}, a literal, nothing, or a list of these. */
public sealed interface Argument
    permits Value,
        Argument.None,
        Argument.Int,
        Argument.Real,
        Argument.Bool,
        Argument.Text,
        Argument.Items {

  /** An optional argument that is absent. */
  enum None implements Argument {
    NONE
  }

  /** An integer; also a dtype, layout or memory format by its code. */
  record Int(long value) implements Argument {}

  record Real(double value) implements Argument {}

  record Bool(boolean value) implements Argument {}

  record Text(String value) implements Argument {}

  /** A list of integers, numbers, tensors or optional tensors. */
  record Items(List<Argument> items) implements Argument {
    public Items {
      items = List.copyOf(items);
    }
  }

  static Argument none() {
    return None.NONE;
  }

  static Argument of(long value) {
    return new Int(value);
  }

  static Argument of(double value) {
    return new Real(value);
  }

  static Argument of(boolean value) {
    return new Bool(value);
  }

  static Argument of(DType dtype) {
    return new Int(dtype.code());
  }

  /** A list of integers. */
  static Argument ints(int... values) {
    return new Items(java.util.Arrays.stream(values).<Argument>mapToObj(Int::new).toList());
  }

  /** A list of tensors. */
  static Argument list(List<Value> values) {
    return new Items(List.copyOf(values));
  }
}
