package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A delegate does not run an operator of a method that was placed. */
@Name("baton.Decline")
@Label("Decline")
@Description("A delegate does not run an operator")
@Category({"Baton", "Load"})
@StackTrace(false)
@Enabled(false)
public final class DeclineEvent extends Event {
  @Label("Delegate")
  String delegate = "";

  @Label("Method")
  String method = "";

  @Label("Operator")
  String operator = "";

  @Label("Instruction")
  int instruction;

  @Label("Kind")
  String kind = "";

  @Label("Reason")
  String reason = "";

  private DeclineEvent() {}

  /** It happens now. */
  public static void happened(
      String delegate,
      String method,
      String operator,
      int instruction,
      String kind,
      String reason) {
    DeclineEvent event = new DeclineEvent();
    if (event.shouldCommit()) {
      event.delegate = delegate;
      event.method = method;
      event.operator = operator;
      event.instruction = instruction;
      event.kind = kind;
      event.reason = reason;
      event.commit();
    }
  }
}
