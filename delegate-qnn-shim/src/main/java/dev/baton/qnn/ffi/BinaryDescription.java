package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What a context binary says of itself.
 *
 * @param backendId of the library that it was made by
 * @param buildId version of the SDK that it was made by, such as {@code v2.49.40}; may be empty
 * @param socModel 0 if it is not told
 */
public record BinaryDescription(
    int backendId, String buildId, int socModel, List<GraphDescription> graphs) {
  public BinaryDescription {
    graphs = List.copyOf(graphs);
  }

  static BinaryDescription read(MemorySegment info) throws QnnFormatException {
    int version = info.get(JAVA_INT, 0);
    if (version < 1 || version > 3) {
      throw new QnnFormatException("the context binary's description has the version " + version);
    }
    long graphs = version < 3 ? Layouts.INFO_GRAPHS_V1 : Layouts.INFO_GRAPHS_V3;
    MemorySegment body = info.asSlice(Layouts.INFO_BODY);
    return new BinaryDescription(
        body.get(JAVA_INT, Layouts.INFO_BACKEND_ID),
        NativeMemory.text(body, Layouts.INFO_BUILD_ID),
        version < 3 ? 0 : body.get(JAVA_INT, Layouts.INFO_SOC_MODEL_V3),
        GraphDescription.readAll(
            body.get(JAVA_LONG, graphs + 8), NativeMemory.count(body, graphs)));
  }
}
