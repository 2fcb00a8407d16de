/**
 * Test material for delegates. {@link dev.baton.tck.FaultInjectingDelegate} wraps any delegate,
 * fails where {@link dev.baton.tck.Faults} says, and keeps a {@link dev.baton.tck.Journal} of all
 * that the host did; {@link dev.baton.tck.PureJavaDelegate} and {@link
 * dev.baton.tck.OpaquePayloadDelegate} need no hardware; {@link
 * dev.baton.cases.program.ProgramBuilder} writes programs without an exporter; {@link
 * dev.baton.tck.NoLeaks} counts native memory.
 */
package dev.baton.tck;
