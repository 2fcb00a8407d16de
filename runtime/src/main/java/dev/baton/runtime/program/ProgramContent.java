package dev.baton.runtime.program;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/** What the decoder hands to {@link Program}. */
record ProgramContent(
    ProgramLayout layout,
    long schemaVersion,
    Map<String, ProgramMethod> methods,
    List<MemorySegment> segments,
    Map<String, MemorySegment> namedData,
    List<DataFile> dataFiles,
    List<BundledTest> tests) {
  ProgramContent with(List<BundledTest> bundled) {
    return new ProgramContent(
        layout, schemaVersion, methods, segments, namedData, dataFiles, bundled);
  }
}
