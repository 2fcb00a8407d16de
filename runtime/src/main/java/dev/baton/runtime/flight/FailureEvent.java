package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A delegate failed. */
@Name("baton.Failure")
@Label("Delegate Failure")
@Description("A delegate could not be opened, claim, compile or run")
@Category({"Baton", "Fallback"})
@StackTrace(false)
public final class FailureEvent extends Event {
  @Label("Moment")
  String moment = "";

  @Label("Delegate")
  String delegate = "";

  @Label("What")
  String what = "";

  @Label("Failure")
  String failure = "";

  private FailureEvent() {}

  /** It happens now. */
  public static void happened(String moment, String delegate, String what, String failure) {
    FailureEvent event = new FailureEvent();
    if (event.shouldCommit()) {
      event.moment = moment;
      event.delegate = delegate;
      event.what = what;
      event.failure = failure;
      event.commit();
    }
  }
}
