package dev.baton.runtime.placement;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Claims;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Cost;
import dev.baton.delegate.Decline;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.graph.Graph;
import dev.baton.graph.Node;
import dev.baton.graph.Value;
import dev.baton.runtime.ClaimFilter;
import dev.baton.runtime.DelegateFailedException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Event;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.MissingOperatorException;
import dev.baton.runtime.Placement;
import dev.baton.runtime.flight.ClaimEvent;
import dev.baton.runtime.flight.CompileEvent;
import dev.baton.runtime.flight.DeclineEvent;
import dev.baton.runtime.flight.Flight;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.ReferenceKernels;
import dev.baton.runtime.kernel.ScalarOperators;
import dev.baton.runtime.lift.Block;
import dev.baton.runtime.lift.LiftException;
import dev.baton.runtime.lift.MethodLifter;
import dev.baton.runtime.lift.ProgramPayload;
import dev.baton.runtime.profile.LoadPhase;
import dev.baton.runtime.text.Sentences;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Places the blocks of one method, one after the other, and keeps the report. */
public final class Placer {
  private final String method;
  private final Sessions sessions;
  private final Delegates delegates;
  private final Kernels kernels;
  private final Set<String> liftable;
  private final List<Placement.PlacedOperator> operators = new ArrayList<>();
  private final List<Placement.PlacedSubgraph> subgraphs = new ArrayList<>();
  private final Set<String> missing = new TreeSet<>();
  private final Map<String, String> unloaded = new LinkedHashMap<>();

  /** The first refusal of payloads of each backend id. */
  private final Map<String, RefusedPayloadsException.Refusal> refused = new LinkedHashMap<>();

  private final List<CompiledSubgraph> compiled = new ArrayList<>();
  private int nextSubgraph;

  /**
   * @param liftable backend ids of payloads that could be written out as operators, and are not
   */
  public Placer(
      String method,
      Sessions sessions,
      Delegates delegates,
      Kernels kernels,
      Set<String> liftable) {
    this.liftable = liftable;
    this.method = method;
    this.sessions = sessions;
    this.delegates = delegates;
    this.kernels = kernels;
  }

  /** What a delegate has compiled. */
  private record Claimed(String delegate, Set<Node> nodes) {}

  /** Why a subgraph of a name was not compiled. */
  private record Failure(String name, Throwable cause) {}

  /** One graph in the making. */
  private static final class Draft {
    final Graph graph;
    final @Nullable String[] colours;
    final @Nullable List<Node>[] groups;
    final Map<Node, Cost> costs = new HashMap<>();
    final Map<Node, LinkedHashMap<String, Decline>> declines = new HashMap<>();
    final Map<String, Set<Node>> banned = new HashMap<>();

    @SuppressWarnings({"unchecked", "rawtypes"})
    Draft(Graph graph) {
      this.graph = graph;
      this.colours = new String[graph.nodeIdBound()];
      this.groups = (List<Node>[]) new List[graph.nodeIdBound()];
    }

    void decline(Node node, String delegate, Decline reason) {
      declines.computeIfAbsent(node, n -> new LinkedHashMap<>()).put(delegate, reason);
    }

    void ban(Collection<Node> nodes, String delegate, Decline reason) {
      for (Node node : nodes) {
        banned.computeIfAbsent(delegate, d -> new HashSet<>()).add(node);
        decline(node, delegate, reason);
        colours[node.id()] = null;
        groups[node.id()] = null;
      }
    }
  }

  /**
   * Places a block.
   *
   * @return units in an order in which every value is given before it is used
   * @throws MissingOperatorException never here: {@link #finish} names what is missing in all
   *     blocks
   */
  public List<Unit> place(Block block) {
    List<Unit> units = placed(block);
    sessions.checkCancelled();
    return units;
  }

