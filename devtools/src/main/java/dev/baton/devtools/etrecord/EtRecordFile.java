package dev.baton.devtools.etrecord;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.devtools.etrecord.EtRecord.Call;
import dev.baton.devtools.etrecord.EtRecord.Entry;
import dev.baton.devtools.etrecord.EtRecord.Method;
import dev.baton.devtools.etrecord.EtRecord.Node;
import dev.baton.runtime.BatonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** Reads ETRecords: entries that hold JSON. What holds tensors is only listed. */
public final class EtRecordFile {
  private static final String MARKER = "ETRECORD_V0";
  private static final String HANDLES = "debug_handle_map";
  private static final String DELEGATES = "delegate_map";
  private static final String EXPORTED = "exported_program";
  private static final String EDGE = "edge_dialect_exported_program";
  private static final String FORWARD = "forward";
  private static final String EDGE_OPERATORS = "executorch.exir.dialects.edge.ops.";

  /** Of all that is read: graphs of models with thousands of operators have some 100 MB. */
  private static final int MOST_BYTES = 1 << 29;

  /** Of all calls together: a call stands for a few nodes of the graph. */
  private static final int MOST_NODES = 1 << 22;

  private static final int MOST_ENTRIES = 10_000;

  private final String source;
  private final ZipFile zip;
  private int bytesLeft = MOST_BYTES;
  private int nodesLeft = MOST_NODES;

  private EtRecordFile(String source, ZipFile zip) {
    this.source = source;
    this.zip = zip;
  }

