package dev.baton.tck;

import dev.baton.delegate.Availability;
import dev.baton.delegate.BufferRequirements;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FaultInjectingDelegate} does otherwise than the delegate that it wraps. A value:
 * each method gives a changed copy.
 *
 * <p>Calls are counted from 1. {@link Moment#BIND} and {@link Moment#RUN} are counted for each
 * execution, {@link Moment#NEW_EXECUTION} for each subgraph, the others for the delegate.
 */
public final class Faults {
  private static final Faults NONE = new Faults(null, null, null, null, null, List.of(), List.of());

  private final @Nullable String name;
  private final @Nullable Integer priority;
  private final @Nullable Availability availability;
  private final @Nullable Claiming claiming;
  private final @Nullable BufferRequirements buffers;
  private final List<Fault> faults;
  private final List<OperatorFault> operators;

  private Faults(
      @Nullable String name,
      @Nullable Integer priority,
      @Nullable Availability availability,
      @Nullable Claiming claiming,
      @Nullable BufferRequirements buffers,
      List<Fault> faults,
      List<OperatorFault> operators) {
    this.name = name;
    this.priority = priority;
    this.availability = availability;
    this.claiming = claiming;
    this.buffers = buffers;
    this.faults = faults;
    this.operators = operators;
  }

  /** Nothing goes wrong; everything is recorded. */
  public static Faults none() {
    return NONE;
  }

  /** Goes by another name. */
  public Faults named(String other) {
    return new Faults(
        Objects.requireNonNull(other),
        priority,
        availability,
        claiming,
        buffers,
        faults,
        operators);
  }

  public Faults withPriority(int value) {
    return new Faults(name, value, availability, claiming, buffers, faults, operators);
  }

  /** Says this of its availability, whatever is true. */
  public Faults saying(Availability answer) {
    return new Faults(
        name, priority, Objects.requireNonNull(answer), claiming, buffers, faults, operators);
  }

  /** Says that its library is absent. */
  public Faults unavailable() {
    return saying(
        Availability.unavailable(
            Availability.Reason.LIBRARY_ABSENT,
            "libfault.so was not found.",
            "Install libfault.",
            List.of("/nowhere/libfault.so: no such file")));
  }

  /** Claims this instead of what the wrapped delegate would. */
  public Faults claiming(Claiming other) {
    return new Faults(
        name, priority, availability, Objects.requireNonNull(other), buffers, faults, operators);
  }

  /** Asks for buffers of this kind, and checks at each bind that it gets them. */
  public Faults needing(BufferRequirements requirements) {
    return new Faults(
        name,
        priority,
        availability,
        claiming,
        Objects.requireNonNull(requirements),
        faults,
        operators);
  }

  /** Fails in the n-th call of a kind, and in no other. */
  public Faults failing(Moment moment, int call, Failure failure) {
    return with(new Fault(moment, call, call, Fault.ANY, failure));
  }

  /** Fails in every call of a kind. */
  public Faults failing(Moment moment, Failure failure) {
    return with(new Fault(moment, 1, Integer.MAX_VALUE, Fault.ANY, failure));
  }

  /** Adds a fault. The first that hits a call decides. */
  public Faults with(Fault fault) {
    List<Fault> all = new ArrayList<>(faults);
    all.add(fault);
    return new Faults(name, priority, availability, claiming, buffers, List.copyOf(all), operators);
  }

  /** Computes an operator wrongly, wherever it is. */
  public Faults with(OperatorFault fault) {
    List<OperatorFault> all = new ArrayList<>(operators);
    all.add(fault);
    return new Faults(name, priority, availability, claiming, buffers, faults, List.copyOf(all));
  }

  List<OperatorFault> operators() {
    return operators;
  }

  Optional<String> name() {
    return Optional.ofNullable(name);
  }

  Optional<Integer> priority() {
    return Optional.ofNullable(priority);
  }

  Optional<Availability> availability() {
    return Optional.ofNullable(availability);
  }

  Optional<Claiming> claiming() {
    return Optional.ofNullable(claiming);
  }

  Optional<BufferRequirements> buffers() {
    return Optional.ofNullable(buffers);
  }

  Optional<Failure> at(Moment moment, int call, int subgraph) {
    return faults.stream()
        .filter(f -> f.hits(moment, call, subgraph))
        .map(Fault::failure)
        .findFirst();
  }
}
