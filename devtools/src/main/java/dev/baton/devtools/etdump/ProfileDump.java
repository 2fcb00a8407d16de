package dev.baton.devtools.etdump;

import dev.baton.devtools.etdump.EtDump.Place;
import dev.baton.devtools.etdump.EtDump.ProfileEvent;
import dev.baton.devtools.etdump.EtDump.RunData;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.profile.Profile;
import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.OperatorName;
import dev.baton.runtime.program.ProgramMethod;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A profile as ExecuTorch would have recorded its runs, so that ExecuTorch's Inspector joins the
 * events with the instructions of an ETRecord.
 *
 * <p>An event names one instruction, and Baton computes several at once. Each has an event of its
 * own: the time of a step is at the operator of most arithmetic, the others take none. An operator
 * within a delegate is an event of that, at its own instruction. What runs several times in a run
 * is one event, as long as all its times together: of events that are named alike the Inspector
 * keeps the last.
 */
public final class ProfileDump {
  private static final String OPERATOR_CALL = "OPERATOR_CALL";
  private static final String DELEGATE_CALL = "DELEGATE_CALL";
  private static final String NATIVE_CALL = "native_call_";

  /** What ExecuTorch gives events of no instruction. */
  private static final Place FRAMEWORK = new Place(Place.NONE, 0, Place.NONE, "");

  /** Phases that {@code Program::load_method} is made of, wherever delegates' parts lie. */
  private static final Set<LoadPhase.Kind> LOADING =
      EnumSet.complementOf(
          EnumSet.of(LoadPhase.Kind.PART, LoadPhase.Kind.PLAN, LoadPhase.Kind.BIND));

  private record Key(String name, Place place) {}

  /** When an event first began, and how long it took. */
  private static final class Time {
    private final long start;
    private long nanos;

    private Time(long start) {
      this.start = start;
    }
  }

  private final Profile profile;
  private final ProgramMethod method;
  private Map<Key, Time> events = new LinkedHashMap<>();

  private ProfileDump(Profile profile, ProgramMethod method) {
    this.profile = profile;
    this.method = method;
  }

  /**
   * The load and the recorded runs; all times are nanoseconds by {@link System#nanoTime}.
   *
   * @param method that was recorded, as its file describes it
   */
  public static EtDump of(Profile profile, ProgramMethod method) {
    return new ProfileDump(profile, method).dump();
  }

  private EtDump dump() {
    List<RunData> runs = new ArrayList<>();
    load();
    runs.add(block(EtDump.LOAD));
    for (Profile.Run run : profile.runs()) {
      run.events().forEach(this::event);
      add("Method::execute", FRAMEWORK, run.startNanos(), run.nanos());
      runs.add(block(EtDump.RUN));
    }
    return new EtDump(0, runs);
  }

  private RunData block(String name) {
    List<EtDump.Event> all = new ArrayList<>();
    events.forEach((key, time) ->
        all.add(
            new ProfileEvent(key.name, key.place, List.of(), time.start, time.start + time.nanos)));
    events = new LinkedHashMap<>();
    return new RunData(name, RunData.NO_BUNDLED_INPUT, List.of(), all);
  }

  private void add(String name, Place place, long start, long nanos) {
    events.computeIfAbsent(new Key(name, place), k -> new Time(start)).nanos += nanos;
  }

  private void load() {
    long start = Long.MAX_VALUE;
    long lifted = Long.MAX_VALUE;
    long end = Long.MIN_VALUE;
    for (LoadPhase phase : profile.load()) {
      if (LOADING.contains(phase.kind())) {
        start = Math.min(start, phase.startNanos());
        end = Math.max(end, phase.startNanos() + phase.nanos());
        if (phase.kind() == LoadPhase.Kind.LIFT) {
          lifted = Math.min(lifted, phase.startNanos());
        }
      }
      String what =
          phase.kind() == LoadPhase.Kind.PART
              ? phase.what()
              : phase.kind().name().toLowerCase(Locale.ROOT) + " " + phase.what();
      add(what, Place.nowhere(), phase.startNanos(), phase.nanos());
    }
    if (end > lifted) {
      add("Method::init", FRAMEWORK, lifted, end - lifted);
    }
    if (end > start) {
      add("Program::load_method", FRAMEWORK, start, end - start);
    }
  }

