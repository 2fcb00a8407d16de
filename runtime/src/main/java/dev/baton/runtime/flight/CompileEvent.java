package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A delegate compiled a subgraph, or could not. */
@Name("baton.Compile")
@Label("Compile")
@Description("A delegate compiled a subgraph, or loaded a payload")
@Category({"Baton", "Load"})
@StackTrace(false)
public final class CompileEvent extends Event {
  @Label("Delegate")
  String delegate = "";

  @Label("Subgraph")
  String subgraph = "";

  @Label("Operators")
  int operators;

  @Label("Memory")
  @DataAmount
  long memory;

  @Label("Failure")
  String failure = "";

  private CompileEvent() {}

  /** One that begins now. */
  public static CompileEvent begun() {
    CompileEvent event = new CompileEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(String delegate, String subgraph, int operators, long memory, String failure) {
    end();
    if (shouldCommit()) {
      this.delegate = delegate;
      this.subgraph = subgraph;
      this.operators = operators;
      this.memory = memory;
      this.failure = failure;
      commit();
    }
  }
}
