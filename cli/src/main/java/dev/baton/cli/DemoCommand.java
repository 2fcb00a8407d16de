package dev.baton.cli;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Command;

/** A first look: the same digits, natively and in Java. */
@Command(
    name = "demo",
    description = "Classifies 397 handwritten digits: on XNNPACK, and in pure Java.",
    footer = {
      "",
      "Two programs with the same weights, one of plain operators and one that was lowered for",
      "XNNPACK when it was exported; Baton runs each both ways. 'baton doctor' says more where",
      "XNNPACK is not available."
    })
final class DemoCommand extends AbstractCommand {
  private static final String NATIVE = "xnnpack";

  DemoCommand() {}

  /** One program, run one way. */
  private record Round(
      String program,
      String runner,
      int correct,
      double medianMicros,
      int[] digits,
      String where) {}

  @Override
  int execute() throws IOException {
    Tensor images = DemoData.images();
    long[] labels = DemoData.labels().getDataAsLongArray();
    Delegates delegates = Delegates.load();
    Availability availability = availability(delegates);
    out().println(labels.length + " handwritten digits that the network never saw in training");
    if (!availability.isAvailable()) {
      out().println();
      out().println("XNNPACK is not available: " + availability.message());
      out().println("  remedy: " + availability.remedy());
      out().println("  Java runs everything.");
    }
    List<Round> rounds = new ArrayList<>();
    for (String program : DemoData.PROGRAMS) {
      if (availability.isAvailable()) {
        LoadOptions options = LoadOptions.defaults().withDelegates(List.of(NATIVE)).withThreads(1);
        rounds.add(round(program, "XNNPACK", images, labels, options, delegates));
      }
      rounds.add(round(program, "Java", images, labels, LoadOptions.javaOnly(), delegates));
    }
    show(rounds, labels.length);
    return DONE;
  }

  private static Availability availability(Delegates delegates) {
    Delegate delegate = delegates.find(NATIVE);
    return delegate == null
        ? Availability.unavailable(
            Availability.Reason.LIBRARY_ABSENT,
            "its delegate is not on the class path"
                + (delegates.problems().isEmpty()
                    ? "."
                    : ": " + String.join(" ", delegates.problems())),
            "Add dev.baton:baton-delegate-xnnpack, or dev.baton:baton, which brings it.",
            List.of())
        : delegate.availability();
  }

  private static Round round(
      String name,
      String runner,
      Tensor images,
      long[] labels,
      LoadOptions options,
      Delegates delegates)
      throws IOException {
    try (Program program = Program.of(DemoData.program(name));
        ModelMethod method = ModelMethod.load(program, "forward", options, delegates);
        Execution execution = method.newExecution()) {
      MemorySegment input = execution.input(0).data();
      long imageBytes = input.byteSize();
      int[] digits = new int[labels.length];
      long[] nanos = new long[labels.length];
      int correct = 0;
      for (int i = 0; i < labels.length; i++) {
        MemorySegment.copy(images.data(), i * imageBytes, input, 0, imageBytes);
        long start = System.nanoTime();
        execution.run();
        nanos[i] = System.nanoTime() - start;
        digits[i] = largest(execution.output(0).toTensor().getDataAsFloatArray());
        correct += digits[i] == labels[i] ? 1 : 0;
      }
      Arrays.sort(nanos);
      String summary = method.placement().summary();
      return new Round(
          name,
          runner,
          correct,
          nanos[nanos.length / 2] / 1e3,
          digits,
          summary.substring(summary.indexOf(':') + 2));
    }
  }

  private static int largest(float[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return best;
  }

  private void show(List<Round> rounds, int images) {
    out().println();
    out()
        .println(
            Text.format(
                "%-20s  %-8s  %8s  %12s  %s",
                "program", "runner", "accuracy", "median/image", "what ran where"));
    for (Round round : rounds) {
      out()
          .println(
              Text.format(
                  "%-20s  %-8s  %6.1f %%  %9.1f us  %s",
                  round.program(),
                  round.runner(),
                  100.0 * round.correct() / images,
                  round.medianMicros(),
                  round.where()));
    }
    int[] first = rounds.getFirst().digits();
    long same =
        java.util.stream.IntStream.range(0, images)
            .filter(i -> rounds.stream().allMatch(r -> r.digits()[i] == first[i]))
            .count();
    out().println();
    out()
        .println(
            same == images
                ? "All "
                    + rounds.size()
                    + " rounds read the same digit in each of the "
                    + images
                    + " images."
                : "The rounds read different digits in " + (images - same) + " images.");
    out().println("A few hundred runs only: 'baton bench' measures after warming up.");
  }
}
