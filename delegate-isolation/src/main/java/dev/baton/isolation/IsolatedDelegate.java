package dev.baton.isolation;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateOption;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.OpenContext;
import dev.baton.isolation.wire.ContextFacts;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.Reader;
import dev.baton.isolation.wire.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A delegate that works in a child process, one for all its sessions. */
final class IsolatedDelegate implements Delegate {
  private final Delegate here;
  private final Supervisor supervisor;

  /**
   * @param here asked for what needs no library: name, priority, payload ids
   * @param arguments how the child finds its delegate
   */
  IsolatedDelegate(Delegate here, List<String> arguments, IsolationOptions options) {
    this.here = here;
    this.supervisor = new Supervisor(here.name(), arguments, options, here.getClass().getModule());
  }

  @Override
  public String name() {
    return here.name();
  }

  @Override
  public Set<String> payloadIds() {
    return here.payloadIds();
  }

  @Override
  public boolean prefersPayloads() {
    return here.prefersPayloads();
  }

  @Override
  public List<DelegateOption> options() {
    return here.options();
  }

  @Override
  public int priority() {
    return here.priority();
  }

  @Override
  public List<String> wrappings() {
    List<String> all = new ArrayList<>(List.of("isolated"));
    all.addAll(here.wrappings());
    return all;
  }

  @Override
  public Availability availability() {
    return availabilityOrFailure(null);
  }

  @Override
  public Availability availability(OpenContext context) {
    return availabilityOrFailure(context);
  }

  private Availability availabilityOrFailure(@Nullable OpenContext context) {
    supervisor.requestBegins();
    try {
      Writer body = new Writer().put(context != null);
      if (context != null) {
        ContextFacts.of(context, "").write(body);
      }
      Reader answer = supervisor.child().call(Kind.AVAILABILITY, body, context);
      boolean available = answer.bool();
      String message = answer.text();
      return available
          ? Availability.available(message)
          : Availability.unavailable(
              answer.oneOf(Availability.Reason.values()),
              message,
              answer.text(),
              answer.list(Reader::text));
    } catch (DelegateException e) {
      return Availability.unavailable(
          Availability.Reason.OTHER,
          "It could not be asked in its child process: " + e.getMessage() + ".",
          e.remedy().isEmpty() ? "Report this to the delegate's vendor." : e.remedy(),
          List.of());
    } finally {
      supervisor.requestEnds();
    }
  }

  @Override
  public DelegateSession open(OpenContext context) throws DelegateException {
    supervisor.sessionOpened();
    boolean opened = false;
    try {
      IsolatedSession session = new IsolatedSession(supervisor, ContextFacts.of(context, ""));
      session.open(context);
      opened = true;
      return session;
    } finally {
      if (!opened) {
        supervisor.sessionClosed();
      }
    }
  }
}
