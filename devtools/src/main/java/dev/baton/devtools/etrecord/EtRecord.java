package dev.baton.devtools.etrecord;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * What ExecuTorch's exporter keeps of an export (ETRecord, a zip archive): which operators of the
 * model each instruction of the program was. {@link EtRecordFile} reads it; tensors in it are
 * Python's, and stay closed.
 *
 * @param entries of the archive, in its order
 * @param graphs by name, such as {@code edge_dialect_exported_program/forward}
 * @param methods by name
 */
public record EtRecord(
    List<Entry> entries, Map<String, List<Node>> graphs, SortedMap<String, Method> methods) {
  public EtRecord {
    entries = List.copyOf(entries);
  }

  /** A file of the archive. */
  public record Entry(String name, long bytes) {}

  /**
   * An operator of a graph.
   *
   * @param target what is called, such as {@code aten.relu.default}
   * @param debugHandle 0 for none
   * @param stackTrace of the model's Python source; empty for none
   * @param modules from the model's root to the innermost, each a path and a class; empty for none
   */
  public record Node(
      String name, String target, int debugHandle, String stackTrace, List<String> modules) {
    public Node {
      modules = List.copyOf(modules);
    }

    /** Place and text of the innermost line of the stack trace; empty for none. */
    public String source() {
      int last = stackTrace.lastIndexOf("File \"");
      return last < 0 ? "" : stackTrace.substring(last).strip().replaceAll("\\s*\\n\\s*", ": ");
    }
  }

  /** A method of the program. */
  public record Method(SortedMap<Integer, Call> instructions) {}

  /**
   * What an instruction does.
   *
   * @param delegate whose payload it runs; empty for an operator
   * @param debugHandles of the operators that it computes
   * @param nodes of the edge dialect's graph that have these, if it is there
   */
  public record Call(String delegate, List<Integer> debugHandles, List<Node> nodes) {
    public Call {
      debugHandles = List.copyOf(debugHandles);
      nodes = List.copyOf(nodes);
    }
  }
}
