package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A step of a run that copies a result. */
@Name("baton.Copy")
@Label("Copy")
@Description("A result was copied to where it is wanted")
@Category({"Baton", "Run"})
@StackTrace(false)
@Enabled(false)
public final class CopyEvent extends Event {
  private static final CopyEvent PROBE = new CopyEvent();

  @Label("Method")
  String method = "";

  @Label("Bytes")
  @DataAmount
  long bytes;

  private CopyEvent() {}

  /** True if somebody records such events. */
  public static boolean isOn() {
    return Flight.isOn() && PROBE.isEnabled();
  }

  /** One that begins now. */
  public static CopyEvent begun() {
    CopyEvent event = new CopyEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(String method, long bytes) {
    end();
    if (shouldCommit()) {
      this.method = method;
      this.bytes = bytes;
      commit();
    }
  }
}