  private List<Unit> placed(Block block) {
    Draft draft = new Draft(block.graph());
    restrict(draft);
    Map<Claimed, Unit.OnDelegate> done = new HashMap<>();
    Map<Claimed, Failure> failed = new HashMap<>();
    Map<Node, Unit.OnDelegate> payloads = loadPayloads(block);
    Map<Node, Unit> assigned = new HashMap<>();
    boolean settled = false;
    while (!settled) {
      claim(draft, block);
      settled = true;
      ConvexParts.Result result =
          sessions.options().isSingleSteps()
              ? ConvexParts.single(draft.graph, draft.colours, draft.groups)
              : ConvexParts.form(draft.graph, draft.colours, draft.groups);
      if (result.broken() != null) {
        List<Node> group = result.broken();
        draft.ban(
            group,
            colour(draft, group.get(0)),
            Decline.of(Decline.Kind.NOT_CONVEX, "the group leaves the delegate and comes back"));
        settled = false;
        continue;
      }
      assigned.clear();
      for (ConvexParts.Part part : result.parts()) {
        Decline notWorthwhile = notWorthwhile(draft, part);
        if (notWorthwhile != null) {
          draft.ban(part.nodes(), part.colour(), notWorthwhile);
          settled = false;
          continue;
        }
        Claimed key = new Claimed(part.colour(), Set.copyOf(part.nodes()));
        Unit.OnDelegate unit = done.get(key);
        if (unit == null) {
          Failure before = failed.remove(key);
          if (before == null) {
            unit = compile(draft, part, failure -> failed.put(key, failure));
          } else {
            giveUp(draft, part, before);
          }
          if (unit == null) {
            settled = false;
            continue;
          }
          done.put(key, unit);
        }
        Unit.OnDelegate placed = unit;
        part.nodes().forEach(n -> assigned.put(n, placed));
      }
    }
    Set<Unit> kept = Collections.newSetFromMap(new IdentityHashMap<>());
    kept.addAll(assigned.values());
    done.values().stream().filter(u -> !kept.contains(u)).forEach(this::discard);
    assigned.putAll(payloads);
    List<Node> java = new ArrayList<>();
    for (Node node : draft.graph.nodes()) {
      if (node.name().equals("aten::_local_scalar_dense")) {
        assigned.put(node, new Unit.ReadScalar(node));
      } else if (!assigned.containsKey(node)
          && !ScalarOperators.contains(node.name()) // known when shapes are
          && node.operator() != MethodLifter.PAYLOAD) { // its own problem
        java.add(node);
      }
    }
    for (Unit unit : JavaUnits.of(draft.graph, java, kernels, sessions::tell)) {
      unit.nodes().forEach(n -> assigned.put(n, unit));
    }
    java.stream().filter(n -> !assigned.containsKey(n)).forEach(n -> missing.add(n.name()));
    report(draft, assigned);
    return ordered(draft.graph, assigned);
  }

  /** Keeps from each delegate what the options do. */
  private void restrict(Draft draft) {
    ClaimFilter filter = sessions.options().claims();
    if (filter == ClaimFilter.ANY) {
      return;
    }
    int first = operators.size();
    List<Node> nodes = draft.graph.nodes();
    for (Sessions.Open open : sessions.open()) {
      for (int n = 0; n < nodes.size(); n++) {
        if (!filter.mayClaim(open.name(), first + n, nodes.get(n))) {
          draft.ban(
              List.of(nodes.get(n)),
              open.name(),
              Decline.of(Decline.Kind.UNSTATED, "the load options keep it from the delegate"));
        }
      }
    }
  }

  private void discard(Unit.OnDelegate unit) {
    compiled.remove(unit.compiled());
    unit.compiled().close();
    subgraphs.removeIf(s -> s.name().equals(unit.name()));
  }

  private static String colour(Draft draft, Node node) {
    String colour = draft.colours[node.id()];
    if (colour == null) {
      throw new IllegalStateException("a group without a delegate");
    }
    return colour;
  }

  /**
   * Why the part is not worth entering: it saves less, against Java kernels, than it costs to
   * enter. Entering is not counted where the caller named the delegates, nor where the part is a
   * whole graph that was lowered when the model was exported: somebody has decided that already.
   *
   * @return null if it is worth it, or if the delegate does not know what it takes
   */
  private @Nullable Decline notWorthwhile(Draft draft, ConvexParts.Part part) {
    if (sessions.options().isSingleSteps()) {
      return null; // not to be fast
    }
    double taken = 0;
    boolean lowered = part.nodes().size() == draft.graph.nodes().size();
    for (Node node : part.nodes()) {
      Cost cost = draft.costs.getOrDefault(node, Cost.unknown());
      if (!cost.isKnown()) {
        return null;
      }
      taken += cost.nanos();
      lowered &= !node.origin().payload().isEmpty();
    }
    boolean decided = lowered || sessions.options().delegates().isPresent();
    double entry = decided ? 0 : open(part.colour()).session().entryNanos();
    double java = new JavaCost(draft.graph, kernels).nanos(part.nodes());
    return java - taken > entry
        ? null
        : Decline.of(
            Decline.Kind.NOT_WORTHWHILE,
            "its subgraph would take some %s us and %s us to enter, in Java %s us"
                .formatted(micros(taken), micros(entry), micros(java)));
  }

