package dev.baton.isolation;

import dev.baton.delegate.Delegate;
import dev.baton.tck.ForwardingDelegate;
import dev.baton.xnnpack.XnnpackDelegate;

/** XNNPACK in a child process; every object the same one. */
public final class XnnpackInChild extends ForwardingDelegate {
  private static final Delegate ISOLATED = Isolation.inChildProcess(XnnpackDelegate.class);

  public XnnpackInChild() {
    super(ISOLATED);
  }
}
