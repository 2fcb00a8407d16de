package dev.baton.runtime.execute;

import dev.baton.graph.Shape;
import java.util.List;

/**
 * What a plan depends on: the shapes and scalars of the variables that may vary.
 *
 * @param facts a {@link Shape} or {@link dev.baton.runtime.kernel.Call.Number} for each, in order
 */
record Signature(List<Object> facts) {}
