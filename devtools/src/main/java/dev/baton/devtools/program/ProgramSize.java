package dev.baton.devtools.program;

import dev.baton.runtime.program.DataFile;
import dev.baton.runtime.program.DelegateSpec;
import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.Ints;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ProgramValue;
import dev.baton.runtime.program.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where the bytes of a program and its data files go. What several tensors or payloads share is
 * counted once, where it is met first.
 *
 * @param fileBytes of the program; a bundle's own tests are not counted
 * @param dataFileBytes contents of all data files
 * @param items the largest first
 */
public record ProgramSize(long fileBytes, long dataFileBytes, List<Item> items) {
  /** What bytes are for. */
  public enum Kind {
    /** Weights and other tensors that nobody writes. */
    CONSTANT,
    /** First contents of mutable tensors. */
    STATE,
    /** What a backend compiled at export. */
    PAYLOAD,
    /** Blobs by key, which payloads share. */
    NAMED_DATA,
    /** Instructions, values and names; inline constants and payloads excepted. */
    TABLES,
    /** Alignment, and what nothing refers to. */
    PADDING
  }

  /**
   * A piece.
   *
   * @param name the file's name of it, or the type of a tensor without one
   * @param users operators and methods that take it, without repetition
   */
  public record Item(Kind kind, String name, String type, long bytes, List<String> users) {
    public Item {
      users = List.copyOf(users);
    }
  }

  public ProgramSize {
    items = List.copyOf(items);
  }

  /** Of an open program. */
  public static ProgramSize of(Program program) {
    return new Count(program).size();
  }

  /** Bytes of each kind, the largest first; no kind without any. */
  public Map<Kind, Long> byKind() {
    Map<Kind, Long> sums = new HashMap<>();
    items.forEach(i -> sums.merge(i.kind(), i.bytes(), Long::sum));
    Map<Kind, Long> sorted = new LinkedHashMap<>();
    sums.entrySet().stream()
        .sorted(Map.Entry.<Kind, Long>comparingByValue().reversed())
        .forEach(e -> sorted.put(e.getKey(), e.getValue()));
    return sorted;
  }

  /** A walk over everything that the file refers to. */
  private static final class Count {
    /** By address: what lies at one place is one piece. */
    private final Map<Long, Item> found = new LinkedHashMap<>();

    /** What lies in data files, by address. */
    private final Map<Long, Long> outside = new HashMap<>();

    private final Program program;

    Count(Program program) {
      this.program = program;
      for (DataFile file : program.dataFiles()) {
        file.entries().values().stream()
            .map(DataFile.Entry::bytes)
            .forEach(b -> outside.merge(b.address(), b.byteSize(), Math::max));
      }
    }

    ProgramSize size() {
      program.methods().values().forEach(this::tensors);
      program.methods().values().forEach(this::payloads);
      program.namedData().forEach((key, bytes) -> add(Kind.NAMED_DATA, key, "", bytes, Set.of()));
      List<Item> items = new ArrayList<>(found.values());
      long tables = tableBytes();
      items.add(new Item(Kind.TABLES, "tables", "", tables, List.of()));
      long known =
          found.entrySet().stream()
              .filter(e -> !outside.containsKey(e.getKey()))
              .mapToLong(e -> e.getValue().bytes())
              .sum();
      long rest = program.layout().fileBytes() - tables - known;
      if (rest > 0) {
        items.add(new Item(Kind.PADDING, "padding", "", rest, List.of()));
      }
      items.sort(Comparator.comparingLong(Item::bytes).reversed());
      return new ProgramSize(
          program.layout().fileBytes(),
          outside.values().stream().mapToLong(Long::longValue).sum(),
          items);
    }

    /** The tables without what lies inline. */
    private long tableBytes() {
      long inline = 0;
      for (ProgramMethod method : program.methods().values()) {
        for (DelegateSpec delegate : method.delegates()) {
          inline += delegate.payloadSegment() < 0 ? delegate.payload().byteSize() : 0;
        }
      }
      long constants =
          program.layout().segmentBase() > 0
              ? 0 // constants are in a segment then
              : found.entrySet().stream()
                  .filter(e -> !outside.containsKey(e.getKey()))
                  .map(Map.Entry::getValue)
                  .filter(i -> i.kind() == Kind.CONSTANT || i.kind() == Kind.STATE)
                  .mapToLong(Item::bytes)
                  .sum();
      return Math.max(0, program.layout().programBytes() - inline - constants);
    }

    private void tensors(ProgramMethod method) {
      Map<Integer, Set<String>> users = users(method);
      for (int v = 0; v < method.values().size(); v++) {
        if (method.values().get(v) instanceof TensorSpec tensor && tensor.data() != null) {
          Kind kind = tensor.allocation() == null ? Kind.CONSTANT : Kind.STATE;
          String name = tensor.name() == null ? "" : tensor.name();
          add(
              kind,
              name,
              ProgramTexts.type(tensor),
              tensor.data(),
              users.getOrDefault(v, Set.of()));
        }
      }
    }

    /** Who takes each value. */
    private static Map<Integer, Set<String>> users(ProgramMethod method) {
      Map<Integer, Set<String>> users = new HashMap<>();
      for (List<Instruction> chain : method.chains()) {
        for (Instruction instruction : chain) {
          switch (instruction) {
            case Instruction.KernelCall call ->
                use(method, call.args(), method.operators().get(call.operator()).fullName(), users);
            case Instruction.DelegateCall call ->
                use(method, call.args(), method.delegates().get(call.delegate()).id(), users);
            default -> {}
          }
        }
      }
      return users;
    }

    private static void use(
        ProgramMethod method, Ints args, String user, Map<Integer, Set<String>> users) {
      args.stream()
          .filter(a -> a >= 0)
          .forEach(a -> {
            users.computeIfAbsent(a, k -> new TreeSet<>()).add(user);
            switch (method.values().get(a)) {
              case ProgramValue.TensorListValue list -> use(method, list.items(), user, users);
              case ProgramValue.OptionalTensorListValue list ->
                  use(method, list.items(), user, users);
              default -> {}
            }
          });
    }

    private void payloads(ProgramMethod method) {
      for (int d = 0; d < method.delegates().size(); d++) {
        DelegateSpec delegate = method.delegates().get(d);
        add(Kind.PAYLOAD, delegate.id() + " " + d, "", delegate.payload(), Set.of(method.name()));
      }
    }

    private void add(Kind kind, String name, String type, MemorySegment bytes, Set<String> users) {
      if (bytes.byteSize() == 0) {
        return;
      }
      found.merge(
          bytes.address(),
          new Item(kind, name, type, bytes.byteSize(), List.copyOf(users)),
          (old, more) -> {
            Set<String> all = new TreeSet<>(old.users());
            all.addAll(more.users());
            return new Item(
                old.kind(),
                old.name(),
                old.type(),
                Math.max(old.bytes(), more.bytes()),
                List.copyOf(all));
          });
    }
  }
}
