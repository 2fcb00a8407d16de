package dev.baton.benchmarks;

import dev.baton.cases.ModelCase;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * {@code baton bench}.
 *
 * @param delegates as the command's option takes it: {@code auto}, {@code none}
 */
record BatonContender(String name, String delegates) implements Contender {
  @Override
  public boolean takes(ModelCase model) {
    return true;
  }

  @Override
  public Measurement measure(ModelCase model, int threads, double seconds)
      throws IOException, InterruptedException {
    List<String> command = Processes.java("dev.baton.cli.Main");
    command.addAll(List.of("bench", model.model().toString(), "--json", "--delegates", delegates));
    command.addAll(List.of("--threads", "" + threads, "--seconds", "" + seconds));
    model
        .calls()
        .getFirst()
        .inputs()
        .forEach(i -> {
          command.add("--input");
          command.add(i.toString());
        });
    Map<String, Object> json = Processes.json(command);
    return new Measurement(
        Measurement.number(json, "loadMillis"),
        Measurement.number(json, "medianMicros"),
        Measurement.number(json, "peakResidentBytes") / (1 << 20));
  }
}
