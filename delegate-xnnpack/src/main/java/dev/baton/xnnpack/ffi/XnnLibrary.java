package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeFunction;
import dev.baton.nativelib.NativeLibrary;
import dev.baton.nativelib.NativeLibraryException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * XNNPACK, loaded and initialised. One instance for each file, for the life of the process: the
 * library keeps static state and per-thread storage, so it is never unloaded. Safe for use by
 * several threads.
 */
public final class XnnLibrary {
  /** Subgraphs, runtimes, workspaces, thread pools and packed weights that are not yet freed. */
  static final AtomicInteger LIVE = new AtomicInteger();

  private static final Map<Path, XnnLibrary> LOADED = new HashMap<>();

  private final Path path;
  private final String version;
  private final Map<XnnFunction, NativeFunction> functions = new EnumMap<>(XnnFunction.class);
  private final Map<XnnFeature, Boolean> features = new ConcurrentHashMap<>();
  private @Nullable Long digest;
  private XnnCodes codes = new XnnCodes(List.of(), List.of());

  private XnnLibrary(NativeLibrary library) {
    path = library.path();
    version = XnnVersion.of(symbol -> library.find(symbol).isPresent());
    for (XnnFunction f : XnnFunction.values()) {
      functions.put(f, new NativeFunction(library, path.toString(), f.symbol(), f.descriptor()));
    }
  }

  /**
   * The library of a file, loaded at the first call.
   *
   * @throws NativeLibraryException if the loader refuses the file, or a function is missing without
   *     which nothing can be done
   * @throws XnnException if XNNPACK cannot work here
   */
  public static XnnLibrary load(Path path) throws XnnException {
    Path key = path.toAbsolutePath().normalize();
    synchronized (LOADED) {
      XnnLibrary known = LOADED.get(key);
      if (known == null) {
        known = new XnnLibrary(NativeLibrary.open(key));
        known.call(XnnFunction.INITIALIZE, h -> (int) h.invokeExact(0L));
        known.codes = new XnnCodes(known.findUnary(), known.findReduce());
        LOADED.put(key, known);
      }
      return known;
    }
  }

  /** The library of a file, if it is loaded; else null. */
  public static @Nullable XnnLibrary loaded(Path path) {
    synchronized (LOADED) {
      return LOADED.get(path.toAbsolutePath().normalize());
    }
  }

  public Path path() {
    return path;
  }

  /** Between which dates it was made, as its functions tell. */
  public String version() {
    return version;
  }

  /** Tells the file's bytes from those of other versions; null if it cannot be read. */
  public synchronized @Nullable Long digest() {
    if (digest == null) {
      try (Arena arena = Arena.ofConfined();
          FileChannel channel = FileChannel.open(path)) {
        ContentDigest bytes = new ContentDigest();
        bytes.update(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        digest = bytes.value();
      } catch (IOException e) {
        return null;
      }
    }
    return digest;
  }

  /** Whether this version of the library has the function. */
  public boolean has(XnnFunction function) {
    return function(function).available();
  }

  /** Whether this version of the library has the operator. */
  public boolean has(XnnNode.UnaryOperator operator) {
    return has(XnnFunction.DEFINE_UNARY) && codes.unary().contains(operator.symbol());
  }

  /** Whether this version of the library has the reduction. */
  public boolean has(XnnNode.ReduceOperator operator) {
    return has(XnnFunction.DEFINE_STATIC_REDUCE) && codes.reduce().contains(operator.symbol());
  }

  /** Whether this version of the library can do this, and rightly. */
  public boolean has(XnnFeature feature) {
    return features.computeIfAbsent(feature, f -> f.works(this));
  }

  /** Native objects of all libraries that are not yet deleted. */
  public static int liveObjects() {
    return LIVE.get();
  }

  int code(XnnNode.UnaryOperator operator) {
    return codes.unary().indexOf(operator.symbol());
  }

  int code(XnnNode.ReduceOperator operator) {
    return codes.reduce().indexOf(operator.symbol());
  }

  /** A call of a function that returns a status. */
  interface Call {
    int on(MethodHandle handle) throws Throwable;
  }

  void call(XnnFunction function, Call call) throws XnnException {
    int status;
    try {
      status = call.on(handle(function));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
    if (status != 0) {
      throw new XnnException(function, status);
    }
  }

  MethodHandle handle(XnnFunction function) {
    return function(function).handle();
  }

  private NativeFunction function(XnnFunction function) {
    NativeFunction found = functions.get(function);
    if (found == null) {
      throw new IllegalArgumentException(function.symbol());
    }
    return found;
  }

  private List<String> findUnary() throws XnnException {
    for (List<String> candidate : XnnCodes.UNARY) {
      int code = candidate.indexOf("square");
      if (computes(List.of(-3f), 9, new XnnNode.RawUnary(code, 0, 1))) {
        return candidate;
      }
    }
    return List.of();
  }

  private List<String> findReduce() {
    if (has(XnnFunction.DEFINE_STATIC_REDUCE)) {
      for (List<String> candidate : XnnCodes.REDUCE) {
        if (Arrays.stream(XnnNode.ReduceOperator.values()).allMatch(o -> fits(o, candidate))) {
          return candidate;
        }
      }
    }
    return List.of();
  }

  /** Whether an operator computes what it should by its code in a list, or is not in it. */
  private boolean fits(XnnNode.ReduceOperator operator, List<String> codes) {
    int code = codes.indexOf(operator.symbol());
    float expected =
        switch (operator) {
          case SUM -> 2 + 6;
          case MEAN -> (2 + 6) / 2;
          case MAX -> 6;
          case MIN -> 2;
        };
    return code < 0 || computes(List.of(2f, 6f), expected, new XnnNode.RawReduce(code, 0, 1));
  }

  /** Whether a node, applied to a vector, gives the number. */
  private boolean computes(List<Float> input, float expected, XnnNode node) {
    XnnGraph graph =
        new XnnGraph(
            2,
            List.of(
                XnnValue.input(XnnType.Plain.FLOAT, input.size()),
                XnnValue.output(XnnType.Plain.FLOAT, 1)),
            List.of(node));
    return computes(graph, input, expected);
  }

  /** Whether a graph of one float input and one float output, of one number, gives the number. */
  boolean computes(XnnGraph graph, List<Float> input, float expected) {
    try (Arena arena = Arena.ofConfined();
        XnnRuntime runtime = XnnRuntime.create(this, graph, null, null, null, false)) {
      MemorySegment data = arena.allocate(512, 64);
      for (int i = 0; i < input.size(); i++) {
        data.setAtIndex(JAVA_FLOAT, i, input.get(i));
      }
      runtime.reshape();
      runtime.setAddress(0, data.address());
      runtime.setAddress(1, data.address() + 256);
      runtime.setup();
      runtime.invoke();
      return data.get(JAVA_FLOAT, 256) == expected;
    } catch (XnnException e) {
      return false;
    } finally {
      Reference.reachabilityFence(graph); // its data are read by address
    }
  }

  /** Reads what a function wrote to a result of pointer size. */
  static long pointer(MemorySegment out) {
    return out.get(JAVA_LONG, 0);
  }
}