  /** True of a zip archive with the marker of an ETRecord. */
  public static boolean isEtRecord(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return zip.getEntry(MARKER) != null;
    } catch (ZipException e) {
      return false;
    }
  }

  /**
   * Reads an ETRecord.
   *
   * @throws BatonException if it is none, or damaged
   */
  public static EtRecord read(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      return new EtRecordFile(file.toString(), zip).read();
    } catch (ZipException
        | EOFException
        | IllegalArgumentException e) { // the last where names are no text
      throw damaged(file.toString(), e.getMessage(), e);
    }
  }

  private static BatonException damaged(
      String source, @Nullable String problem, @Nullable Exception e) {
    return new BatonException(
        source
            + ": "
            + problem
            + ". The file is damaged, or no ETRecord: ExecuTorch's exporter writes them where"
            + " generate_etrecord is asked for.",
        e);
  }

  private EtRecord read() throws IOException {
    if (zip.getEntry(MARKER) == null) {
      throw damaged(source, "it has no entry " + MARKER, null);
    }
    if (zip.size() > MOST_ENTRIES) {
      throw damaged(source, "it has " + zip.size() + " entries", null);
    }
    List<Entry> entries = new ArrayList<>();
    Map<String, List<Node>> graphs = new LinkedHashMap<>();
    for (ZipEntry entry : Collections.list(zip.entries())) {
      entries.add(new Entry(entry.getName(), entry.getSize()));
      if (isGraph(entry.getName())) {
        graphs.put(entry.getName(), nodes(json(entry)));
      }
    }
    return new EtRecord(entries, Collections.unmodifiableMap(graphs), methods(graphs));
  }

  /** Beside each graph lies its state: that tells graphs from all else. */
  private boolean isGraph(String name) {
    return name.equals(EXPORTED) || name.equals(EDGE) || zip.getEntry(name + "_state_dict") != null;
  }

  private Object json(ZipEntry entry) throws IOException {
    byte[] bytes;
    try (InputStream in = zip.getInputStream(entry)) {
      bytes = in.readNBytes(bytesLeft);
    }
    bytesLeft -= bytes.length;
    if (bytesLeft == 0) {
      throw damaged(
          source, "it has " + MOST_BYTES + " bytes or more, up to " + entry.getName(), null);
    }
    try {
      Object read = JSON.std.anyFrom(bytes);
      return read == null ? Map.of() : read;
    } catch (IOException e) {
      throw damaged(source, entry.getName() + " is no JSON", e);
    }
  }

  // ---- graphs

  private static List<Node> nodes(Object program) {
    List<Node> nodes = new ArrayList<>();
    for (Object node : list(at(at(at(program, "graph_module"), "graph"), "nodes"))) {
      Object metadata = at(node, "metadata");
      String target = text(at(node, "target"));
      nodes.add(
          new Node(
              text(at(node, "name")),
              target.startsWith(EDGE_OPERATORS)
                  ? target.substring(EDGE_OPERATORS.length())
                  : target,
              number(at(metadata, "debug_handle")),
              text(at(metadata, "stack_trace")),
              modules(text(at(metadata, "nn_module_stack")))));
    }
    return List.copyOf(nodes);
  }

  /** Written as {@code key,path,class} for each, with semicolons between. */
  private static List<String> modules(String stack) {
    List<String> modules = new ArrayList<>();
    for (String module : stack.isEmpty() ? new String[0] : stack.split(";")) {
      int key = module.indexOf(',');
      int type = module.lastIndexOf(',');
      modules.add(
          key < 0 || type == key
              ? module
              : (module.substring(key + 1, type) + " " + module.substring(type + 1)).strip());
    }
    return modules;
  }

  // ---- maps

  private SortedMap<String, Method> methods(Map<String, List<Node>> graphs) throws IOException {
    Object handles = map(HANDLES);
    Object delegates = map(DELEGATES);
    SortedMap<String, Method> methods = new TreeMap<>();
    for (Map.Entry<?, ?> method : entries(handles).entrySet()) {
      String name = text(method.getKey());
      List<Node> nodes = graphs.getOrDefault(EDGE + "/" + name, List.of());
      if (nodes.isEmpty() && name.equals(FORWARD)) {
        nodes = graphs.getOrDefault(EDGE, List.of());
      }
      Map<Integer, List<Node>> byHandle =
          nodes.stream()
              .filter(n -> n.debugHandle() != 0)
              .collect(Collectors.groupingBy(Node::debugHandle));
      SortedMap<Integer, Call> calls = new TreeMap<>();
      for (Map.Entry<?, ?> instruction : entries(method.getValue()).entrySet()) {
        String index = text(instruction.getKey());
        List<Integer> wanted = handles(instruction.getValue());
        calls.put(
            number(index),
            new Call(
                text(at(at(at(delegates, name), index), "name")), wanted, nodes(wanted, byHandle)));
      }
      methods.put(name, new Method(Collections.unmodifiableSortedMap(calls)));
    }
    return Collections.unmodifiableSortedMap(methods);
  }

  private List<Node> nodes(List<Integer> handles, Map<Integer, List<Node>> byHandle) {
    List<Node> nodes =
        handles.stream()
            .distinct()
            .flatMap(handle -> byHandle.getOrDefault(handle, List.of()).stream())
            .limit(nodesLeft)
            .toList();
    nodesLeft -= nodes.size();
    if (nodesLeft == 0) {
      throw damaged(source, "its instructions stand for " + MOST_NODES + " nodes or more", null);
    }
    return nodes;
  }

  private Object map(String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    return entry == null ? Map.of() : json(entry);
  }

  private static List<Integer> handles(@Nullable Object value) {
    return value instanceof List<?> several
        ? several.stream().map(EtRecordFile::number).toList()
        : List.of(number(value));
  }

  private static Map<?, ?> entries(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  private static @Nullable Object at(@Nullable Object value, String key) {
    return value instanceof Map<?, ?> map ? map.get(key) : null;
  }

  private static List<?> list(@Nullable Object value) {
    return value instanceof List<?> items ? items : List.of();
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : value.toString();
  }

  /** 0 for what is no number. */
  private static int number(@Nullable Object value) {
    try {
      return Integer.parseInt(text(value));
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
