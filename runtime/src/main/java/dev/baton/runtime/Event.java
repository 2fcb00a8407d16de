package dev.baton.runtime;

import dev.baton.delegate.Availability;
import dev.baton.runtime.text.Sentences;
import java.util.List;

/** Something that happened while a method was loaded or run, for {@link LoadOptions#listener}. */
public interface Event {
  /** One sentence for a log. */
  String message();

  /** A delegate cannot work here; its work goes elsewhere. */
  record DelegateUnavailable(String delegate, Availability availability) implements Event {
    @Override
    public String message() {
      return "delegate '" + delegate + "' is unavailable: " + Sentences.of(availability);
    }
  }

  /** A delegate said that it was available, and could not be opened. */
  record OpenFailed(String delegate, Exception cause) implements Event {
    @Override
    public String message() {
      return "delegate '" + delegate + "' could not be opened: " + Sentences.of(cause);
    }
  }

  /** A delegate could not say what it takes of a method, and is not asked again. */
  record ClaimFailed(String delegate, String method, Exception cause) implements Event {
    @Override
    public String message() {
      return "delegate '"
          + delegate
          + "' could not say what it takes of method '"
          + method
          + "': "
          + cause.getMessage();
    }
  }

  /** A delegate could not compile a subgraph that it had claimed. */
  record CompileFailed(String delegate, String subgraph, List<String> operators, Exception cause)
      implements Event {
    @Override
    public String message() {
      return "delegate '"
          + delegate
          + "' could not compile "
          + subgraph
          + " ("
          + operators.size()
          + " operators): "
          + Sentences.of(cause);
    }
  }

  /**
   * A delegate refused payloads that Baton then wrote out as operators, which others run.
   *
   * @param payload the backend id
   */
  record PayloadsLifted(String delegate, String method, String payload, Exception cause)
      implements Event {
    @Override
    public String message() {
      return "delegate '"
          + delegate
          + "' refused what was lowered for "
          + payload
          + " in method '"
          + method
          + "', so Baton opens it and runs its operators itself: "
          + Sentences.of(cause);
    }
  }

  /**
   * A subgraph failed while it was bound or run; from now on its operators run in Java in this
   * execution.
   */
  record RunFailed(String delegate, String subgraph, Exception cause) implements Event {
    @Override
    public String message() {
      return "delegate '"
          + delegate
          + "' failed in "
          + subgraph
          + ", which now runs in Java: "
          + Sentences.of(cause);
    }
  }

  /**
   * A run of a subgraph, repeated in Java, gave something else; from the next run on its operators
   * run in Java in this execution, or the run fails under {@link FallbackPolicy#FAIL}. Comes from
   * the thread that compares, see {@link Shadow}, and perhaps when the execution is closed.
   */
  record ShadowDiverged(String delegate, String subgraph, String error) implements Event {
    @Override
    public String message() {
      return "delegate '"
          + delegate
          + "' computed something else in "
          + subgraph
          + " than Java, and runs it no more in this execution: the error is "
          + error;
    }
  }

  /**
   * Java kernels refused to run a node together with those before it; each runs alone, or is
   * refused when shapes are known.
   *
   * @param provider of the kernels
   * @param operator the last of the group, with its place
   */
  record FusionRefused(String provider, String operator, String reason) implements Event {
    @Override
    public String message() {
      return "the kernels '" + provider + "' do not fuse " + operator + ": " + reason;
    }
  }

  /**
   * How far long work has come.
   *
   * @param delegate whose work it is; empty for that of Java kernels
   * @param fraction 0 to 1
   */
  record Progress(String delegate, String what, double fraction) implements Event {
    @Override
    public String message() {
      String who = delegate.isEmpty() ? "Java kernels" : "delegate '" + delegate + "'";
      return "%s: %s, %.0f %%".formatted(who, what, 100 * fraction);
    }
  }

  /** A delegate's word to the user. */
  record Warning(String delegate, String text) implements Event {
    @Override
    public String message() {
      return "delegate '" + delegate + "': " + text;
    }
  }

  /** A method is loaded. */
  record Loaded(Placement placement, long nanos) implements Event {
    @Override
    public String message() {
      return placement.summary() + ", loaded in " + nanos / 1_000_000 + " ms";
    }
  }
}
