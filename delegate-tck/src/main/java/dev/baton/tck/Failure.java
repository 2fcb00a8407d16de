package dev.baton.tck;

import dev.baton.delegate.DelegateException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Objects;

/** How a call to a delegate goes wrong. */
public sealed interface Failure {
  /** Exit code after {@link Death#HALT}: that of a process that was killed. */
  int HALTED = 137;

  /**
   * The call throws instead of doing its work.
   *
   * @param kind what is thrown
   */
  record Throws(Thrown kind) implements Failure {}

  /** What a delegate may throw, by contract or against it. */
  enum Thrown {
    DELEGATE_EXCEPTION,
    /** A {@link DelegateException} of the kind {@link DelegateException.Kind#CANCELLED}. */
    CANCELLED_EXCEPTION,
    RUNTIME_EXCEPTION,
    LINKAGE_ERROR,
    /** An {@link Error} that nobody expects, and nobody may catch to go on. */
    ERROR
  }

  /**
   * For {@link Moment#RUN}: the outputs are computed, then spoilt, and no failure is reported.
   *
   * @param value written over the first element of each float output
   */
  record Spoils(float value) implements Failure {}

  /**
   * For {@link Moment#RUN}: the first half of each output's bytes is overwritten with rubbish, then
   * the run throws.
   */
  record WritesPart(Thrown kind) implements Failure {}

  /** The call takes longer, and then does its work. */
  record Delays(Duration by) implements Failure {
    public Delays {
      Objects.requireNonNull(by);
    }
  }

  /**
   * For {@link Moment#RUN}: nothing is computed; the run waits until it is cancelled, and then
   * gives up as the contract says.
   */
  record Hangs() implements Failure {}

  /**
   * The call does its work, and memory that it had of the host is never closed. Not for {@link
   * Moment#AVAILABILITY}, {@link Moment#CLAIM} and the closes, which have no memory of the host.
   */
  record Leaks(long bytes) implements Failure {
    public Leaks {
      if (bytes < 1) {
        throw new IllegalArgumentException("bytes: " + bytes);
      }
    }
  }

  /** The process ends in the call: for hosts that run the delegate in a process of its own. */
  record Dies(Death death) implements Failure {}

  /** How a process ends. */
  enum Death {
    /** As if it were killed: no shutdown hooks, no last words. */
    HALT,
    /** By an access to memory that is not there, as in a faulty library. */
    SEGMENTATION_FAULT
  }

  static Failure leak(long bytes) {
    return new Leaks(bytes);
  }

  static Failure halt() {
    return new Dies(Death.HALT);
  }

  static Failure segmentationFault() {
    return new Dies(Death.SEGMENTATION_FAULT);
  }

  static Failure error() {
    return new Throws(Thrown.ERROR);
  }

  static Failure hang() {
    return new Hangs();
  }

  static Failure delegateException() {
    return new Throws(Thrown.DELEGATE_EXCEPTION);
  }

  static Failure runtimeException() {
    return new Throws(Thrown.RUNTIME_EXCEPTION);
  }

  static Failure linkageError() {
    return new Throws(Thrown.LINKAGE_ERROR);
  }

  static Failure nan() {
    return new Spoils(Float.NaN);
  }

  static Failure wrong(float value) {
    return new Spoils(value);
  }

  static Failure partialOutput() {
    return new WritesPart(Thrown.DELEGATE_EXCEPTION);
  }

  static Failure slow(Duration by) {
    return new Delays(by);
  }

  /** Throws what the kind says. */
  static void raise(Thrown kind, String what) throws DelegateException {
    switch (kind) {
      case DELEGATE_EXCEPTION ->
          throw new DelegateException(
              DelegateException.Kind.FAILED,
              "injected: " + what,
              "Take the fault out of the test.",
              null);
      case CANCELLED_EXCEPTION ->
          throw new DelegateException(DelegateException.Kind.CANCELLED, "injected: " + what);
      case RUNTIME_EXCEPTION -> throw new IllegalArgumentException("injected: " + what);
      case LINKAGE_ERROR -> throw new UnsatisfiedLinkError("injected: " + what);
      case ERROR -> throw new Error("injected: " + what);
    }
  }

  /** Ends the process. */
  static void die(Death death) {
    switch (death) {
      case HALT -> Runtime.getRuntime().halt(HALTED);
      case SEGMENTATION_FAULT ->
          MemorySegment.NULL.reinterpret(1).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    }
  }
}
