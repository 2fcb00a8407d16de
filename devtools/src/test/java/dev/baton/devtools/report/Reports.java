package dev.baton.devtools.report;

import dev.baton.runtime.profile.MemoryPlan;
import dev.baton.runtime.profile.MemoryUse;
import java.util.ArrayList;
import java.util.List;

/** Reports for tests, made up. */
public final class Reports {
  private static final long PAGE = 64 * 1024;

  /**
   * Of a block: norm, three branches of attention that meet, a residual, two layers and a residual.
   */
  private static final List<String> BLOCK =
      List.of(
          "aten::native_layer_norm",
          "aten::view",
          "aten::permute",
          "aten::linear",
          "aten::matmul",
          "aten::softmax.int",
          "aten::add.Tensor",
          "aten::linear",
          "aten::gelu",
          "aten::linear");

  private Reports() {}

  /** A transformer of about so many operators; every seventh block runs in Java. */
  public static ModelReport transformer(int operators) {
    return transformer(operators, "swin", "aten::roll", 7);
  }

  /**
   * @param name of the model
   * @param odd operator that stands for what no delegate takes
   * @param javaEvery blocks of which one runs in Java
   */
  public static ModelReport transformer(int operators, String name, String odd, int javaEvery) {
    Maker maker = new Maker();
    int input = maker.value("input", "float[1, 3, 224, 224]", 602_112, -1);
    int value = input;
    for (int block = 0; maker.nodes.size() < operators; block++) {
      boolean java = block % javaEvery == javaEvery - 1;
      String subgraph = java ? "" : "forward_" + block / javaEvery;
      int start = value;
      for (String operator : BLOCK) {
        if (operator.equals("aten::matmul")) {
          List<Integer> heads = new ArrayList<>();
          for (int h = 0; h < 3; h++) {
            heads.add(maker.node("aten::slice.Tensor", subgraph, block, value));
          }
          value = maker.node(operator, subgraph, block, heads.toArray(Integer[]::new));
        } else if (operator.equals("aten::add.Tensor")) {
          value = maker.node(operator, subgraph, block, value, start);
        } else {
          value = maker.node(operator, subgraph, block, value);
        }
      }
      value = maker.node(java ? odd : "aten::add.Tensor", subgraph, block, value, start);
    }
    return maker.report(name, input, value);
  }

  private static final class Maker {
    final List<ModelReport.Value> values = new ArrayList<>();
    final List<ModelReport.Node> nodes = new ArrayList<>();

    int value(String kind, String type, long bytes, int producer) {
      values.add(new ModelReport.Value(0, kind, type, bytes, producer, 0));
      return values.size() - 1;
    }

    int node(String operator, String subgraph, int block, Integer... inputs) {
      int node = nodes.size();
      int result = value("result", "float[1, 49, 96]", PAGE, node);
      List<ModelReport.Argument> arguments = new ArrayList<>();
      for (int i = 0; i < inputs.length; i++) {
        arguments.add(new ModelReport.Argument("input" + i, "%" + inputs[i], List.of(inputs[i])));
      }
      if (operator.equals("aten::linear")) {
        int weight = value("constant", "float[96, 96]", 36_864, -1);
        arguments.add(new ModelReport.Argument("weight", "%" + weight, List.of(weight)));
      }
      boolean java = subgraph.isEmpty();
      nodes.add(
          new ModelReport.Node(
              0,
              operator,
              node,
              "",
              -1,
              java ? "vector" : "xnnpack",
              subgraph,
              arguments,
              List.of(result),
              java
                  ? List.of(new ModelReport.Decline("xnnpack", "OPERATOR", "no such operator"))
                  : List.of(),
              new NodeSource(
                  List.of("features." + block / 4, "features." + block / 4 + ".block." + block),
                  "File \"model.py\", line " + node + ", in forward")));
      return result;
    }

