package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A step of a run. */
@Name("baton.Step")
@Label("Step")
@Description("A step of a run: an operator, several as one, or a subgraph")
@Category({"Baton", "Run"})
@StackTrace(false)
@Enabled(false)
public final class StepEvent extends Event {
  private static final StepEvent PROBE = new StepEvent();

  @Label("Method")
  String method = "";

  @Label("Step")
  String step = "";

  @Label("Runner")
  String runner = "";

  private StepEvent() {}

  /** True if somebody records such events. */
  public static boolean isOn() {
    return Flight.isOn() && PROBE.isEnabled();
  }

  /** One that begins now. */
  public static StepEvent begun() {
    StepEvent event = new StepEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(String method, String step, String runner) {
    end();
    if (shouldCommit()) {
      this.method = method;
      this.step = step;
      this.runner = runner;
      commit();
    }
  }
}