  private static String micros(double nanos) {
    return String.format(Locale.ROOT, "%.1f", nanos / 1e3);
  }

  // ---- claims

  private void claim(Draft draft, Block block) {
    for (Sessions.Open open : sessions.open()) {
      List<Node> free =
          draft.graph.nodes().stream()
              .filter(
                  n -> draft.colours[n.id()] == null || open.name().equals(draft.colours[n.id()]))
              .filter(
                  n -> !ScalarOperators.contains(n.name()) && !block.payloads().containsKey(n.id()))
              .filter(n -> !draft.banned.getOrDefault(open.name(), Set.of()).contains(n))
              .toList();
      free.forEach(n -> draft.colours[n.id()] = null);
      free.forEach(n -> draft.groups[n.id()] = null);
      if (free.isEmpty()) {
        continue;
      }
      PartView view = new PartView(draft.graph, method, free);
      ClaimSheet sheet = new ClaimSheet(draft, open.name(), new HashSet<>(free));
      long start = System.nanoTime();
      ClaimEvent event = Flight.isOn() ? ClaimEvent.begun() : null;
      String failure = "";
      try {
        open.session().claim(view, sheet);
      } catch (RuntimeException | LinkageError e) {
        failure = String.valueOf(e.getMessage());
        if (sessions.options().policy() == FallbackPolicy.FAIL) {
          throw new DelegateFailedException(
              open.name(),
              "delegate '"
                  + open.name()
                  + "' could not say what it takes of method '"
                  + method
                  + "': "
                  + e.getMessage(),
              e);
        }
        sessions.emit(new Event.ClaimFailed(open.name(), method, asException(e)));
        draft.ban(
            free,
            open.name(),
            Decline.of(Decline.Kind.UNSTATED, "claiming failed: " + e.getMessage()));
        continue;
      } finally {
        view.expire();
        sheet.expired = true;
        sessions.phases().add(LoadPhase.Kind.CLAIM, open.name(), start);
        if (event != null) {
          int left = failure.isEmpty() ? sheet.offered.size() : free.size();
          event.done(open.name(), method, free.size(), free.size() - left, failure);
        }
      }
      for (Node node : free) {
        if (draft.colours[node.id()] == null && !sheet.declined.contains(node)) {
          draft.decline(
              node, open.name(), Decline.of(Decline.Kind.UNSTATED, "the delegate gave no reason"));
        }
      }
    }
  }

  private static final class ClaimSheet implements Claims {
    private final Draft draft;
    private final String delegate;
    private final Set<Node> offered;
    private final Set<Node> declined = new HashSet<>();
    private volatile boolean expired;

    ClaimSheet(Draft draft, String delegate, Set<Node> offered) {
      this.draft = draft;
      this.delegate = delegate;
      this.offered = offered;
    }

    private void check(Node node) {
      if (expired) {
        throw new IllegalStateException(
            "claims were valid during the call that they were given to");
      }
      if (!offered.contains(node)) {
        throw new IllegalArgumentException(node + " is not in the view, or was taken before");
      }
    }

    @Override
    public void take(Collection<Node> group, Cost cost) {
      List<Node> members = List.copyOf(group);
      members.forEach(this::check);
      for (Node node : members) {
        offered.remove(node);
        draft.colours[node.id()] = delegate;
        draft.groups[node.id()] = members.size() == 1 ? null : members;
        draft.costs.put(node, members.get(0) == node || !cost.isKnown() ? cost : Cost.takes(0));
        LinkedHashMap<String, Decline> reasons = draft.declines.get(node);
        if (reasons != null) {
          reasons.remove(delegate);
        }
      }
    }

    @Override
    public void decline(Node node, Decline reason) {
      check(node);
      declined.add(node);
      draft.decline(node, delegate, reason);
    }
  }

  // ---- compiling

