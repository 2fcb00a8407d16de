/** Kernels by themselves: programs of one operator on each runner, by JMH. */
@NullMarked
package dev.baton.benchmarks.kernel;

import org.jspecify.annotations.NullMarked;
