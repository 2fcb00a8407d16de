/**
 * Operators in Java. A {@link dev.baton.runtime.kernel.Kernel} says what an operator gives and
 * binds it to buffers; what it binds is a {@link dev.baton.runtime.kernel.Step} that has nothing
 * left to decide. The kernels here are the reference: plain, in fixed order, and the oracle of the
 * others.
 */
package dev.baton.runtime.kernel;
