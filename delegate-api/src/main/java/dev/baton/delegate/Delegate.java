package dev.baton.delegate;

import java.util.List;
import java.util.Set;

/**
 * A backend that runs subgraphs, or opaque payloads, on hardware or a library of its own.
 *
 * <p>Found by {@link java.util.ServiceLoader}: declare it in {@code module-info} ({@code provides})
 * and in {@code META-INF/services}. It has a public constructor without arguments that does nothing
 * heavy. One instance serves the process; all methods may be called by any thread at the same time.
 */
public interface Delegate {
  /**
   * What users type: lower case, without spaces, such as {@code xnnpack}. Always the same, never
   * empty.
   */
  String name();

  /**
   * Says whether the delegate can work on this host. Loads nothing and never throws: file headers
   * may be read. Called as often as a user asks; the answer may change.
   */
  Availability availability();

  /**
   * As {@link #availability()}, for a caller who has set options, such as the path of a library:
   * what the host asks before it opens a session.
   */
  default Availability availability(OpenContext context) {
    return availability();
  }

  /**
   * Loads what is needed. Called when a program is loaded for which the delegate may claim nodes or
   * load a payload, after {@link #availability()} said that it can work.
   *
   * @return a session that the host closes exactly once
   * @throws DelegateException if the library refuses
   */
  DelegateSession open(OpenContext context) throws DelegateException;

  /**
   * Ids, as program files carry them ({@code QnnBackend}), of the opaque payloads that a session
   * can {@linkplain DelegateSession#load load}.
   */
  default Set<String> payloadIds() {
    return Set.of();
  }

  /**
   * True if payloads of {@link #payloadIds()} are to be loaded as they are wherever the delegate is
   * open, though a {@link PayloadLifter} could write them out. One that then does not load is
   * lifted after all, unless the caller wants no fallback.
   */
  default boolean prefersPayloads() {
    return false;
  }

  /**
   * The options that {@link #open} understands. The host refuses other keys and other values before
   * it opens anything. Empty if the delegate checks what it is given itself.
   */
  default List<DelegateOption> options() {
    return List.of();
  }

  /**
   * Who is asked first, where the caller gives no order: the higher, the earlier. Java kernels are
   * asked last.
   */
  default int priority() {
    return 0;
  }

  /**
   * What is around the delegate, a word each for users, the outermost first: {@code isolated} if it
   * runs in a process of its own. Empty for the delegate itself.
   */
  default List<String> wrappings() {
    return List.of();
  }
}
