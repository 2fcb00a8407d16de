package dev.baton.isolation.wire;

/** What a frame says. Requests have a number, which their answers and callbacks carry too. */
public enum Kind {
  // the child's first word
  HELLO,

  // requests of the parent
  AVAILABILITY,
  OPEN,
  CLAIM,
  COMPILE,
  LOAD,
  OUTPUT_SHAPES,
  NODES_OF,
  NEW_EXECUTION,
  BIND,
  RESET,
  SNAPSHOT,
  RESTORE,
  CLOSE_EXECUTION,
  CLOSE_SUBGRAPH,
  CLOSE_SESSION,

  // answers of the child
  DONE,
  REFUSED,
  THREW,

  // callbacks of the child within a request, and the parent's answer to the last
  WARN,
  PROGRESS,
  RECORD,
  NAMED_DATA,
  NAMED_DATA_ANSWER,

  // words without an answer
  CANCEL,
  /** The number is an execution's: its thread has a run to do. */
  WAKE,
  /** The number is an execution's: its run is over, and somebody waits for that. */
  RUN_DONE,
  /** The number is an execution's: what a run has to tell besides its outputs. */
  RUN_REPORT,
  SHUTDOWN;

  private static final Kind[] ALL = values();

  static Kind of(int code) {
    if (code < 0 || code >= ALL.length) {
      throw new WireException("no frame has the code " + code);
    }
    return ALL[code];
  }
}
