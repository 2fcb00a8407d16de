package dev.baton.tck.container;

import java.util.Optional;

/** What starts containers. */
interface ContainerEngine {
  /** Why there are no containers here, one sentence; empty if there are. */
  Optional<String> absence();

  /**
   * Runs a container to its end.
   *
   * @return what it wrote to its output and error streams
   * @throws RuntimeException if it cannot be started, ends with an error or takes too long
   */
  String run(Launch launch);
}
