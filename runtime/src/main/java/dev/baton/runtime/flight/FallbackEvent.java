package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Java runs a subgraph whose delegate has failed, for the first time. */
@Name("baton.Fallback")
@Label("Fallback")
@Description(
    "Java runs a subgraph in the place of its delegate, for the first time; lasts as long as Java takes")
@Category({"Baton", "Fallback"})
@StackTrace(false)
public final class FallbackEvent extends Event {
  @Label("Method")
  String method = "";

  @Label("Delegate")
  String delegate = "";

  @Label("Subgraph")
  String subgraph = "";

  @Label("Failure")
  String failure = "";

  @Label("Time of the Delegate until it Failed")
  @Timespan
  long delegateTime;

  @Label("Time of Java")
  @Timespan
  long javaTime;

  private FallbackEvent() {}

  /** One that begins now. */
  public static FallbackEvent begun() {
    FallbackEvent event = new FallbackEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(
      String method,
      String delegate,
      String subgraph,
      String failure,
      long delegateTime,
      long javaTime) {
    end();
    if (shouldCommit()) {
      this.method = method;
      this.delegate = delegate;
      this.subgraph = subgraph;
      this.failure = failure;
      this.delegateTime = delegateTime;
      this.javaTime = javaTime;
      commit();
    }
  }
}
