/** Who runs what: delegates claim, the host forms convex subgraphs, delegates compile them. */
package dev.baton.runtime.placement;
