/**
 * Plans: for one block and one set of shapes, where every value lies and which steps run. A {@link
 * dev.baton.runtime.plan.BlockPlan} is shared by all callers; bound to the memory of one, it is
 * steps.
 */
package dev.baton.runtime.plan;
