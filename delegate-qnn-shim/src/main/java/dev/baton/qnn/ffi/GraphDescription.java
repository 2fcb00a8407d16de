package dev.baton.qnn.ffi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A graph's name, inputs and outputs, in the order of the library. */
public record GraphDescription(String name, List<QnnTensor> inputs, List<QnnTensor> outputs) {
  public GraphDescription {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** Reads graphs that lie one behind the other. */
  static List<GraphDescription> readAll(long address, int count) throws QnnFormatException {
    List<GraphDescription> graphs = new ArrayList<>();
    if (count > 0) {
      MemorySegment all = NativeMemory.at(address, count * Layouts.GRAPH_BYTES);
      for (int i = 0; i < count; i++) {
        int version = all.get(JAVA_INT, i * Layouts.GRAPH_BYTES);
        if (version < 1 || version > 3) {
          throw new QnnFormatException("a graph's description has the version " + version);
        }
        graphs.add(
            read(
                all.asSlice(
                    i * Layouts.GRAPH_BYTES + Layouts.GRAPH_BODY,
                    Layouts.GRAPH_BYTES - Layouts.GRAPH_BODY)));
      }
    }
    return graphs;
  }

  private static GraphDescription read(MemorySegment body) throws QnnFormatException {
    return new GraphDescription(
        NativeMemory.text(body, Layouts.GRAPH_NAME),
        tensors(body, Layouts.GRAPH_INPUTS),
        tensors(body, Layouts.GRAPH_OUTPUTS));
  }

  /** A count, and behind it a pointer. */
  private static List<QnnTensor> tensors(MemorySegment body, long field) throws QnnFormatException {
    int count = NativeMemory.count(body, field);
    List<QnnTensor> tensors = new ArrayList<>();
    if (count > 0) {
      MemorySegment all =
          NativeMemory.at(body.get(JAVA_LONG, field + 8), count * Layouts.TENSOR_BYTES);
      for (int i = 0; i < count; i++) {
        tensors.add(QnnTensor.read(all.asSlice(i * Layouts.TENSOR_BYTES, Layouts.TENSOR_BYTES)));
      }
    }
    return tensors;
  }
}
