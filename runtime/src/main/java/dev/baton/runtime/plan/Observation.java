package dev.baton.runtime.plan;

import dev.baton.graph.Node;
import dev.baton.runtime.RunObserver;
import java.util.function.ToIntFunction;

/**
 * Who observes runs, and how nodes are named to it.
 *
 * @param positions of nodes among the operators of the placement
 */
public record Observation(RunObserver observer, ToIntFunction<Node> positions) {}
