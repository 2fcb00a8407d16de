package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A method or execution was closed. */
@Name("baton.Close")
@Label("Close")
@Description("Native memory was freed")
@Category({"Baton", "Load"})
@StackTrace(false)
public final class CloseEvent extends Event {
  @Label("What")
  String what = "";

  @Label("Method")
  String method = "";

  private CloseEvent() {}

  /** One that begins now. */
  public static CloseEvent begun() {
    CloseEvent event = new CloseEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(String what, String method) {
    end();
    if (shouldCommit()) {
      this.what = what;
      this.method = method;
      commit();
    }
  }
}
