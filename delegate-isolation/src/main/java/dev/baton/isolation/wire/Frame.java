package dev.baton.isolation.wire;

/**
 * One word of the conversation.
 *
 * @param number of the request that it belongs to, or of an execution, as its kind says; 0 for none
 */
public record Frame(int number, Kind kind, Reader body) {}
