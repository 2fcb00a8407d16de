package dev.baton.devtools.program;

import com.github.difflib.DiffUtils;
import com.github.difflib.patch.AbstractDelta;
import dev.baton.runtime.program.DelegateSpec;
import dev.baton.runtime.program.Instruction;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a second program differs from a first. Contents are compared by digest, and instructions
 * without the numbers that files give to values: two exports of one model do not differ.
 *
 * @param methods those that both have and that differ
 * @param namedData blobs by key
 */
public record ProgramDiff(
    List<String> onlyInFirst, List<String> onlyInSecond, List<Method> methods, Changes namedData) {
  /**
   * A method that differs.
   *
   * @param inputs types of the first and of the second; empty if they are the same
   * @param outputs the same
   * @param operators calls of each operator whose number differs
   * @param delegates payloads by backend where their number, bytes or options differ
   * @param constants tensors by digest
   * @param instructions what was taken out and put in
   * @param rewired instructions that both have, with other values as arguments
   * @param plannedBytes of both; empty if they are the same
   */
  public record Method(
      String name,
      List<Pair> inputs,
      List<Pair> outputs,
      Map<String, Count> operators,
      Map<String, Pair> delegates,
      Changes constants,
      List<Edit> instructions,
      List<Rewired> rewired,
      List<Pair> plannedBytes) {
    boolean isEmpty() {
      return inputs.isEmpty()
          && outputs.isEmpty()
          && operators.isEmpty()
          && delegates.isEmpty()
          && constants.isEmpty()
          && instructions.isEmpty()
          && rewired.isEmpty()
          && plannedBytes.isEmpty();
    }
  }

  /** What the one and the other have in the same place. */
  public record Pair(String first, String second) {}

  /** How often something is in each. */
  public record Count(int first, int second) {}

  /**
   * Instructions that differ between two that are the same.
   *
   * @param at index in the first program's chain, all chains one after the other
   */
  public record Edit(int at, List<String> removed, List<String> added) {
    public Edit {
      removed = List.copyOf(removed);
      added = List.copyOf(added);
    }
  }

  /**
   * An instruction that is given another value.
   *
   * @param at index in the first program's chain, all chains one after the other; -1 for the
   *     method's outputs
   * @param argument the first argument that is another
   */
  public record Rewired(int at, String instruction, int argument) {}

  /**
   * Contents that only one has.
   *
   * @param same how many both have
   */
  public record Changes(int same, List<Content> removed, List<Content> added) {
    public Changes {
      removed = List.copyOf(removed);
      added = List.copyOf(added);
    }

    boolean isEmpty() {
      return removed.isEmpty() && added.isEmpty();
    }
  }

  /**
   * @param sha256 in hexadecimal
   */
  public record Content(String name, long bytes, String sha256) {}

  public ProgramDiff {
    onlyInFirst = List.copyOf(onlyInFirst);
    onlyInSecond = List.copyOf(onlyInSecond);
    methods = List.copyOf(methods);
  }

  /**
   * True if the programs do the same with the same numbers. Of single numbers that a program
   * computes it is compared what computes them, not which of them is used where.
   */
  public boolean same() {
    return onlyInFirst.isEmpty()
        && onlyInSecond.isEmpty()
        && methods.isEmpty()
        && namedData.isEmpty();
  }

  /** Of two open programs; reads every byte of both. */
  public static ProgramDiff of(Program first, Program second) {
    List<Method> methods = new ArrayList<>();
    for (ProgramMethod method : first.methods().values()) {
      ProgramMethod other = second.methods().get(method.name());
      if (other != null) {
        Method diff = of(method, other);
        if (!diff.isEmpty()) {
          methods.add(diff);
        }
      }
    }
    return new ProgramDiff(
        without(first, second),
        without(second, first),
        methods,
        changes(contents(first.namedData()), contents(second.namedData())));
  }

  private static List<String> without(Program program, Program other) {
    return program.methods().keySet().stream()
        .filter(name -> !other.methods().containsKey(name))
        .toList();
  }

  private static Method of(ProgramMethod first, ProgramMethod second) {
    Map<Integer, Content> before = constants(first);
    Map<Integer, Content> after = constants(second);
    List<AbstractDelta<String>> deltas =
        DiffUtils.diff(instructions(first), instructions(second)).getDeltas();
    return new Method(
        first.name(),
        pairs(ProgramTexts.list(first, first.inputs()), ProgramTexts.list(second, second.inputs())),
        pairs(
            ProgramTexts.list(first, first.outputs()), ProgramTexts.list(second, second.outputs())),
        counts(operators(first), operators(second)),
        delegates(first, second),
        changes(before.values(), after.values()),
        edits(deltas),
        rewired(new Wiring(first, second, digests(before), digests(after)), first, second, deltas),
        pairs(planned(first), planned(second)));
  }

  /** None if all are equal. */
  private static List<Pair> pairs(List<String> first, List<String> second) {
    if (first.equals(second)) {
      return List.of();
    }
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < Math.max(first.size(), second.size()); i++) {
      pairs.add(
          new Pair(
              i < first.size() ? first.get(i) : "none",
              i < second.size() ? second.get(i) : "none"));
    }
    return pairs;
  }

  private static List<String> planned(ProgramMethod method) {
    return method.plannedBuffers().stream().skip(1).map(b -> Long.toString(b.bytes())).toList();
  }

  private static Map<String, Integer> operators(ProgramMethod method) {
    Map<String, Integer> counts = new TreeMap<>();
    for (List<Instruction> chain : method.chains()) {
      for (Instruction instruction : chain) {
        if (instruction instanceof Instruction.KernelCall call) {
          counts.merge(method.operators().get(call.operator()).fullName(), 1, Integer::sum);
        }
      }
    }
    return counts;
  }

  private static Map<String, Count> counts(
      Map<String, Integer> first, Map<String, Integer> second) {
    Map<String, Count> differing = new LinkedHashMap<>();
    TreeSet<String> names = new TreeSet<>(first.keySet());
    names.addAll(second.keySet());
    for (String name : names) {
      Count count = new Count(first.getOrDefault(name, 0), second.getOrDefault(name, 0));
      if (count.first() != count.second()) {
        differing.put(name, count);
      }
    }
    return differing;
  }

  private static Map<String, Pair> delegates(ProgramMethod first, ProgramMethod second) {
    Map<String, String> before = delegates(first);
    Map<String, String> after = delegates(second);
    TreeSet<String> ids = new TreeSet<>(before.keySet());
    ids.addAll(after.keySet());
    Map<String, Pair> differing = new LinkedHashMap<>();
    for (String id : ids) {
      Pair pair = new Pair(before.getOrDefault(id, "none"), after.getOrDefault(id, "none"));
      if (!pair.first().equals(pair.second())) {
        differing.put(id, pair);
      }
    }
    return differing;
  }

  /** Number, bytes, contents and options of payloads, by backend. */
  private static Map<String, String> delegates(ProgramMethod method) {
    Map<String, List<DelegateSpec>> byId = new TreeMap<>();
    method.delegates().forEach(d -> byId.computeIfAbsent(d.id(), k -> new ArrayList<>()).add(d));
    Map<String, String> texts = new TreeMap<>();
    byId.forEach((id, all) -> {
      MessageDigest digest = sha256();
      TreeSet<String> specs = new TreeSet<>();
      for (DelegateSpec delegate : all) {
        update(digest, delegate.payload());
        delegate
            .compileSpecs()
            .forEach(s -> specs.add(s.key() + " (sha256 " + digest(s.value()) + ")"));
      }
      texts.put(
          id,
          all.size()
              + (all.size() == 1 ? " payload, " : " payloads, ")
              + all.stream().mapToLong(d -> d.payload().byteSize()).sum()
              + " bytes (sha256 "
              + HexFormat.of().formatHex(digest.digest())
              + ")"
              + (specs.isEmpty() ? "" : ", options " + String.join(", ", specs)));
    });
    return texts;
  }

  /** By value. */
  private static Map<Integer, Content> constants(ProgramMethod method) {
    Map<Long, String> digests = new HashMap<>();
    Map<Integer, Content> contents = new LinkedHashMap<>();
    for (int i = 0; i < method.values().size(); i++) {
      if (method.values().get(i) instanceof TensorSpec tensor && tensor.data() != null) {
        MemorySegment data = tensor.data();
        String type = ProgramTexts.type(tensor);
        contents.put(
            i,
            new Content(
                tensor.name() == null ? type : tensor.name() + " " + type,
                tensor.byteSize(),
                digests.computeIfAbsent(data.address(), a -> digest(data))));
      }
    }
    return contents;
  }

  private static Map<Integer, String> digests(Map<Integer, Content> contents) {
    Map<Integer, String> digests = new HashMap<>();
    contents.forEach((value, content) -> digests.put(value, content.sha256()));
    return digests;
  }

  private static List<Content> contents(Map<String, MemorySegment> blobs) {
    return blobs.entrySet().stream()
        .map(e -> new Content(e.getKey(), e.getValue().byteSize(), digest(e.getValue())))
        .toList();
  }

  private static Changes changes(Collection<Content> first, Collection<Content> second) {
    Map<String, Integer> left = new HashMap<>();
    first.forEach(c -> left.merge(c.sha256(), 1, Integer::sum));
    List<Content> added = new ArrayList<>();
    int same = 0;
    for (Content content : second) {
      Integer count = left.get(content.sha256());
      if (count == null || count == 0) {
        added.add(content);
      } else {
        left.put(content.sha256(), count - 1);
        same++;
      }
    }
    List<Content> removed = new ArrayList<>();
    for (Content content : first) {
      int count = left.getOrDefault(content.sha256(), 0);
      if (count > 0) {
        left.put(content.sha256(), count - 1);
        removed.add(content);
      }
    }
    return new Changes(same, removed, added);
  }

  private static List<Instruction> chain(ProgramMethod method) {
    return method.chains().stream().flatMap(List::stream).toList();
  }

  private static List<String> instructions(ProgramMethod method) {
    return chain(method).stream().map(i -> ProgramTexts.instruction(method, i)).toList();
  }

  private static List<Edit> edits(List<AbstractDelta<String>> deltas) {
    return deltas.stream()
        .map(delta ->
            new Edit(
                delta.getSource().getPosition(),
                delta.getSource().getLines(),
                delta.getTarget().getLines()))
        .toList();
  }

  /** Of the instructions between the differences, which both have. */
  private static List<Rewired> rewired(
      Wiring wiring,
      ProgramMethod first,
      ProgramMethod second,
      List<AbstractDelta<String>> differences) {
    List<Instruction> before = chain(first);
    List<Instruction> after = chain(second);
    List<Rewired> rewired = new ArrayList<>();
    int a = 0;
    int b = 0;
    Iterator<AbstractDelta<String>> rest = differences.iterator();
    while (a < before.size() || rest.hasNext()) {
      AbstractDelta<String> next = rest.hasNext() ? rest.next() : null;
      int end = next == null ? before.size() : next.getSource().getPosition();
      for (; a < end; a++, b++) {
        int argument = wiring.differing(before.get(a), after.get(b));
        if (argument >= 0) {
          rewired.add(new Rewired(a, ProgramTexts.instruction(first, before.get(a)), argument));
        }
      }
      if (next != null) {
        a += next.getSource().size();
        b += next.getTarget().size();
      }
    }
    int output = wiring.differing(first.outputs(), second.outputs());
    if (output >= 0) {
      rewired.add(new Rewired(-1, "outputs", output));
    }
    return rewired;
  }

  private static void update(MessageDigest digest, MemorySegment bytes) {
    long chunk = 1 << 28; // a buffer has no more than 2 GiB
    for (long at = 0; at < bytes.byteSize(); at += chunk) {
      digest.update(bytes.asSlice(at, Math.min(chunk, bytes.byteSize() - at)).asByteBuffer());
    }
  }

  private static String digest(MemorySegment bytes) {
    MessageDigest digest = sha256();
    update(digest, bytes);
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
