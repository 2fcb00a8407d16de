/**
 * The program reader: a {@code .pte} file in, an immutable, fully checked {@link
 * dev.baton.runtime.program.Program} out.
 *
 * <p>Any byte string gives a program or one {@link
 * dev.baton.runtime.program.ProgramFormatException}. What a program holds needs no second check:
 * every index is in range and points to a value of the right kind, every constant lies inside its
 * segment, sizes multiply without overflow, dim orders are permutations.
 */
package dev.baton.runtime.program;
