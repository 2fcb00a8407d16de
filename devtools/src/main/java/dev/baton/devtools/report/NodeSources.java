package dev.baton.devtools.report;

import dev.baton.devtools.etrecord.EtRecord;
import dev.baton.graph.Origin;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Where the author of a model wrote its operators, by the record of its export. */
public final class NodeSources {
  private NodeSources() {}

  /**
   * What {@link ReportBuilder#withSources} takes. An operator of a payload is known where the
   * payload keeps the exporter's number of it ({@link Origin#debugHandle}).
   *
   * @throws IllegalArgumentException if the record has no such method
   */
  public static Function<Origin, @Nullable NodeSource> of(EtRecord record, String method) {
    EtRecord.Method known = record.methods().get(method);
    if (known == null) {
      throw new IllegalArgumentException(
          "the ETRecord has no method '" + method + "', only " + record.methods().keySet());
    }
    Map<Integer, EtRecord.Call> calls = known.instructions();
    return origin -> source(calls.get(origin.instruction()), origin);
  }

  private static @Nullable NodeSource source(EtRecord.@Nullable Call call, Origin origin) {
    if (call == null) {
      return null;
    }
    List<EtRecord.Node> nodes =
        origin.payload().isEmpty()
            ? call.nodes()
            : call.nodes().stream().filter(n -> n.debugHandle() == origin.debugHandle()).toList();
    if (nodes.isEmpty()) {
      return null;
    }
    return new NodeSource(
        nodes.getLast().modules().stream().map(NodeSources::path).toList(),
        nodes.stream()
            .map(n -> n.stackTrace().strip())
            .filter(t -> !t.isEmpty())
            .distinct()
            .collect(Collectors.joining("\n\n")));
  }

  /** A module's path, without its class; of the model itself, which has none, the class. */
  private static String path(String module) {
    int space = module.indexOf(' ');
    return space <= 0 ? module : module.substring(0, space);
  }
}
