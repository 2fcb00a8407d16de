package dev.baton.delegate;

import dev.baton.graph.GraphBuilder;

/**
 * Opens payloads that describe themselves, and writes them as operators of the vocabulary. Pure
 * Java: needs neither the backend's library nor its hardware. Found by {@link
 * java.util.ServiceLoader}, like {@link Delegate}; stateless, any thread.
 */
public interface PayloadLifter {
  /** The backend id of the payloads that this opens: {@code XnnpackBackend}. */
  String payloadId();

  /**
   * Writes the payload's operators into the graph, and says which value each output argument
   * receives.
   *
   * @param payload valid during the call, its bytes as long as the program; hostile until proven
   *     otherwise
   * @throws DelegateException with {@link DelegateException.Kind#BAD_PAYLOAD} if the payload is
   *     damaged, with {@link DelegateException.Kind#UNSUPPORTED} if it holds something that cannot
   *     be written: the message names all such
   */
  void lift(Payload payload, GraphBuilder into) throws DelegateException;
}
