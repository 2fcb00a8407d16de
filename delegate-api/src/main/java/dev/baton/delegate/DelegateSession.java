package dev.baton.delegate;

import dev.baton.graph.GraphView;

/**
 * A delegate at work for one loaded program, all of whose methods it serves. The host calls {@link
 * #claim}, {@link #compile} and {@link #load} from one thread at a time; {@link #close} once, after
 * everything that the session compiled is closed. Closing again does nothing, and use afterwards is
 * an exception, never a crash.
 */
public interface DelegateSession extends AutoCloseable {
  /**
   * Looks at a graph and, for each node, takes it or declines it. Called any number of times. A
   * node that is neither taken nor declined counts as declined without a reason. Taking is an
   * offer: the host forms subgraphs of the taken groups, and may leave out what would not pay.
   *
   * @param graph valid during the call
   * @param claims valid during the call
   */
  void claim(GraphView graph, Claims claims);

  /**
   * Compiles a subgraph of nodes that were taken: convex, whole groups only, in the order of the
   * graph.
   *
   * @param subgraph valid during the call; constants stay valid until the result is closed
   * @return never null; closed once by the host
   * @throws DelegateException if it cannot; the nodes then go to the next delegate, or to Java. One
   *     of {@link DelegateException.Kind#UNSUPPORTED} has the host ask for {@link #claim} again
   *     first, so that the delegate may take less, and go on with what it then takes
   */
  CompiledSubgraph compile(Subgraph subgraph, CompileContext context) throws DelegateException;

  /**
   * Loads an opaque payload, one of {@link Delegate#payloadIds()}.
   *
   * @param payload its bytes stay valid until the result is closed
   * @return never null; closed once by the host
   * @throws DelegateException if it cannot
   */
  default CompiledSubgraph load(Payload payload, CompileContext context) throws DelegateException {
    throw new DelegateException(
        DelegateException.Kind.UNSUPPORTED, "the delegate loads no payloads");
  }

  /**
   * What a run of any of its subgraphs costs beside the operators: to enter it, hand over inputs
   * and outputs, and come back. A subgraph that is known to save less than this against Java stays
   * there, unless the caller named the delegates or the whole method was lowered for it.
   *
   * @return nanoseconds, not negative, always the same; by default what a call of a library in the
   *     same process takes
   */
  default double entryNanos() {
    return 100;
  }

  @Override
  void close();
}
