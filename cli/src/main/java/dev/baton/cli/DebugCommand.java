package dev.baton.cli;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.Delegate;
import dev.baton.devtools.debug.DebugReport;
import dev.baton.devtools.debug.Debugger;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Why numbers are wrong. */
@Command(
    name = "debug",
    description = "Finds the operator that gives wrong numbers, and who runs it.",
    sortOptions = false,
    footer = {
      "",
      "Each step of the placement is run on the reference's inputs and compared with it; then each",
      "operator alone. The one that departs most beyond rounding is named, and written with its",
      "inputs as a case of its own.",
      "",
      "Examples:",
      "  baton debug model.pte --input x.npy          all delegates, against the reference kernels",
      "  baton debug case --against case --out found  and whether the stored outputs agree",
      "  baton debug case --delegates qnn --against xnnpack",
      "",
      "Exit status: 0 nothing departs; 1 something does."
    })
final class DebugCommand extends AbstractCommand {
  private static final String REFERENCE = "reference";
  private static final String TEXT = "report.txt";
  private static final String JSON = "report.json";

  @Mixin private ModelOptions model;

  @Mixin private InputOptions inputs;

  @Mixin private DelegateOptions delegates;

  @Option(
      names = "--against",
      paramLabel = "CASE|reference|DELEGATE",
      defaultValue = REFERENCE,
      description = {
        "What is right: the reference kernels (the default), another delegate, or a case, whose"
            + " inputs are given and whose outputs are compared with both."
      })
  private String against = REFERENCE;

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      description =
          "Writes report.txt, report.json, and the culprit as a case in FOLDER/sub-model; those of an"
              + " earlier search are deleted first.")
  private @Nullable Path folder;

  @Option(
      names = "--strictness",
      paramLabel = "X",
      defaultValue = "1",
      description = "Multiplies all bounds of errors; default: 1. More is less strict.")
  private double strictness;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  DebugCommand() {}

  @Override
  int execute() throws IOException {
    if (!(strictness > 0)) {
      throw usageError("--strictness is " + strictness + ", expected above 0");
    }
    LoadOptions options = delegates.loadOptions();
    Delegates known = delegates.known();
    try (Program program = model.open()) {
      String method = model.method(program);
      Debugger debugger =
          new Debugger(program, method, known)
              .suspect(delegates.words(), options)
              .strictness(strictness)
              .progress(text -> {
                err().println("… " + text);
                err().flush();
              });
      against(debugger, program, method, known, options);
      if (folder != null) {
        OutputFiles.makeFolder("--out", folder);
        Files.deleteIfExists(folder.resolve(TEXT)); // of another search
        Files.deleteIfExists(folder.resolve(JSON));
        debugger.subModel(folder.resolve("sub-model"));
      }
      DebugReport report = debugger.run();
      if (folder != null) {
        Files.writeString(folder.resolve(TEXT), String.join("\n", report.text()) + "\n");
        Files.writeString(folder.resolve(JSON), Json.text(report.json()) + "\n");
      }
      if (json) {
        out().println(Json.text(report.json()));
      } else {
        print(report.text());
      }
      return report.verdict() == DebugReport.Verdict.NO_DEPARTURE ? DONE : FAILED;
    }
  }

  /** Nothing is compared with a delegate that is not here, or takes nothing. */
  private void requireTakes(Program program, String method, Delegates known) {
    LoadOptions strict = LoadOptions.defaults().withDelegates(List.of(against));
    if (ModelMethod.explain(program, method, strict, known).subgraphs().isEmpty()) {
      throw new IllegalArgumentException(
          "delegate '"
              + against
              + "' takes nothing of method '"
              + method
              + "': compare with another");
    }
  }

  private void against(
      Debugger debugger, Program program, String method, Delegates known, LoadOptions options)
      throws IOException {
    Path golden = Path.of(against);
    if (known.find(against) != null) {
      requireTakes(program, method, known);
      LoadOptions other =
          LoadOptions.defaults()
              .withDelegates(List.of(against))
              .withPolicy(FallbackPolicy.FALL_BACK_AND_REPORT)
              .withThreads(options.threads());
      debugger.reference("delegate " + against, other);
      debugger.calls(inputsOfModel());
    } else if (ModelCase.isCase(golden) || ModelCase.isBundle(golden)) {
      ModelCase modelCase = ModelCase.read(golden);
      List<ModelCase.Call> calls =
          modelCase.calls().stream().filter(c -> c.method().equals(method)).toList();
      List<Debugger.Inputs> given = new ArrayList<>();
      List<List<Tensor>> expected = new ArrayList<>();
      for (ModelCase.Call call : calls) {
        given.add(execution -> {
          if (modelCase.independent()) {
            execution.reset();
          }
          CaseRunner.setInputs(execution, call.inputs());
        });
        List<Tensor> outputs = new ArrayList<>();
        for (ModelCase.Source source : call.expected()) {
          outputs.add(source.read());
        }
        expected.add(outputs);
      }
      if (given.isEmpty()) {
        throw new IllegalArgumentException(golden + " does not call method '" + method + "'");
      }
      debugger.calls(given).goldens(expected, modelCase.tolerance());
    } else if (against.equals(REFERENCE)) {
      debugger.calls(inputsOfModel());
    } else {
      throw usageError(
          "--against '"
              + against
              + "' is no case, nor '"
              + REFERENCE
              + "', nor a delegate; known: "
              + known.delegates().stream().map(Delegate::name).collect(Collectors.joining(", ")));
    }
  }

  private List<Debugger.Inputs> inputsOfModel() {
    return List.of(execution -> inputs.setOrRandomize(execution, model));
  }
}
