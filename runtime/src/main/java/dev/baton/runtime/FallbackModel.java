package dev.baton.runtime;

import dev.baton.runtime.program.Ints;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;

/**
 * Two programs of one model, of which the second runs where the first cannot: one was lowered for a
 * backend that the host may lack, and nothing but that backend can open its payloads; the other
 * runs everywhere.
 */
public final class FallbackModel {
  private static final System.Logger LOG = System.getLogger("dev.baton");

  private FallbackModel() {}

  /** As {@link #load(Program, Program, String, LoadOptions, Delegates)}, with all delegates. */
  public static ModelMethod load(
      Program program, Program fallback, String method, LoadOptions options) {
    return load(program, fallback, method, options, Runtimes.delegates());
  }

  /**
   * Compiles a method of the program or, where somebody it needs is missing or refuses, that of the
   * other; the log says so. That both have the same inputs and outputs is checked in either case,
   * so that a mistake shows where the first program still runs.
   *
   * @param program may be closed at once, as may be {@code fallback}
   * @param method a name that both have
   * @param options for both; a delegate that they name may be missing for the second, unless they
   *     set the policy {@link FallbackPolicy#FAIL}
   * @return to be closed by the caller
   * @throws IllegalArgumentException if a program has no such method
   * @throws BatonException if the methods take or give different things, or none of them can be
   *     loaded
   */
  public static ModelMethod load(
      Program program, Program fallback, String method, LoadOptions options, Delegates delegates) {
    requireSame(program, fallback, method);
    try {
      return ModelMethod.load(program, method, options, delegates);
    } catch (DelegateFailedException
        | DelegateUnavailableException
        | MissingOperatorException reason) {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} cannot be run here, {1} is run instead: {2}",
          program.source(),
          fallback.source(),
          reason.getMessage());
      try {
        // A delegate that was named is missed already.
        return ModelMethod.load(
            fallback,
            method,
            options.withPolicyIfNoneIsSet(FallbackPolicy.FALL_BACK_AND_REPORT),
            delegates);
      } catch (RuntimeException e) {
        e.addSuppressed(reason);
        throw e;
      }
    }
  }

  private static void requireSame(Program program, Program fallback, String method) {
    ProgramMethod one = program.method(method);
    ProgramMethod other = fallback.method(method);
    requireSame(program, fallback, method, "input", one, one.inputs(), other, other.inputs());
    requireSame(program, fallback, method, "output", one, one.outputs(), other, other.outputs());
  }

  private static void requireSame(
      Program program,
      Program fallback,
      String method,
      String what,
      ProgramMethod one,
      Ints ones,
      ProgramMethod other,
      Ints others) {
    String problem = "";
    if (ones.size() != others.size()) {
      problem = ones.size() + " " + what + "s against " + others.size();
    }
    for (int i = 0; i < ones.size() && problem.isEmpty(); i++) {
      String a = type(one.values().get(ones.get(i)));
      String b = type(other.values().get(others.get(i)));
      problem = a.equals(b) ? "" : what + " " + i + " is " + a + " against " + b;
    }
    if (!problem.isEmpty()) {
      throw new BatonException(
          "%s cannot stand in for %s: their methods '%s' differ, %s. Export both from one model with the same example inputs."
              .formatted(fallback.source(), program.source(), method, problem));
    }
  }

  private static String type(ProgramValue value) {
    return value instanceof TensorSpec tensor
        ? tensor.scalarType()
            + " "
            + tensor.sizes()
            + " in the order "
            + tensor.dimOrder()
            + (tensor.dynamism() == TensorSpec.Dynamism.STATIC ? "" : ", sizes vary")
        : value.getClass().getSimpleName();
  }
}
