/**
 * Where time and memory go: the phases of a load, and the steps of recorded runs. {@code
 * Execution.startProfile} records, {@code Execution.profile} gives what was recorded.
 */
package dev.baton.runtime.profile;
