package dev.baton.runtime;

import java.util.List;

/**
 * Operators of a method that nobody knows, or that no delegate takes and no Java kernel computes;
 * all of them at once.
 */
public final class MissingOperatorException extends BatonException {
  private static final long serialVersionUID = 1;

  private final transient List<String> operators;

  public MissingOperatorException(String message, List<String> operators) {
    super(message);
    this.operators = List.copyOf(operators);
  }

  /** Each once: functional names, or those of the file where nothing is known of the operator. */
  public List<String> operators() {
    return operators;
  }
}