  /** Delegates have memory of their own, which no arena bounds. */
  private void requireWithinBound(String name, long bytes) {
    long bound = sessions.options().maxMemoryBytes();
    if (bytes > bound) {
      throw new LiftException(
          "method '"
              + method
              + "', "
              + name
              + " has "
              + bytes
              + " bytes of tensors at a time, more than the bound of "
              + bound
              + " bytes; LoadOptions.withMaxMemoryBytes raises it");
    }
  }

  /**
   * Compiles a part.
   *
   * @param unsupported told where the delegate cannot: it is asked what it takes once more, and
   *     given up where it takes the same
   * @return null if it fails
   */
  private Unit.@Nullable OnDelegate compile(
      Draft draft, ConvexParts.Part part, Consumer<Failure> unsupported) {
    sessions.checkCancelled();
    Sessions.Open open = open(part.colour());
    String name = nextName(open);
    PartView view = new PartView(draft.graph, name, part.nodes());
    List<Value> inputs = view.inputs();
    List<Value> outputs = view.outputs();
    requireWithinBound(name, LiveTensors.mostBytes(part.nodes(), outputs));
    long start = System.nanoTime();
    CompileEvent event = Flight.isOn() ? CompileEvent.begun() : null;
    String failure = "";
    long memory = 0;
    try {
      CompiledSubgraph result = open.session().compile(view, sessions.context(open.name(), method));
      compiled.add(result);
      memory = result.memoryBytes();
      subgraphs.add(
          new Placement.PlacedSubgraph(
              name,
              open.name(),
              open.delegate().wrappings(),
              part.nodes().size(),
              bytes(inputs),
              bytes(outputs),
              memory));
      return new Unit.OnDelegate(name, open.name(), false, part.nodes(), inputs, outputs, result);
    } catch (DelegateException | RuntimeException | LinkageError e) {
      failure = String.valueOf(e.getMessage());
      Failure failed = new Failure(name, e);
      if (e instanceof DelegateException d && d.kind() == DelegateException.Kind.UNSUPPORTED) {
        unsupported.accept(failed);
      } else {
        giveUp(draft, part, failed);
      }
      return null;
    } finally {
      view.expire();
      sessions.phases().add(LoadPhase.Kind.COMPILE, name, start);
      if (event != null) {
        event.done(open.name(), name, part.nodes().size(), memory, failure);
      }
    }
  }

  private void giveUp(Draft draft, ConvexParts.Part part, Failure failure) {
    String delegate = part.colour();
    Throwable cause = failure.cause();
    if (sessions.options().policy() == FallbackPolicy.FAIL) {
      throw new DelegateFailedException(
          delegate,
          "delegate '"
              + delegate
              + "' could not compile "
              + failure.name()
              + ": "
              + Sentences.of(cause),
          cause);
    }
    sessions.emit(
        new Event.CompileFailed(
            delegate,
            failure.name(),
            part.nodes().stream().map(Node::name).toList(),
            asException(cause)));
    draft.ban(
        part.nodes(),
        delegate,
        Decline.of(Decline.Kind.COMPILE_FAILED, "compiling failed: " + cause.getMessage()));
  }

  private Sessions.Open open(String delegate) {
    return sessions.open().stream()
        .filter(o -> o.name().equals(delegate))
        .findFirst()
        .orElseThrow();
  }

  /** Unique in the method, also among those that did not compile. */
  private String nextName(Sessions.Open open) {
    return method + "/" + open.name() + "/" + nextSubgraph++;
  }

  private static Exception asException(Throwable failure) {
    return failure instanceof Exception e ? e : new IllegalStateException(failure);
  }

  private static long bytes(List<Value> values) {
    return values.stream().mapToLong(v -> v.tensorType().byteSize()).sum();
  }

  private Map<Node, Unit.OnDelegate> loadPayloads(Block block) {
    Map<Node, Unit.OnDelegate> loaded = new HashMap<>();
    for (Node node : block.graph().nodes()) {
      Payload payload = block.payloads().get(node.id());
      Unit.OnDelegate unit = payload == null ? null : load(node, payload);
      if (unit != null) {
        loaded.put(node, unit);
      }
    }
    return loaded;
  }

