package dev.baton.delegate;

/** Context of {@link Delegate#open}. */
public interface OpenContext extends HostContext {}
