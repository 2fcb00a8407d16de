package dev.baton.runtime.program;

/**
 * One memory of a method's own memory plan. Its index in {@link ProgramMethod#plannedBuffers()} is
 * the memory id.
 *
 * @param bytes size, zero or more; always 0 for the reserved memory id 0
 */
public record PlannedBuffer(long bytes, DeviceSpec device) {}
