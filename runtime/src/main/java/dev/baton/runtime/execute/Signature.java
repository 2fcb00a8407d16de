package dev.baton.runtime.execute;

import java.util.List;

/**
 * What a plan depends on: the shapes and scalars of the variables that may vary.
 *
 * @param facts a {@link dev.baton.graph.Shape} or {@link dev.baton.runtime.kernel.Call.Number} for
 *     each, in order
 */
record Signature(List<Object> facts) {}
