package dev.baton.tck;

/** A call that the host makes to a delegate. */
public enum Moment {
  AVAILABILITY,
  OPEN,
  CLAIM,
  COMPILE,
  LOAD,
  NEW_EXECUTION,
  BIND,
  RUN,
  RESET,
  SNAPSHOT,
  RESTORE,
  CLOSE_EXECUTION,
  CLOSE_SUBGRAPH,
  CLOSE_SESSION
}
