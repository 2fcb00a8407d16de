package dev.baton.delegate;

/**
 * Bytes of a file: equal ones have the same contents.
 *
 * @param offset of the first byte in the file
 * @param size number of bytes
 */
public record StoredBytes(FileVersion file, long offset, long size) {}
