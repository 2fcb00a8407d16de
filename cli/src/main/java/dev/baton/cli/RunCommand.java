package dev.baton.cli;

import dev.baton.cases.Npy;
import dev.baton.cases.Numbers;
import dev.baton.graph.DType;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.ShadowReport;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a method once. */
@Command(
    name = "run",
    description = "Runs a method once, and shows or writes its outputs.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton run model.pte --input image.npy",
      "  baton run model.bpte                                             its own first inputs",
      "  baton run model.pte --input tokens.npy --input 17 --output out   writes out/0.npy, …",
      "  baton run model.pte --input x.npy --delegates none               in Java alone",
      "  baton run model.pte --input x.npy --delegates xnnpack            on XNNPACK, or not at all"
    })
final class RunCommand extends AbstractCommand {
  private static final int JSON_VALUES = 10_000;

  @Mixin private ModelOptions model;

  @Mixin private FallbackOptions fallback;

  @Mixin private InputOptions inputs;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description = "Writes the outputs to DIR/0.npy, DIR/1.npy, ….")
  private @Nullable Path output;

  @Mixin private DelegateOptions delegates;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  RunCommand() {}

  @Override
  int execute() throws IOException {
    try (Program program = model.open();
        ModelMethod method =
            fallback.load(
                model,
                program,
                DelegateOptions.comparingAtOnce(delegates.loadOptions()),
                delegates.known());
        Execution execution = method.newExecution()) {
      InputOptions.Origin origin = inputs.set(execution, model);
      execution.run();
      List<EValue> results = new ArrayList<>();
      for (int i = 0; i < method.outputCount(); i++) {
        results.add(execution.output(i));
      }
      List<Path> files = write(results);
      if (json) {
        out().println(Json.text(json(method, results, files, execution.fallenBack())));
      } else {
        String given = InputOptions.line(origin, execution);
        if (given != null) {
          out().println(given);
        }
        show(method, results, files, execution.fallenBack());
      }
      return execution.shadowReports().stream().anyMatch(ShadowReport::tripped) ? FAILED : DONE;
    }
  }

  private List<Path> write(List<EValue> results) throws IOException {
    List<Path> files = new ArrayList<>();
    if (output != null) {
      OutputFiles.makeFolder("--output", output);
      for (int i = 0; i < results.size(); i++) {
        Path file = output.resolve(i + ".npy");
        Npy.write(file, Numbers.asTensor(results.get(i)));
        files.add(file);
      }
    }
    return files;
  }

  private void show(
      ModelMethod method, List<EValue> results, List<Path> files, List<String> fallenBack) {
    print(List.of(method.placement().summary()));
    fallenBack.forEach(s -> out().println("fell back to Java while it ran: " + s));
    for (int i = 0; i < results.size(); i++) {
      out().println("output " + i + ": " + Text.value(results.get(i)));
    }
    if (!files.isEmpty()) {
      out()
          .println(
              "wrote " + files.getFirst() + (files.size() > 1 ? " to " + files.getLast() : ""));
    }
  }

  private static Map<String, Object> json(
      ModelMethod method, List<EValue> results, List<Path> files, List<String> fallenBack) {
    List<Object> outputs = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      Map<String, Object> output = value(results.get(i));
      if (!files.isEmpty()) {
        output.put("file", files.get(i).toString());
      }
      outputs.add(output);
    }
    return Json.object(
        "method",
        method.name(),
        "placement",
        PlacementJson.summary(method.placement()),
        "fallenBack",
        fallenBack,
        "outputs",
        outputs);
  }

  private static Map<String, Object> value(EValue value) {
    if (!value.isTensor()) {
      Object plain = value.toObject();
      return plain == null ? Json.object("none", true) : Json.object("value", plain);
    }
    Tensor tensor = value.toTensor();
    Tensor reals = Numbers.asReals(tensor);
    List<Object> values =
        LongStream.range(0, Math.min(reals.numel(), JSON_VALUES))
            .mapToObj(i -> element(reals, i))
            .toList();
    return Json.object(
        "dtype",
        Text.dtype(tensor.dtype()),
        "shape",
        tensor.shape(),
        "values",
        values,
        "truncated",
        reals.numel() > JSON_VALUES);
  }

  private static Object element(Tensor tensor, long index) {
    return tensor.dtype().isFloatingPoint()
        ? (Object) Numbers.asDouble(tensor, index)
        : tensor.dtype() == DType.BOOL
            ? (Object) (Numbers.asLong(tensor, index) != 0)
            : (Object) Numbers.asLong(tensor, index);
  }
}