  private Unit.@Nullable OnDelegate load(Node node, Payload payload) {
    List<String> refusals = new ArrayList<>();
    for (Sessions.Open open : sessions.open()) {
      if (!open.delegate().payloadIds().contains(payload.id())) {
        continue;
      }
      long start = System.nanoTime();
      CompileEvent event = Flight.isOn() ? CompileEvent.begun() : null;
      String name = nextName(open);
      String failure = "";
      long memory = 0;
      try {
        CompiledSubgraph result =
            open.session().load(payload, sessions.context(open.name(), method));
        compiled.add(result);
        memory = result.memoryBytes();
        sessions.phases().add(LoadPhase.Kind.COMPILE, name, start);
        List<Value> inputs = node.inputs();
        subgraphs.add(
            new Placement.PlacedSubgraph(
                name,
                open.name(),
                open.delegate().wrappings(),
                0,
                bytes(inputs),
                bytes(node.results()),
                memory));
        return new Unit.OnDelegate(
            name, open.name(), true, List.of(node), inputs, node.results(), result);
      } catch (DelegateException | RuntimeException | LinkageError e) {
        failure = String.valueOf(e.getMessage());
        refused.putIfAbsent(
            payload.id(), new RefusedPayloadsException.Refusal(open.name(), asException(e)));
        refusals.add("Delegate '%s' refused it: %s".formatted(open.name(), Sentences.of(e)));
      } finally {
        if (event != null) {
          event.done(open.name(), name, 1, memory, failure);
        }
      }
    }
    unloaded.putIfAbsent(payload.id(), opaque(node, payload, refusals));
    return null;
  }

  private String opaque(Node node, Payload payload, List<String> refusals) {
    String what =
        "the payload of %s (%d bytes)".formatted(payload.id(), payload.bytes().byteSize());
    List<String> sentences = new ArrayList<>();
    if (liftable.contains(payload.id())) {
      sentences.add(what + " is not loaded");
      sentences.addAll(refusals);
      sentences.add(
          "Baton could open it and run its operators itself, which the policy FAIL forbids: set"
              + " another (LoadOptions.withPolicy, --policy), or load without that delegate.");
    } else {
      String refusal = payload instanceof ProgramPayload p ? p.refusal() : "";
      sentences.add("nobody here can run " + what);
      sentences.add(
          refusal.isEmpty()
              ? "Only its own library opens it."
              : "Baton cannot open it: " + refusal);
      sentences.addAll(refusals.isEmpty() ? absent(payload.id()) : refusals);
      Set<String> opened = new TreeSet<>(delegates.lifters().keySet());
      opened.remove(payload.id());
      sentences.add(
          "Or export the model again without that backend"
              + (opened.isEmpty()
                  ? ""
                  : ", or for one whose payloads Baton opens (" + String.join(", ", opened) + ")"));
    }
    return "method '%s', %s: %s"
        .formatted(method, node.origin(), Sentences.join(sentences.toArray(String[]::new)));
  }

  /** Why no delegate was asked to load a payload, a sentence for each. */
  private List<String> absent(String payloadId) {
    List<String> sentences = new ArrayList<>();
    for (Delegate delegate : delegates.delegates()) {
      if (delegate.payloadIds().contains(payloadId)) {
        Availability asked = sessions.unavailable().get(delegate.name());
        Availability found = asked != null ? asked : sessions.availability(delegate);
        sentences.add(
            "Delegate '"
                + delegate.name()
                + (found.isAvailable()
                    ? "' could load it and was not asked for: name it among the delegates"
                    : "' is unavailable: " + Sentences.of(found)));
      }
    }
    return sentences.isEmpty()
        ? List.of("No delegate for it is on the class path or module path.")
        : sentences;
  }

  // ---- Java

  /**
   * Units sorted so that what gives comes before what takes; among those that could come, the
   * earliest in the graph.
   */
  private static List<Unit> ordered(Graph graph, Map<Node, Unit> assigned) {
    List<Unit> units = new ArrayList<>();
    Map<Unit, Integer> position = new IdentityHashMap<>();
    for (Node node : graph.nodes()) {
      Unit unit = assigned.get(node);
      if (unit != null && position.putIfAbsent(unit, position.size()) == null) {
        units.add(unit);
      }
    }
    List<Set<Integer>> after = new ArrayList<>();
    units.forEach(u -> after.add(new LinkedHashSet<>()));
    int[] waiting = new int[units.size()];
    for (Node node : graph.nodes()) {
      Unit unit = assigned.get(node);
      for (Value input : node.inputs()) {
        Unit giver = input.producer() == null ? null : assigned.get(input.producer());
        if (unit != null
            && giver != null
            && giver != unit
            && after.get(place(position, giver)).add(place(position, unit))) {
          waiting[place(position, unit)]++;
        }
      }
    }
    PriorityQueue<Integer> ready = new PriorityQueue<>();
    for (int u = 0; u < waiting.length; u++) {
      if (waiting[u] == 0) {
        ready.add(u);
      }
    }
    List<Unit> order = new ArrayList<>();
    while (!ready.isEmpty()) {
      int next = ready.remove();
      order.add(units.get(next));
      for (int unit : after.get(next)) {
        if (--waiting[unit] == 0) {
          ready.add(unit);
        }
      }
    }
    if (order.size() != units.size()) {
      throw new IllegalStateException("subgraphs that wait for each other");
    }
    return order;
  }

