/** Baton beside other runtimes, in turn, on the same cases. */
@NullMarked
package dev.baton.benchmarks.beside;

import org.jspecify.annotations.NullMarked;