  private void event(Profile.Event event) {
    Profile.Step step = profile.steps().get(event.step());
    if (step.operations().isEmpty()) {
      add("MOVE_CALL", Place.nowhere(), event.startNanos(), event.nanos());
    } else if (step.subgraph().isEmpty()) {
      inJava(step.operations(), event.startNanos(), event.nanos());
    } else {
      onDelegate(step, event);
    }
  }

  /** The operator of most arithmetic, the first of several. */
  private static Profile.Operation leader(List<Profile.Operation> operations) {
    return operations.stream()
        .max(Comparator.comparingLong(Profile.Operation::arithmetic))
        .orElseThrow();
  }

  private void inJava(List<Profile.Operation> operations, long start, long nanos) {
    Profile.Operation leader = leader(operations);
    for (Profile.Operation operation : operations) {
      long taken = operation == leader ? nanos : 0;
      Place place = place(operation);
      if (delegateCall(operation)) {
        add(operation.name(), place.within(within(operation)), start, taken);
        add(DELEGATE_CALL, place, start, taken);
      } else {
        add(NATIVE_CALL + fileName(operation), place, start, taken);
        add(OPERATOR_CALL, place, start, taken);
      }
    }
  }

  private void onDelegate(Profile.Step step, Profile.Event event) {
    List<Profile.Operation> operations = step.operations();
    Profile.Operation leader = leader(operations);
    List<Profile.Operation> unnamed = new ArrayList<>(operations);
    long left = event.nanos();
    for (Profile.Part part : event.parts()) {
      long nanos = Math.min(part.nanos(), left);
      left -= nanos;
      Profile.Operation computed = part.operations().isEmpty() ? null : leader(part.operations());
      unnamed.remove(computed);
      Place place = computed != null ? place(computed) : onlyCall(operations);
      String within = computed == null ? part.name() : within(part.name(), computed);
      add(part.name(), place.within(within), part.startNanos(), part.nanos());
      call(step, computed == null ? leader : computed, event.startNanos(), nanos);
    }
    for (Profile.Operation operation : unnamed) {
      add(operation.name(), place(operation).within(within(operation)), event.startNanos(), 0);
      call(step, operation, event.startNanos(), 0);
    }
    call(step, leader, event.startNanos(), left);
  }

  /**
   * Time of the delegate in whose payload an operator lies, at the instruction that calls it; where
   * the operator is the program's own, of the subgraph as a whole, which no instruction calls.
   */
  private void call(Profile.Step step, Profile.Operation operation, long start, long nanos) {
    if (delegateCall(operation)) {
      add(DELEGATE_CALL, place(operation), start, nanos);
    } else {
      add(DELEGATE_CALL + " " + step.subgraph(), Place.nowhere(), start, nanos);
    }
  }

  /** Where all operators come from, if it is one call of a delegate. */
  private Place onlyCall(List<Profile.Operation> operations) {
    Profile.Operation first = operations.getFirst();
    return delegateCall(first)
            && operations.stream()
                .allMatch(o -> o.origin().instruction() == first.origin().instruction())
        ? place(first)
        : Place.nowhere();
  }

  private static Place place(Profile.Operation operation) {
    int instruction = operation.origin().instruction();
    return instruction < 0 ? Place.nowhere() : Place.ofInstruction(instruction);
  }

  /** What an operator within a delegate is called; of a payload's, each another. */
  private static String within(Profile.Operation operation) {
    return within(operation.name(), operation);
  }

  private static String within(String name, Profile.Operation operation) {
    int index = operation.origin().index();
    return index < 0 ? name : name + " #" + index;
  }

  private @Nullable Instruction instruction(Profile.Operation operation) {
    int index = operation.origin().instruction();
    List<Instruction> chain = method.chains().isEmpty() ? List.of() : method.chains().getFirst();
    return index < 0 || index >= chain.size() ? null : chain.get(index);
  }

  private boolean delegateCall(Profile.Operation operation) {
    return instruction(operation) instanceof Instruction.DelegateCall;
  }

  /** As the file calls the operator, without its namespace: {@code convolution.out}. */
  private String fileName(Profile.Operation operation) {
    if (instruction(operation) instanceof Instruction.KernelCall call) {
      OperatorName name = method.operators().get(call.operator());
      return name.fullName().substring(name.fullName().indexOf("::") + 2);
    }
    return operation.name();
  }
}
