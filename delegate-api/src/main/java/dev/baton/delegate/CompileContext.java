package dev.baton.delegate;

/** Context of {@link DelegateSession#compile} and {@link DelegateSession#load}. */
public interface CompileContext extends HostContext {
  /** Name of the program's method that the subgraph is of. */
  String method();
}
