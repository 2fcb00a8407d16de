package dev.baton.delegate;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Context of {@link DelegateSession#compile} and {@link DelegateSession#load}. */
public interface CompileContext extends HostContext {
  /** Name of the program's method that the subgraph is of. */
  String method();

  /**
   * Where the bytes of a constant are stored, by which a delegate may know them again in later
   * loads of this process without reading them.
   *
   * @param bytes of a constant or a payload
   * @return empty if they are of no file, or the host cannot vouch for the file
   */
  default Optional<StoredBytes> stored(MemorySegment bytes) {
    return Optional.empty();
  }
}
