package dev.baton.tck.container;

import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import java.nio.file.Path;

/** What runs in the container: a case, or a {@link HostCheck}. Prints what it saw in one line. */
public final class Probe {
  /** Begins the line. */
  static final String SEEN = "baton-observation: ";

  static final String CASE = "case";
  static final String CHECK = "check";

  private Probe() {}

  /**
   * @param args {@link #CASE} and a folder, or {@link #CHECK} and a class
   */
  public static void main(String[] args) {
    Observation seen;
    try {
      seen =
          switch (args[0]) {
            case CASE ->
                Observation.of(
                    new CaseRunner(Delegates.load(), LoadOptions.defaults())
                        .run(ModelCase.read(Path.of(args[1]))));
            case CHECK ->
                ((HostCheck) Class.forName(args[1]).getDeclaredConstructor().newInstance()).run();
            default -> throw new IllegalArgumentException(args[0]);
          };
    } catch (Exception | LinkageError e) {
      e.printStackTrace(System.out);
      seen = Observation.failed(e);
    }
    System.out.println(SEEN + seen.toJson());
    System.out.flush();
  }
}
