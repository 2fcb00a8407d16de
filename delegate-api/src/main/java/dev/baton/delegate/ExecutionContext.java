package dev.baton.delegate;

/** Context of {@link CompiledSubgraph#newExecution}. */
public interface ExecutionContext extends HostContext {}
