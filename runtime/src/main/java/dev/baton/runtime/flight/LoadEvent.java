package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A method was loaded, or could not be. */
@Name("baton.Load")
@Label("Load")
@Description("A method of a program was loaded")
@Category({"Baton", "Load"})
@StackTrace(false)
public final class LoadEvent extends Event {
  @Label("Program")
  String source = "";

  @Label("Method")
  String method = "";

  @Label("Placement")
  String placement = "";

  @Label("Failure")
  String failure = "";

  private LoadEvent() {}

  /** One that begins now. */
  public static LoadEvent begun() {
    LoadEvent event = new LoadEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(String source, String method, String placement, String failure) {
    end();
    if (shouldCommit()) {
      this.source = source;
      this.method = method;
      this.placement = placement;
      this.failure = failure;
      commit();
    }
  }
}
