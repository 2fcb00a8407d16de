package dev.example.openvino.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.graph.Shape;
import dev.baton.nativelib.FailureKind;
import dev.baton.nativelib.NativeLibrary;
import dev.baton.nativelib.NativeLibraryException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * OpenVINO's C library with a core of its own, loaded once for the process: it starts threads, so
 * it is never unloaded. Any thread.
 */
public final class OpenvinoLibrary {
  /** Functions without which the library is of no use. */
  public static final List<String> SYMBOLS =
      List.of(
          "ov_get_openvino_version",
          "ov_version_free",
          "ov_get_last_err_msg",
          "ov_free",
          "ov_core_create",
          "ov_core_get_property",
          "ov_core_set_property",
          "ov_core_read_model_from_memory_buffer",
          "ov_core_compile_model",
          "ov_core_import_model",
          "ov_model_free",
          "ov_compiled_model_create_infer_request",
          "ov_compiled_model_inputs_size",
          "ov_compiled_model_outputs_size",
          "ov_compiled_model_free",
          "ov_infer_request_set_tensor",
          "ov_infer_request_set_input_tensor_by_index",
          "ov_infer_request_set_output_tensor_by_index",
          "ov_infer_request_infer",
          "ov_infer_request_start_async",
          "ov_infer_request_wait_for",
          "ov_infer_request_wait",
          "ov_infer_request_cancel",
          "ov_infer_request_free",
          "ov_tensor_create",
          "ov_tensor_create_from_host_ptr",
          "ov_tensor_get_byte_size",
          "ov_tensor_free");

  /** The device of claims. */
  public static final String CPU = "CPU";

  private static final StructLayout SHAPE =
      MemoryLayout.structLayout(JAVA_LONG.withName("rank"), ADDRESS.withName("dims"));
  private static final long MAX_TEXT = 1 << 20;
  private static final Map<Path, OpenvinoLibrary> LOADED = new HashMap<>();

  private final NativeLibrary library;
  private final String build;
  private final MemorySegment core;
  private final MethodHandle lastError;
  private final MethodHandle free;
  private final MethodHandle createTensor;
  private final MethodHandle freeTensor;
  final MethodHandle infer;
  final MethodHandle startAsync;
  final MethodHandle waitFor;
  final MethodHandle waitUntilDone;
  final MethodHandle cancel;
  final MethodHandle setTensor;
  final MethodHandle setInput;
  final MethodHandle setOutput;
  final MethodHandle freeRequest;
  final MethodHandle newRequest;
  final MethodHandle freeModel;

