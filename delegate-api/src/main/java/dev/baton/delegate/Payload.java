package dev.baton.delegate;

import dev.baton.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A piece of a program that was lowered for a backend when it was exported. */
public interface Payload {
  /** The backend id in the file: {@code XnnpackBackend}. */
  String id();

  /** Name of the method that calls it. */
  String method();

  /** The payload's bytes, read-only, at least 16-aligned unless the file's writer did otherwise. */
  MemorySegment bytes();

  /** Compile specs by key, in the order of the file. The values are not to be changed. */
  Map<String, byte[]> compileSpecs();

  /**
   * Named data of the program and of its external data files; empty if there is none by that name.
   */
  Optional<MemorySegment> namedData(String key);

  /** Types of the delegate call's inputs, in order: upper bounds where shapes vary. */
  List<TensorType> inputs();

  /**
   * Types of the delegate call's outputs, in order. Empty when a lifter is called: the payload
   * itself knows them.
   */
  List<TensorType> outputs();
}
