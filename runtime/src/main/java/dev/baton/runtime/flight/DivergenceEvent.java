package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A comparison found a delegate to be wrong. */
@Name("baton.Divergence")
@Label("Shadow Divergence")
@Description("A delegate computed something else than Java")
@Category({"Baton", "Fallback"})
@StackTrace(false)
public final class DivergenceEvent extends Event {
  @Label("Delegate")
  String delegate = "";

  @Label("Subgraph")
  String subgraph = "";

  @Label("Error")
  String error = "";

  private DivergenceEvent() {}

  /** It happens now. */
  public static void happened(String delegate, String subgraph, String error) {
    DivergenceEvent event = new DivergenceEvent();
    if (event.shouldCommit()) {
      event.delegate = delegate;
      event.subgraph = subgraph;
      event.error = error;
      event.commit();
    }
  }
}