    ModelReport report(String name, int input, int output) {
      List<ModelReport.Step> steps = new ArrayList<>();
      List<ModelReport.Event> events = new ArrayList<>();
      List<List<Integer>> planned = new ArrayList<>();
      List<MemoryPlan.Buffer> buffers = new ArrayList<>();
      long at = 0;
      for (int n = 0; n < nodes.size(); ) {
        String subgraph = nodes.get(n).subgraph();
        List<Integer> of = new ArrayList<>(List.of(n++));
        while (!subgraph.isEmpty()
            && n < nodes.size()
            && nodes.get(n).subgraph().equals(subgraph)) {
          of.add(n++);
        }
        long nanos = 20_000L * of.size() + 1_000L * (n % 7);
        ModelReport.Times times = new ModelReport.Times(nanos, nanos + 900, nanos, 0.01);
        List<ModelReport.Part> parts = new ArrayList<>();
        List<ModelReport.PartEvent> within = new ArrayList<>();
        if (!subgraph.isEmpty()) {
          for (int p = 0; p < of.size(); p++) {
            parts.add(new ModelReport.Part("Fully Connected " + p, List.of(), times(20_000)));
            within.add(new ModelReport.PartEvent("Fully Connected " + p, at + 20_000L * p, 20_000));
          }
        }
        buffers.add(
            new MemoryPlan.Buffer(
                steps.size() % 3 * PAGE,
                PAGE,
                steps.size(),
                steps.size() + 1 + steps.size() % 2,
                List.of(new MemoryPlan.Result(of.getLast(), 0))));
        planned.add(of);
        events.add(new ModelReport.Event(steps.size(), at, nanos, within));
        steps.add(
            new ModelReport.Step(
                "step",
                nodes.get(of.getFirst()).runner(),
                subgraph,
                of,
                List.of("float[1, 49, 96]"),
                List.of("float[1, 49, 96]"),
                PAGE,
                PAGE,
                1_000_000,
                times,
                parts));
        at += nanos + 500;
      }
      List<ModelReport.Subgraph> subgraphs =
          nodes.stream()
              .map(ModelReport.Node::subgraph)
              .filter(s -> !s.isEmpty())
              .distinct()
              .map(s ->
                  new ModelReport.Subgraph(
                      s,
                      "xnnpack",
                      "xnnpack",
                      (int) nodes.stream().filter(n -> n.subgraph().equals(s)).count(),
                      PAGE,
                      PAGE,
                      1 << 20))
              .toList();
      List<NodeError> errors = new ArrayList<>();
      for (int n = 0; n < nodes.size(); n++) {
        errors.add(new NodeError(n, 0, 1e-7 * (1 + n), 1e-8, 90.0 - n % 40, 1.0, 0, 0));
      }
      return new ModelReport(
          ModelReport.VERSION,
          name,
          "forward",
          new ModelReport.Machine("Linux amd64", "25", 2),
          List.of(
              new ModelReport.Block(
                  List.of(new ModelReport.Access(input, "input 0", "input")),
                  List.of(new ModelReport.Access(output, "output 0", "output")))),
          values,
          nodes,
          subgraphs,
          List.of(),
          steps,
          new ModelReport.Runs(List.of(at, at + 5_000, at + 9_000), at, at + 9_000, at, events),
          List.of(),
          List.of(
              new ModelReport.Phase("read", name, 0, 400_000),
              new ModelReport.Phase("compile", "forward_0", 500_000, 9_000_000),
              new ModelReport.Phase("part", "packing", 600_000, 5_000_000)),
          new ModelReport.Memory(
              new MemoryUse(28_000_000, 0, 1_000_000, 30_000_000, 602_112, 0, 3 * PAGE, 4_096),
              5 * PAGE,
              List.of(new MemoryPlan(0, 3 * PAGE, planned, buffers))),
          new ModelReport.Errors("the reference kernels", errors));
    }

    private static ModelReport.Times times(long nanos) {
      return new ModelReport.Times(nanos, nanos, nanos, 0.001);
    }
  }
}
