package dev.baton.qnn;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import dev.baton.nativelib.NativeLibrary;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.QnnBackend;
import dev.baton.qnn.ffi.QnnContext;
import dev.baton.qnn.ffi.QnnDevice;
import dev.baton.qnn.ffi.QnnException;
import dev.baton.qnn.ffi.QnnGraphBuilder;
import dev.baton.qnn.ffi.QnnLibrary;
import dev.baton.qnn.ffi.QnnNode;
import dev.baton.qnn.ffi.QnnTensor;
import dev.baton.qnn.ffi.QnnTensor.Kind;
import dev.baton.tck.conformance.PayloadSample;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The emulator of {@code native/qnn-emulator}, where the system property {@code baton.qnn.emulator}
 * names the folder of its libraries; elsewhere tests with it are aborted.
 */
final class Emulator {
  static final TensorType ROW = TensorType.of(DType.FLOAT, 4);

  private Emulator() {}

  private static Path built() {
    String folder = System.getProperty("baton.qnn.emulator");
    assumeTrue(folder != null, "the emulator is not built: native/qnn-emulator/build does it");
    return Path.of(String.valueOf(folder));
  }

  /**
   * Copies of the libraries that fail as they are told.
   *
   * @param folder where they go, which has none yet
   * @param settings such as {@code device=14001}
   * @return the HTP library
   */
  static Path in(Path folder, String... settings) {
    try {
      Files.createDirectories(folder);
      for (String name : new String[] {"libQnnHtp.so", "libQnnCpu.so", "libQnnSystem.so"}) {
        Files.copy(built().resolve(name), folder.resolve(name));
      }
      tell(folder, settings);
      return folder.resolve("libQnnHtp.so");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** Changes what libraries are told. */
  static void tell(Path folder, String... settings) throws IOException {
    Files.write(folder.resolve("qnn-emulator.conf"), List.of(settings));
  }

  /** Backends, devices, contexts and profiles that a library made and that are not freed. */
  static long live(Path library) {
    try {
      return (long)
          NativeLibrary.open(library)
              .function("qnn_emulator_live", FunctionDescriptor.of(ValueLayout.JAVA_LONG))
              .handle()
              .invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static Host host(Path library) {
    return new Host(Map.of(QnnDelegate.LIBRARY_OPTION, library.toString()));
  }

  private static QnnTensor row(String name, Kind kind) {
    return new QnnTensor(
        0, name, kind, 0, DataType.FLOAT_32, QnnTensor.Encoding.NONE, new int[] {4});
  }

  private static QnnNode add(String name, QnnTensor a, QnnTensor b, QnnTensor out) {
    return new QnnNode(name, "ElementWiseAdd", List.of(), List.of(a, b), List.of(out));
  }

  /** A payload with the graphs forward and other: the sum of two rows, twice the first. */
  static PayloadSample sum(Path library) {
    return sample(
        library,
        "sum",
        List.of(ROW, ROW),
        false,
        context -> {
          for (String name : new String[] {"forward", "other"}) {
            QnnGraphBuilder graph = new QnnGraphBuilder(context, name);
            QnnTensor b = graph.define(row("input_1_b@0", Kind.INPUT), null);
            QnnTensor a = graph.define(row("input_0_a@0", Kind.INPUT), null);
            QnnTensor sum = graph.define(row("sum", Kind.INTERNAL), null);
            QnnTensor out = graph.define(row("output_0@0", Kind.OUTPUT), null);
            graph.add(add("first", a, b, sum));
            graph.add(add("second", a, sum, out));
            graph.finish();
          }
        });
  }

  /** A payload that adds its input to a buffer, and gives the buffer. */
  static PayloadSample counter(Path library) {
    return sample(
        library,
        "counter",
        List.of(ROW),
        true,
        context -> {
          QnnGraphBuilder graph = new QnnGraphBuilder(context, "forward");
          QnnTensor before = graph.define(row("mutbuf_0_before", Kind.INPUT), null);
          QnnTensor in = graph.define(row("input_0_a@0", Kind.INPUT), null);
          QnnTensor after = graph.define(row("mutbuf_0_after", Kind.OUTPUT), null);
          QnnTensor out = graph.define(row("output_0@0", Kind.OUTPUT), null);
          graph.add(add("keep", before, in, after));
          graph.add(add("give", before, in, out));
          graph.finish();
        });
  }

  private interface Writer {
    void write(QnnContext context) throws QnnException;
  }

  private static PayloadSample sample(
      Path library, String name, List<TensorType> inputs, boolean stateful, Writer writer) {
    try (QnnBackend backend = QnnLibrary.load(library).backend();
        QnnDevice device = backend.device(0);
        QnnContext context = QnnContext.create(device)) {
      writer.write(context);
      byte[] binary = context.binary();
      ByteBuffer payload = ByteBuffer.allocate(256 + binary.length).order(ByteOrder.LITTLE_ENDIAN);
      payload.putInt(0, 0x5678ABCD).putLong(12, binary.length).put(256, binary);
      return new PayloadSample(
          name, QnnDelegate.PAYLOAD_ID, payload.array(), Map.of(), inputs, List.of(ROW), stateful);
    } catch (QnnException e) {
      throw new IllegalStateException(e);
    }
  }
}
