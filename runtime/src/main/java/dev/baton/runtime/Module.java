package dev.baton.runtime;

import dev.baton.runtime.placement.Closing;
import dev.baton.runtime.program.Program;
import dev.baton.runtime.program.ProgramMethod;
import dev.baton.runtime.program.ReadOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A model, in the manner of ExecuTorch's own Java API: load, forward, close.
 *
 * <p>Safe for use by several threads, which then take turns: a module has one state, which its
 * methods have in common as far as the program was exported so ({@code share_mutable_buffers}).
 * Servers give each concurrent caller an {@link Execution} of a shared {@link ModelMethod}.
 */
public final class Module implements AutoCloseable {
  /** One method with its one execution. */
  private record Loaded(ModelMethod method, Execution execution) {}

  private final Program program;
  private final Model model;
  private final Map<String, Loaded> methods = new HashMap<>();
  private final Object turnOfShared = new Object();
  private boolean closed;

  private Module(Program program, LoadOptions options) {
    this.program = program;
    this.model = Model.of(program, options);
  }

  /**
   * Opens a program file; its methods are compiled when they are first used.
   *
   * @throws UncheckedIOException if the file cannot be read
   * @throws BatonException if it is no sound program
   */
  public static Module load(Path path) {
    return load(path, LoadOptions.defaults());
  }

  /** As {@link #load(Path)}. */
  public static Module load(String path) {
    return load(Path.of(path));
  }

  /** As {@link #load(Path)}, with options. */
  public static Module load(Path path, LoadOptions options) {
    return load(path, List.of(), options);
  }

  /**
   * As {@link #load(Path)}, for a program whose weights lie outside of it.
   *
   * @param dataFiles its {@code .ptd} files, in any order
   */
  public static Module load(Path path, List<Path> dataFiles) {
    return load(path, dataFiles, LoadOptions.defaults());
  }

  /** As {@link #load(Path, List)}, with options. */
  public static Module load(Path path, List<Path> dataFiles, LoadOptions options) {
    try {
      return new Module(
          Program.open(path, ReadOptions.defaults().withDataFiles(dataFiles)), options);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the program file " + path + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** Names of the methods, sorted. */
  public List<String> getMethods() {
    return program.methods().keySet().stream().sorted().toList();
  }

  /** Compiles a method now; does nothing if it is compiled. */
  public void loadMethod(String name) {
    loaded(name);
  }

  /**
   * Runs {@code forward}.
   *
   * @param inputs one for each input; copied
   * @return the outputs, which are the caller's
   * @throws IllegalArgumentException if the inputs do not fit
   * @throws BatonException if it cannot be compiled, or fails
   */
  public EValue[] forward(EValue... inputs) {
    return execute("forward", inputs);
  }

  /** As {@link #forward(EValue...)}, for tensors. */
  public EValue[] forward(Tensor... inputs) {
    return execute("forward", Arrays.stream(inputs).map(EValue::from).toArray(EValue[]::new));
  }

  /** Runs a method. */
  public EValue[] execute(String method, EValue... inputs) {
    Execution execution = loaded(method).execution();
    synchronized (turn(execution)) {
      return execution.call(inputs);
    }
  }

  /** What a thread holds while it runs an execution: one for all that share state. */
  private Object turn(Execution execution) {
    return execution.method().sharesState() ? turnOfShared : execution;
  }

  /**
   * Puts the state (KV caches) of all methods back to what it was before the first run.
   *
   * @throws IllegalStateException if this is closed
   */
  public void reset() {
    List<Loaded> all;
    synchronized (this) {
      requireOpen();
      all = List.copyOf(methods.values());
    }
    for (Loaded loaded : all) {
      synchronized (turn(loaded.execution())) {
        loaded.execution().reset();
      }
    }
  }

  /** The compiled method, for its inputs, outputs and executions; closed with this module. */
  public ModelMethod method(String name) {
    return loaded(name).method();
  }

  /** Who runs each operator of {@code forward} (or of the only method), and why. */
  public Placement placement() {
    List<String> names = getMethods();
    return method(names.contains("forward") || names.size() != 1 ? "forward" : names.get(0))
        .placement();
  }

  /** The program as it is in the file. */
  public ProgramMethod getMethodMetadata(String name) {
    return program.method(name);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the module is closed");
    }
  }

  private synchronized Loaded loaded(String name) {
    requireOpen();
    Loaded known = methods.get(name);
    if (known == null) {
      ModelMethod method = model.load(name);
      try {
        known =
            new Loaded(
                method,
                method.newExecution(methods.values().stream().map(Loaded::execution).toList()));
      } catch (RuntimeException | Error e) {
        method.close();
        throw e;
      }
      methods.put(name, known);
    }
    return known;
  }

  /**
   * Waits for runs in flight and frees everything. Closing twice does nothing; a use afterwards
   * throws {@link IllegalStateException}.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    List<Loaded> all = List.copyOf(methods.values());
    methods.clear();
    Closing.all(all.stream().map(l -> l.method()::close), model::close, program::close);
  }
}
