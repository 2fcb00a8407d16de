package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/** A run of a method. */
@Name("baton.Run")
@Label("Run")
@Description("A run of a method")
@Category({"Baton", "Run"})
@StackTrace(false)
@Threshold("10 ms")
public final class RunEvent extends Event {
  private static final RunEvent PROBE = new RunEvent();

  @Label("Method")
  String method = "";

  @Label("Completed")
  boolean completed;

  private RunEvent() {}

  /** True if somebody records such events. */
  public static boolean isOn() {
    return Flight.isOn() && PROBE.isEnabled();
  }

  /** One that begins now. */
  public static RunEvent begun() {
    RunEvent event = new RunEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(String method, boolean completed) {
    end();
    if (shouldCommit()) {
      this.method = method;
      this.completed = completed;
      commit();
    }
  }
}
