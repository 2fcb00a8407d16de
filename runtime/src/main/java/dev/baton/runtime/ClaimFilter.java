package dev.baton.runtime;

import dev.baton.graph.Node;

/**
 * Keeps operators from delegates: {@link LoadOptions#withClaims}. Asked while a method is placed.
 */
@FunctionalInterface
public interface ClaimFilter {
  /** Every delegate may take what it likes. */
  ClaimFilter ANY = (delegate, operator, node) -> true;

  /**
   * @param operator position among the operators of the placement
   * @return false if the delegate is not even shown the operator
   */
  boolean mayClaim(String delegate, int operator, Node node);
}
