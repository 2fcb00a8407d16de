package dev.example.openvino;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.Payload;
import dev.baton.delegate.Subgraph;
import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.example.openvino.ffi.CompiledModel;
import dev.example.openvino.ffi.ElementType;
import dev.example.openvino.ffi.OpenvinoException;
import dev.example.openvino.ffi.OpenvinoLibrary;
import dev.example.openvino.ir.Ir;
import dev.example.openvino.ir.Translator;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A compiled model, of a subgraph or of a payload, and what it reads while it lives. */
final class OpenvinoSubgraph implements CompiledSubgraph {
  private static final String DEVICE_SPEC = "device";

  private final String name;
  private final CompiledModel model;
  private final Arena arena;
  private final long memoryBytes;
  private final List<ElementType> inputs;
  private final List<ElementType> outputs;
  private final boolean named;

  private OpenvinoSubgraph(
      String name,
      CompiledModel model,
      Arena arena,
      long memoryBytes,
      List<ElementType> inputs,
      List<ElementType> outputs,
      boolean named) {
    this.name = name;
    this.model = model;
    this.arena = arena;
    this.memoryBytes = memoryBytes;
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    this.named = named;
  }

  static OpenvinoSubgraph compile(
      OpenvinoLibrary library, Subgraph subgraph, CompileContext context) throws DelegateException {
    Arena arena = Arena.ofShared();
    try {
      Ir ir = Translator.write(subgraph, arena);
      CompiledModel model =
          library.compile(
              ir.xml(subgraph.name()), ir.base(), ir.range(), properties(context.threads()));
      return new OpenvinoSubgraph(
          subgraph.name(),
          model,
          arena,
          ir.constantBytes(),
          types(subgraph.inputs().stream().map(Value::tensorType).toList()),
          types(subgraph.outputs().stream().map(Value::tensorType).toList()),
          true);
    } catch (OpenvinoException e) {
      arena.close();
      throw failure(DelegateException.Kind.UNSUPPORTED, "compiling " + subgraph.name(), e);
    } catch (RuntimeException | DelegateException e) {
      arena.close();
      throw e;
    }
  }

  /** Float32 throughout, and one run at a time by all threads. */
  static Map<String, String> properties(int threads) {
    return Map.of(
        "PERFORMANCE_HINT",
        "LATENCY",
        "INFERENCE_PRECISION_HINT",
        "f32",
        "INFERENCE_NUM_THREADS",
        Integer.toString(threads),
        "NUM_STREAMS",
        "1",
        "ENABLE_CPU_PINNING",
        "NO");
  }

  static OpenvinoSubgraph load(OpenvinoLibrary library, Payload payload, CompileContext context)
      throws DelegateException {
    String what = "the payload of " + payload.method();
    byte[] spec = payload.compileSpecs().get(DEVICE_SPEC);
    String device =
        spec == null ? OpenvinoLibrary.CPU : new String(spec, StandardCharsets.UTF_8).strip();
    if (device.equals(OpenvinoLibrary.CPU)) {
      CompiledBlob.check(payload.bytes(), library.build());
    }
    List<ElementType> inputs = types(payload.inputs());
    List<ElementType> outputs = types(payload.outputs());
    CompiledModel model;
    try {
      model = library.importModel(payload.bytes(), device, context.threads());
    } catch (OpenvinoException e) {
      throw failure(
          DelegateException.Kind.BAD_PAYLOAD, "loading " + what + " for the device " + device, e);
    }
    try {
      long inputCount = model.inputCount();
      long outputCount = model.outputCount();
      if (inputCount != inputs.size() || outputCount != outputs.size()) {
        throw new DelegateException(
            DelegateException.Kind.BAD_PAYLOAD,
            "%s takes %d inputs and gives %d outputs, the program passes %d and %d"
                .formatted(what, inputCount, outputCount, inputs.size(), outputs.size()));
      }
      return new OpenvinoSubgraph(
          what, model, Arena.ofShared(), payload.bytes().byteSize(), inputs, outputs, false);
    } catch (OpenvinoException e) {
      model.close();
      throw failure(DelegateException.Kind.BAD_PAYLOAD, "loading " + what, e);
    } catch (RuntimeException | DelegateException e) {
      model.close();
      throw e;
    }
  }

  private static List<ElementType> types(List<TensorType> tensors) throws DelegateException {
    List<ElementType> types = new ArrayList<>();
    for (TensorType tensor : tensors) {
      ElementType type = ElementType.of(tensor.dtype());
      if (type == null) {
        DType dtype = tensor.dtype();
        throw new DelegateException(
            DelegateException.Kind.UNSUPPORTED, "a tensor of the boundary is " + dtype);
      }
      types.add(type);
    }
    return types;
  }

  static DelegateException failure(
      DelegateException.Kind kind, String what, OpenvinoException cause) {
    String text = String.valueOf(cause.getMessage());
    boolean memory = text.contains("bad_alloc") || text.contains("llocat");
    return new DelegateException(
        memory ? DelegateException.Kind.RESOURCES : kind, what + ": " + text, "", cause);
  }

  @Override
  public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
    try {
      return new OpenvinoExecution(name, model.newRequest(), inputs, outputs, named);
    } catch (OpenvinoException e) {
      throw failure(DelegateException.Kind.FAILED, "making an execution of " + name, e);
    }
  }

  @Override
  public long memoryBytes() {
    return memoryBytes;
  }

  @Override
  public synchronized void close() {
    model.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
