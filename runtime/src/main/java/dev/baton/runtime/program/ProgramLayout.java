package dev.baton.runtime.program;

/**
 * The parts of a program file, in bytes.
 *
 * @param fileBytes the whole file
 * @param headerBytes length of the extended header: 0 (none), 24 (before ExecuTorch 1.0), 32, or
 *     more in files of the future
 * @param programBytes the tables, from the file's start
 * @param segmentBase file offset of the segments, 0 if there are none
 * @param segmentBytes all segments with the padding between them; 0 if there are none or the header
 *     is too old to say
 */
public record ProgramLayout(
    long fileBytes, int headerBytes, int programBytes, long segmentBase, long segmentBytes) {}
