package dev.baton.runtime.profile;

/**
 * Bytes by purpose. What several executions share is in each one's.
 *
 * @param constants of the graphs, as they are stored: in the mapped file, or in {@code copies}
 * @param copies of constants: folded, dequantized, or in another order than the file's
 * @param packed constants in the form that Java kernels want
 * @param delegates what delegates hold for their subgraphs, packed weights first of all
 * @param inputsOutputs buffers of inputs and outputs
 * @param state what lives from run to run, and what blocks hand on
 * @param activations the arena
 * @param scratch of Java kernels
 */
public record MemoryUse(
    long constants,
    long copies,
    long packed,
    long delegates,
    long inputsOutputs,
    long state,
    long activations,
    long scratch) {}
