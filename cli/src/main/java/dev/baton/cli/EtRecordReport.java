package dev.baton.cli;

import dev.baton.devtools.etrecord.EtRecord;
import dev.baton.devtools.etrecord.EtRecord.Call;
import dev.baton.devtools.etrecord.EtRecord.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An ETRecord for people and as JSON. */
final class EtRecordReport {
  private EtRecordReport() {}

  static List<String> text(String file, EtRecord record) {
    List<String> lines = new ArrayList<>();
    lines.add(file + ": ETRecord, " + Text.count(record.entries().size(), "file"));
    for (EtRecord.Entry entry : record.entries()) {
      List<Node> graph = record.graphs().get(entry.name());
      lines.add(
          Text.format("%12s  %s", Text.bytes(entry.bytes()), entry.name())
              + (graph == null ? "" : ", a graph of " + Text.count(graph.size(), "operator")));
    }
    record
        .methods()
        .forEach((name, method) -> {
          lines.add("");
          lines.add(
              "method "
                  + name
                  + ": "
                  + Text.count(method.instructions().size(), "instruction")
                  + " with debug handles");
          method
              .instructions()
              .forEach((instruction, call) -> {
                if (!call.delegate().isEmpty()) {
                  lines.add(
                      Text.format(
                          "%6d  %s, %s",
                          instruction,
                          call.delegate(),
                          Text.count(call.nodes().size(), "operator")));
                  call.nodes().forEach(n -> lines.add("          " + line(n)));
                } else {
                  lines.add(Text.format("%6d  %s", instruction, operators(call)));
                }
              });
        });
    return lines;
  }

  private static String operators(Call call) {
    return call.nodes().isEmpty()
        ? "debug handles " + call.debugHandles()
        : String.join(" + ", call.nodes().stream().map(EtRecordReport::line).toList());
  }

  private static String line(Node node) {
    String module = node.modules().isEmpty() ? "" : "  " + node.modules().getLast();
    return node.target() + module + (node.source().isEmpty() ? "" : "  " + node.source());
  }

  static Map<String, Object> json(EtRecord record) {
    Map<String, Object> methods = new LinkedHashMap<>();
    record
        .methods()
        .forEach((name, method) -> {
          List<Object> calls = new ArrayList<>();
          method
              .instructions()
              .forEach((instruction, call) ->
                  calls.add(
                      Json.object(
                          "instruction",
                          instruction,
                          "delegate",
                          call.delegate(),
                          "debugHandles",
                          call.debugHandles(),
                          "operators",
                          call.nodes().stream().map(EtRecordReport::json).toList())));
          methods.put(name, calls);
        });
    return Json.object("entries", record.entries(), "methods", methods);
  }

  private static Map<String, Object> json(Node node) {
    return Json.object(
        "name",
        node.name(),
        "target",
        node.target(),
        "debugHandle",
        node.debugHandle(),
        "modules",
        node.modules(),
        "stackTrace",
        node.stackTrace());
  }
}
