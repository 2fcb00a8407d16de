/**
 * Kernels for float32 with the Vector API. They read and write by address: an operand's bounds are
 * those of its shape, which the plan has checked. Each class is a family of operators and says what
 * it takes; the reference kernels run the rest.
 */
package dev.baton.kernels.vector;
