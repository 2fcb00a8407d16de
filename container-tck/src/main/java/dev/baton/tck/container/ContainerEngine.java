package dev.baton.tck.container;

import java.util.Optional;

/** What starts containers. */
interface ContainerEngine {
  /** Why there are no containers here, one sentence; empty if there are. */
  Optional<String> absence();

  /** The image is neither here nor to be had from a registry. */
  final class NoImageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoImageException(String image, Throwable cause) {
      super("There is no image " + image + ", and none is to be had", cause);
    }
  }

  /**
   * Runs a container to its end.
   *
   * @return what it wrote to its output and error streams
   * @throws NoImageException if the host's image cannot be had
   * @throws RuntimeException if it cannot be started, ends with an error or takes too long
   */
  String run(Launch launch);
}
