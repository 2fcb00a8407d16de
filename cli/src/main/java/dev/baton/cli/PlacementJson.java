package dev.baton.cli;

import dev.baton.delegate.Availability;
import dev.baton.runtime.Placement;
import java.util.Map;
import java.util.TreeMap;

/** A placement as JSON. */
final class PlacementJson {
  private PlacementJson() {}

  static Map<String, Object> summary(Placement placement) {
    return Json.object(
        "operators",
        placement.operators().size(),
        "runners",
        placement.counts(),
        "subgraphs",
        placement.subgraphs().stream().map(PlacementJson::subgraph).toList(),
        "unavailable",
        unavailable(placement),
        "memory",
        memory(placement.memory()),
        "problems",
        placement.problems());
  }

  /** Bytes; {@code arenaBytes} is left out where data decide it. */
  private static Map<String, Object> memory(Placement.Memory memory) {
    Map<String, Object> json =
        Json.object(
            "filePlanBytes", memory.plannedBytes(), "variableBytes", memory.variableBytes());
    if (memory.arenaBytes() != Placement.Memory.UNKNOWN) {
      json.put("arenaBytes", memory.arenaBytes());
    }
    return json;
  }

  static Map<String, Object> full(Placement placement) {
    Map<String, Object> json = Json.object("method", placement.method());
    json.putAll(summary(placement));
    json.put("operators", placement.operators().stream().map(PlacementJson::operator).toList());
    return json;
  }

  private static Map<String, Object> operator(Placement.PlacedOperator operator) {
    return Json.object(
        "name",
        operator.name(),
        "runner",
        operator.runner(),
        "subgraph",
        operator.subgraph(),
        "results",
        operator.results(),
        "origin",
        Json.object(
            "instruction",
            operator.origin().instruction(),
            "payload",
            operator.origin().payload(),
            "index",
            operator.origin().index()),
        "declines",
        operator.declines().stream()
            .map(d ->
                Json.object(
                    "delegate",
                    d.delegate(),
                    "kind",
                    d.reason().kind().name(),
                    "detail",
                    d.reason().detail()))
            .toList());
  }

  private static Map<String, Object> subgraph(Placement.PlacedSubgraph subgraph) {
    return Json.object(
        "name",
        subgraph.name(),
        "delegate",
        subgraph.delegate(),
        "wrappings",
        subgraph.wrappings(),
        "operators",
        subgraph.operatorCount(),
        "inputBytes",
        subgraph.inputBytes(),
        "outputBytes",
        subgraph.outputBytes(),
        "memoryBytes",
        subgraph.memoryBytes());
  }

  private static Map<String, Object> unavailable(Placement placement) {
    Map<String, Object> json = new TreeMap<>();
    placement.unavailable().forEach((name, why) -> json.put(name, availability(why)));
    return json;
  }

  static Map<String, Object> availability(Availability availability) {
    return availability.isAvailable()
        ? Json.object("available", true, "found", availability.message())
        : Json.object(
            "available",
            false,
            "reason",
            availability.reason().name(),
            "message",
            availability.message(),
            "remedy",
            availability.remedy(),
            "tried",
            availability.tried());
  }
}
