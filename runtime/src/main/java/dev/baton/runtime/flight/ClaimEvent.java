package dev.baton.runtime.flight;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A delegate was asked what it takes of a graph. */
@Name("baton.Claim")
@Label("Claim")
@Description("A delegate said which operators it takes")
@Category({"Baton", "Load"})
@StackTrace(false)
public final class ClaimEvent extends Event {
  @Label("Delegate")
  String delegate = "";

  @Label("Method")
  String method = "";

  @Label("Operators Offered")
  int offered;

  @Label("Operators Claimed")
  int claimed;

  @Label("Failure")
  String failure = "";

  private ClaimEvent() {}

  /** One that begins now. */
  public static ClaimEvent begun() {
    ClaimEvent event = new ClaimEvent();
    event.begin();
    return event;
  }

  /** It ends now. */
  public void done(String delegate, String method, int offered, int claimed, String failure) {
    end();
    if (shouldCommit()) {
      this.delegate = delegate;
      this.method = method;
      this.offered = offered;
      this.claimed = claimed;
      this.failure = failure;
      commit();
    }
  }
}
