/**
 * Events for Java Flight Recorder. Callers ask {@link dev.baton.runtime.flight.Flight#isOn} before
 * they touch another class of this package: where the JVM has no recorder, there is none to load.
 */
package dev.baton.runtime.flight;