  private static int place(Map<Unit, Integer> position, Unit unit) {
    Integer place = position.get(unit);
    if (place == null) {
      throw new IllegalStateException("a unit that is not of this block");
    }
    return place;
  }

  // ---- the report

  private void report(Draft draft, Map<Node, Unit> assigned) {
    for (Node node : draft.graph.nodes()) {
      Unit unit = assigned.get(node);
      List<Placement.DeclinedBy> declines = new ArrayList<>();
      draft
          .declines
          .getOrDefault(node, new LinkedHashMap<>())
          .forEach((d, reason) -> declines.add(new Placement.DeclinedBy(d, reason)));
      if (Flight.isOn()) {
        declines.forEach(d -> record(node, d));
      }
      operators.add(
          new Placement.PlacedOperator(
              node.name(),
              node.origin(),
              switch (unit) {
                case null -> ScalarOperators.contains(node.name()) ? "plan" : "none";
                case Unit.OnDelegate on -> on.delegate();
                case Unit.OnJava java -> java.provider();
                case Unit.Fused fused -> fused.provider();
                case Unit.ReadScalar read -> ReferenceKernels.NAME;
              },
              unit instanceof Unit.OnDelegate on ? on.name() : "",
              node.results().stream().map(v -> v.type().toString()).toList(),
              declines));
    }
  }

  private void record(Node node, Placement.DeclinedBy declined) {
    DeclineEvent.happened(
        declined.delegate(),
        method,
        node.name(),
        node.origin().instruction(),
        declined.reason().kind().name(),
        declined.reason().detail());
  }

  /** The report over all blocks, with the problems that keep the method from running. */
  public Placement report(Placement.Memory memory) {
    List<String> problems = new ArrayList<>(unloaded.values());
    if (!missing.isEmpty()) {
      problems.add(missingOperators());
    }
    return new Placement(method, operators, subgraphs, sessions.unavailable(), memory, problems);
  }

  private String missingOperators() {
    return "method '"
        + method
        + "' uses operators that no delegate takes and that have no Java kernel: "
        + String.join(", ", missing)
        + ". Give a KernelProvider for them, or a delegate that takes them.";
  }

  /**
   * Refuses a method whose payloads are better lifted: a delegate refused some that could be, and
   * the policy allows it.
   */
  public void requireLoaded() {
    if (sessions.options().policy() != FallbackPolicy.FAIL) {
      Map<String, RefusedPayloadsException.Refusal> again = new LinkedHashMap<>(refused);
      again.keySet().retainAll(unloaded.keySet());
      again.keySet().retainAll(liftable);
      if (!again.isEmpty()) {
        throw new RefusedPayloadsException(again);
      }
    }
  }

  /**
   * Refuses a method that cannot run.
   *
   * @throws DelegateFailedException if a payload has nobody to run it
   * @throws MissingOperatorException if operators have nobody to run them
   */
  public void requireComplete() {
    if (!unloaded.isEmpty()) {
      String payload = unloaded.keySet().iterator().next();
      RefusedPayloadsException.Refusal refusal = refused.get(payload);
      throw new DelegateFailedException(
          refusal == null ? payload : refusal.delegate(),
          String.join("\n", unloaded.values()),
          refusal == null ? null : refusal.cause());
    }
    if (!missing.isEmpty()) {
      throw new MissingOperatorException(missingOperators(), List.copyOf(missing));
    }
  }

  /** Everything compiled so far, for whoever closes it. */
  public List<CompiledSubgraph> compiled() {
    return compiled;
  }

  /** Closes what was compiled, after a failure. */
  public void abandon() {
    List<CompiledSubgraph> all = List.copyOf(compiled);
    compiled.clear();
    Closing.all(all.stream().map(c -> c::close));
  }
}