  private OpenvinoLibrary(NativeLibrary library) throws OpenvinoException {
    this.library = library;
    lastError = bind("ov_get_last_err_msg", FunctionDescriptor.of(ADDRESS));
    free = bind("ov_free", FunctionDescriptor.ofVoid(ADDRESS));
    createTensor =
        bind(
            "ov_tensor_create_from_host_ptr",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, SHAPE, ADDRESS, ADDRESS));
    freeTensor = bind("ov_tensor_free", FunctionDescriptor.ofVoid(ADDRESS));
    infer = bind("ov_infer_request_infer", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    startAsync = bind("ov_infer_request_start_async", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    waitFor =
        bind("ov_infer_request_wait_for", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    waitUntilDone = bind("ov_infer_request_wait", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    cancel = bind("ov_infer_request_cancel", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    setTensor =
        bind(
            "ov_infer_request_set_tensor",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
    FunctionDescriptor byIndex = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS);
    setInput = bind("ov_infer_request_set_input_tensor_by_index", byIndex);
    setOutput = bind("ov_infer_request_set_output_tensor_by_index", byIndex);
    freeRequest = bind("ov_infer_request_free", FunctionDescriptor.ofVoid(ADDRESS));
    newRequest =
        bind(
            "ov_compiled_model_create_infer_request",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    freeModel = bind("ov_compiled_model_free", FunctionDescriptor.ofVoid(ADDRESS));
    build = readBuild();
    requireVersion();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      call("ov_core_create", FunctionDescriptor.of(JAVA_INT, ADDRESS), out);
      core = out.get(ADDRESS, 0);
      setProperty(arena, "INFERENCE_PRECISION_HINT", "f32");
    }
  }

  private MethodHandle bind(String name, FunctionDescriptor type, Linker.Option... options) {
    return library.function(name, type, options).handle();
  }

  /**
   * Loads a library, or gives the one that is loaded.
   *
   * @throws NativeLibraryException if the loader refuses it, or it is too old
   * @throws OpenvinoException if it cannot make a core
   */
  public static synchronized OpenvinoLibrary load(Path path) throws OpenvinoException {
    Path key = path.toAbsolutePath().normalize();
    OpenvinoLibrary known = LOADED.get(key);
    if (known == null) {
      known = new OpenvinoLibrary(NativeLibrary.open(key));
      LOADED.put(key, known);
    }
    return known;
  }

  private String readBuild() throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment version = arena.allocate(ADDRESS, 2);
      call("ov_get_openvino_version", FunctionDescriptor.of(JAVA_INT, ADDRESS), version);
      String text = text(version.get(ADDRESS, 0));
      invoke(bind("ov_version_free", FunctionDescriptor.ofVoid(ADDRESS)), version);
      return text;
    }
  }

  /** Refuses a library that numbers element types in another way. */
  private void requireVersion() throws OpenvinoException {
    OpenvinoVersion version = OpenvinoVersion.ofBuild(build);
    if (version != null && version.compareTo(OpenvinoVersion.OLDEST) < 0) {
      throw unfit("is too old", OpenvinoVersion.OLDEST + " or newer");
    }
    for (ElementType type : ElementType.values()) {
      if (byteSize(type) != type.byteSize()) {
        throw unfit(
            "numbers its element types in another way than the C API of " + OpenvinoVersion.TESTED,
            OpenvinoVersion.OLDEST + " to " + OpenvinoVersion.TESTED);
      }
    }
  }

  private NativeLibraryException unfit(String what, String wanted) {
    return new NativeLibraryException(
        FailureKind.UNFIT,
        "OpenVINO " + build + " (" + library.path() + ") " + what + ".",
        "Install OpenVINO " + wanted + ".",
        List.of());
  }

  private long byteSize(ElementType type) throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      call(
          "ov_tensor_create",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, SHAPE, ADDRESS),
          type.code(),
          shape(arena, Shape.of(1)),
          out);
      MemorySegment tensor = out.get(ADDRESS, 0);
      MemorySegment size = arena.allocate(JAVA_LONG);
      call(
          "ov_tensor_get_byte_size",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS),
          tensor,
          size);
      freeTensor(tensor);
      return size.get(JAVA_LONG, 0);
    }
  }

  /** What the library calls itself: {@code 2026.4.1-…}. */
  public String build() {
    return build;
  }

  /** True if the library is newer than what this was tested with. */
  public boolean isUntested() {
    OpenvinoVersion version = OpenvinoVersion.ofBuild(build);
    return version == null || version.compareTo(OpenvinoVersion.TESTED) > 0;
  }

  /**
   * The full name of a device, which loads its plugin.
   *
   * @throws OpenvinoException if there is no such device
   */
  public String deviceName(String device) throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      call(
          "ov_core_get_property",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
          core,
          arena.allocateFrom(device),
          arena.allocateFrom("FULL_DEVICE_NAME"),
          out);
      return taken(out.get(ADDRESS, 0));
    }
  }

  /**
   * Compiles an IR for the CPU.
   *
   * @param weights address that the offsets of the IR's constants count from; what it holds stays
   *     valid until the result is closed
   * @param weightBytes every constant ends at or before this offset
   * @param properties keys and values, as OpenVINO's documentation names them
   * @return closed by the caller
   */
  public CompiledModel compile(
      String ir, MemorySegment weights, long weightBytes, Map<String, String> properties)
      throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment xml = arena.allocateFrom(ir);
      MemorySegment out = arena.allocate(ADDRESS);
      MemorySegment tensor =
          weightBytes == 0
              ? MemorySegment.NULL
              : tensor(arena, ElementType.U8.code(), new long[] {weightBytes}, weights);
      try {
        call(
            "ov_core_read_model_from_memory_buffer",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS),
            core,
            xml,
            xml.byteSize() - 1,
            tensor,
            out);
      } finally {
        freeTensor(tensor);
      }
      MemorySegment model = out.get(ADDRESS, 0);
      try {
        compile("ov_core_compile_model", arena, model, properties, out);
      } finally {
        invoke(bind("ov_model_free", FunctionDescriptor.ofVoid(ADDRESS)), model);
      }
      return new CompiledModel(this, out.get(ADDRESS, 0));
    }
  }

  /**
   * Compiles a model file of any format that OpenVINO reads for the CPU.
   *
   * @return closed by the caller
   */
  public CompiledModel compile(Path file, Map<String, String> properties) throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      compile(
          "ov_core_compile_model_from_file",
          arena,
          arena.allocateFrom(file.toString()),
          properties,
          out);
      return new CompiledModel(this, out.get(ADDRESS, 0));
    }
  }

  /** Calls one of the functions that compile: their properties are variadic. */
  private void compile(
      String name,
      Arena arena,
      MemorySegment model,
      Map<String, String> properties,
      MemorySegment out)
      throws OpenvinoException {
    List<MemoryLayout> types =
        new ArrayList<>(List.of(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
    List<Object> arguments =
        new ArrayList<>(List.of(core, model, arena.allocateFrom(CPU), 2L * properties.size(), out));
    int fixed = arguments.size();
    properties.forEach((key, value) -> {
      arguments.add(arena.allocateFrom(key));
      arguments.add(arena.allocateFrom(value));
      types.add(ADDRESS);
      types.add(ADDRESS);
    });
    MethodHandle function =
        bind(
            name,
            FunctionDescriptor.of(JAVA_INT, types.toArray(MemoryLayout[]::new)),
            Linker.Option.firstVariadicArg(fixed));
    check(name, (int) invoke(function, arguments.toArray()));
  }

  /**
   * Imports what a compiled model's export wrote.
   *
   * @param blob valid until the result is closed: OpenVINO may go on reading it
   * @param device such as {@code CPU}
   * @param threads that a run on the CPU may use
   * @return closed by the caller
   */
  public synchronized CompiledModel importModel(MemorySegment blob, String device, int threads)
      throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      // The C API imports with the properties of the core, which others set too: one at a time.
      setProperty(arena, "INFERENCE_NUM_THREADS", Integer.toString(threads));
      MemorySegment out = arena.allocate(ADDRESS);
      call(
          "ov_core_import_model",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS),
          core,
          blob,
          blob.byteSize(),
          arena.allocateFrom(device),
          out);
      return new CompiledModel(this, out.get(ADDRESS, 0));
    }
  }

  private void setProperty(Arena arena, String key, String value) throws OpenvinoException {
    MethodHandle function =
        bind(
            "ov_core_set_property",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
            Linker.Option.firstVariadicArg(2));
    check(
        "ov_core_set_property",
        (int)
            invoke(
                function,
                core,
                arena.allocateFrom(CPU),
                arena.allocateFrom(key),
                arena.allocateFrom(value)));
  }

  // Tensors over memory of others

  MemorySegment tensor(Arena arena, int type, long[] sizes, MemorySegment data)
      throws OpenvinoException {
    MemorySegment out = arena.allocate(ADDRESS);
    check(
        "ov_tensor_create_from_host_ptr",
        (int) invoke(createTensor, type, shape(arena, sizes), data, out));
    return out.get(ADDRESS, 0);
  }

  void freeTensor(MemorySegment tensor) {
    if (tensor.address() != 0) {
      invoke(freeTensor, tensor);
    }
  }

  private static MemorySegment shape(Arena arena, Shape shape) {
    return shape(arena, java.util.Arrays.stream(shape.sizes()).asLongStream().toArray());
  }

  private static MemorySegment shape(Arena arena, long[] sizes) {
    MemorySegment shape = arena.allocate(SHAPE);
    shape.set(JAVA_LONG, 0, sizes.length);
    shape.set(ADDRESS, JAVA_LONG.byteSize(), arena.allocateFrom(JAVA_LONG, sizes));
    return shape;
  }

  // Calls

  void call(String name, FunctionDescriptor type, Object... arguments) throws OpenvinoException {
    check(name, (int) invoke(bind(name, type), arguments));
  }

  long readSize(String name, MemorySegment object) throws OpenvinoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(JAVA_LONG);
      call(name, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), object, size);
      return size.get(JAVA_LONG, 0);
    }
  }

  void check(String name, int status) throws OpenvinoException {
    if (status != 0) {
      throw new OpenvinoException(name, status, error());
    }
  }

  /** The library's own words, without the places in its sources. */
  private String error() {
    MemorySegment message = (MemorySegment) invoke(lastError);
    if (message.address() == 0) {
      return "";
    }
    return taken(message)
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("Exception from "))
        .collect(Collectors.joining(" "));
  }

  private static String text(MemorySegment address) {
    return address.reinterpret(MAX_TEXT).getString(0);
  }

  /** A text that the library gave away. */
  private String taken(MemorySegment address) {
    String text = text(address);
    invoke(free, address);
    return text;
  }

  /** Calls without exact types: for what is not called in each run. */
  static Object invoke(MethodHandle function, Object... arguments) {
    try {
      return function.invokeWithArguments(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static IllegalStateException unexpected(Throwable e) {
    return new IllegalStateException("A native function threw a checked exception.", e);
  }
}
