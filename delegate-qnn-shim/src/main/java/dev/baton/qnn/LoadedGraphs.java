package dev.baton.qnn;

import dev.baton.qnn.ffi.GraphDescription;
import dev.baton.qnn.ffi.QnnContext;
import java.util.List;

/**
 * A payload in the library.
 *
 * @param context owned by those who use it
 * @param byteSize of what was loaded
 */
record LoadedGraphs(QnnContext context, List<GraphDescription> graphs, long byteSize) {
  LoadedGraphs {
    graphs = List.copyOf(graphs);
  }
}
