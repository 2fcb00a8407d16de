package dev.baton.xnnpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.FileVersion;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.StoredBytes;
import dev.baton.graph.DType;
import dev.baton.graph.Graph;
import dev.baton.graph.Operators;
import dev.baton.graph.Origin;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.Cases.Data;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packed weights: shared by executions and subgraphs, and kept on disk. */
class PackedWeightsTest {
  private static final int SIZE = 640;

  @TempDir Path cache;

  private final Arena arena = Arena.ofShared();
  private Graph graph;

  /** A host with a cache directory, which keeps what it is told. */
  private record Host(
      Map<String, String> options,
      int threads,
      Path cache,
      List<String> warnings,
      AtomicReference<@Nullable FileVersion> stored)
      implements OpenContext, CompileContext, ExecutionContext {
    Host(Map<String, String> options, int threads, Path cache, List<String> warnings) {
      this(options, threads, cache, warnings, new AtomicReference<>());
    }

    /** All bytes of one size are called the same, if there is a version. */
    @Override
    public Optional<StoredBytes> stored(MemorySegment bytes) {
      return Optional.ofNullable(stored.get()).map(v -> new StoredBytes(v, 0, bytes.byteSize()));
    }

    @Override
    public Optional<Path> cacheDirectory() {
      return Optional.of(cache);
    }

    @Override
    public String method() {
      return "forward";
    }

    @Override
    public synchronized void warn(String message) {
      warnings.add(message);
    }
  }

  @BeforeEach
  void build() {
    graph = linear(2);
  }

  @AfterEach
  void nothingLives() {
    arena.close();
    Rig.assertNothingLives();
  }

  /** y = x · W^T with W all one number: every output is the sum of the inputs times it. */
  private Graph linear(float number) {
    Graph.Builder builder = new Graph.Builder();
    TensorType row = TensorType.of(DType.FLOAT, 1, SIZE);
    Value x = builder.input(row);
    float[] numbers = new float[SIZE * SIZE];
    Arrays.fill(numbers, number);
    Value weight = builder.constant(Cases.constant(arena, numbers, SIZE, SIZE));
    Value y =
        builder
            .node(Operators.get("aten::linear"), List.of(x, weight), List.of(row), Origin.HOST)
            .result();
    return builder.build(List.of(y));
  }

  private Host host(String... option) {
    Map<String, String> options = option.length == 0 ? Map.of() : Map.of(option[0], option[1]);
    return new Host(options, 2, cache, new ArrayList<>());
  }

  private static XnnpackSession open(Host host) throws DelegateException {
    return (XnnpackSession) new XnnpackDelegate().open(host);
  }

  private static XnnpackSubgraph compile(XnnpackSession session, Graph graph, Host host)
      throws DelegateException {
    return (XnnpackSubgraph) session.compile(new Rig.Whole(graph), host);
  }

  private static void assertGives(float number, DelegateExecution execution)
      throws DelegateException {
    float[] ones = new float[SIZE];
    Arrays.fill(ones, 1);
    Shape row = Shape.of(1, SIZE);
    float[] y = Rig.run(execution, List.of(new Data(row, ones)), List.of(row)).get(0);
    float[] expected = new float[SIZE];
    Arrays.fill(expected, number * SIZE);
    Rig.assertClose(expected, y);
  }

  /** Loads and runs as a process would; gives the bytes that were packed. */
  private static long load(Graph graph, float number, Host host) throws DelegateException {
    try (XnnpackSession session = open(host);
        XnnpackSubgraph compiled = compile(session, graph, host);
        DelegateExecution a = compiled.newExecution(host);
        DelegateExecution b = compiled.newExecution(host)) {
      assertGives(number, a);
      assertGives(number, b);
      assertEquals(1, session.weights().size());
      return compiled.packedBytes();
    }
  }

  private List<Path> files() throws IOException {
    Path folder = cache.resolve("packed");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  @Test
  void subgraphsOfASessionShareWhatIsEqual() throws DelegateException {
    Host host = host(XnnpackDelegate.PACKED_CACHE_OPTION, "off");
    try (XnnpackSession session = open(host);
        XnnpackSubgraph second = shared(session, host);
        DelegateExecution execution = second.newExecution(host)) {
      assertEquals(0, second.packedBytes());
      assertGives(2, execution);
    }
  }

  /** Compiles the graph twice and another once; closes the first. */
  private XnnpackSubgraph shared(XnnpackSession session, Host host) throws DelegateException {
    try (XnnpackSubgraph first = compile(session, graph, host);
        XnnpackSubgraph other = compile(session, linear(3), host)) {
      assertTrue(first.packedBytes() > 0);
      assertTrue(other.packedBytes() > 0);
      XnnpackSubgraph second = compile(session, graph, host);
      assertEquals(2, session.weights().size());
      return second;
    }
  }

  @Test
  void withoutACacheDirectoryNothingIsWritten() throws Exception {
    assertTrue(load(graph, 2, host(XnnpackDelegate.PACKED_CACHE_OPTION, "off")) > 0);
    assertEquals(List.of(), files());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void laterLoadsPackNothing() throws Exception {
    Host host = host();
    assertTrue(load(graph, 2, host) > 0);
    assertEquals(1, files().size());
    assertEquals("rw-------", permissions(files().get(0)));
    assertEquals("rwx------", permissions(cache.resolve("packed")));
    assertEquals(0, load(graph, 2, host));
    assertTrue(load(linear(5), 5, host) > 0);
    assertEquals(2, files().size());
    assertEquals(List.of(), host.warnings);
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"empty", "short", "half", "magic", "table", "weights"})
  @EnabledOnOs(OS.LINUX)
  void damagedFilesAreReplaced(String damage) throws Exception {
    load(graph, 2, host());
    Path file = files().get(0);
    byte[] bytes = Files.readAllBytes(file);
    int length =
        switch (damage) {
          case "empty" -> 0;
          case "short" -> 20;
          case "half" -> bytes.length / 2;
          default -> bytes.length;
        };
    switch (damage) {
      case "magic" -> bytes[0] ^= 1;
      case "table" -> bytes[44] ^= 1;
      case "weights" -> bytes[bytes.length / 2] ^= 1;
      default -> {}
    }
    Files.delete(file);
    Files.write(file, Arrays.copyOf(bytes, length));
    Host host = host();
    assertTrue(load(graph, 2, host) > 0);
    assertEquals(1, host.warnings.size(), host.warnings::toString);
    Rig.assertContains(host.warnings.get(0), file.toString());
    assertEquals(0, load(graph, 2, host));
    assertEquals(1, host.warnings.size());
  }

  /** Files that were sound are trusted until they change, whatever their size and time say. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFileThatIsDamagedInPlaceIsReplaced() throws Exception {
    load(graph, 2, host());
    Path file = files().get(0);
    Thread.sleep(2200); // a younger file has no version to be known by
    assertEquals(0, load(graph, 2, host()));
    assertEquals(0, load(graph, 2, host()));
    FileTime modified = Files.getLastModifiedTime(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {77}), channel.size() / 2);
    }
    Files.setLastModifiedTime(file, modified);
    Host host = host();
    assertTrue(load(graph, 2, host) > 0);
    assertEquals(1, host.warnings.size(), host.warnings::toString);
    assertEquals(0, load(graph, 2, host()));
  }

  /** The host's word is taken: what it calls the same bytes is not read again. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void bytesOfAKnownVersionAreNotReadAgain() throws Exception {
    Host host = host();
    host.stored.set(version(1));
    assertTrue(load(graph, 2, host) > 0);
    assertEquals(0, load(linear(5), 2, host)); // a lie, and so the weights of before
    host.stored.set(version(2));
    assertTrue(load(linear(5), 5, host) > 0);
    assertEquals(0, load(graph, 5, host));
    host.stored.set(null);
    assertEquals(0, load(graph, 2, host));
    assertEquals(0, load(linear(5), 5, host));
    assertEquals(2, files().size());
  }

  /** Of no file of this machine. */
  private static FileVersion version(long second) {
    return new FileVersion(-1, -1, -1, FileTime.from(second, TimeUnit.SECONDS));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void whereNothingCanBeWrittenWeightsArePacked() throws Exception {
    Path file = Files.createFile(cache.resolve("file"));
    Host host = new Host(Map.of(), 1, file, new ArrayList<>());
    assertTrue(load(graph, 2, host) > 0);
    assertEquals(1, host.warnings.size(), host.warnings::toString);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFolderThatOthersCanWriteToIsNotTrusted() throws Exception {
    load(graph, 2, host());
    Files.setPosixFilePermissions(
        cache.resolve("packed"), PosixFilePermissions.fromString("rwxrwxrwx"));
    Host host = host();
    assertTrue(load(graph, 2, host) > 0);
    assertEquals(1, host.warnings.size(), host.warnings::toString);
    Rig.assertContains(host.warnings.get(0), "other users");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void theLeastRecentlyUsedGoes() throws Exception {
    Host host = host(XnnpackDelegate.PACKED_CACHE_BYTES_OPTION, "2500000");
    load(graph, 2, host);
    Path first = files().get(0);
    load(linear(3), 3, host);
    assertEquals(1, files().size());
    assertFalse(Files.exists(first));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void loadsThatRaceForOneFile() throws Exception {
    try (ExecutorService executor = Executors.newFixedThreadPool(4)) {
      List<Host> hosts = Stream.generate(() -> host()).limit(8).toList();
      List<Callable<Long>> loads =
          hosts.stream().map(h -> (Callable<Long>) () -> load(graph, 2, h)).toList();
      for (Future<Long> load : executor.invokeAll(loads)) {
        load.get();
      }
      hosts.forEach(h -> assertEquals(List.of(), h.warnings));
    }
    assertEquals(1, files().size());
    assertEquals(0, load(graph, 2, host()));
  }

  /** More callers than threads: who finds the threads taken runs alone. */
  @Test
  void eightCallersOfOnePool() throws Exception {
    Host host = host(XnnpackDelegate.PACKED_CACHE_OPTION, "off");
    try (XnnpackSession session = open(host);
        XnnpackSubgraph compiled = compile(session, graph, host);
        ExecutorService executor = Executors.newFixedThreadPool(8)) {
      long packed = compiled.packedBytes();
      List<Callable<Boolean>> callers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        callers.add(() -> {
          try (DelegateExecution execution = compiled.newExecution(host)) {
            for (int run = 0; run < 200; run++) {
              assertGives(2, execution);
            }
          }
          return true;
        });
      }
      for (Future<Boolean> caller : executor.invokeAll(callers)) {
        assertTrue(caller.get());
      }
      assertEquals(packed, compiled.packedBytes());
    }
  }

  /** Linears in a row; each multiplies a row of equal numbers with another power of two. */
  private Graph chain(int layers) {
    Graph.Builder builder = new Graph.Builder();
    TensorType row = TensorType.of(DType.FLOAT, 1, SIZE);
    Value x = builder.input(row);
    for (int layer = 0; layer < layers; layer++) {
      float[] numbers = new float[SIZE * SIZE];
      for (int i = 0; i < SIZE; i++) {
        numbers[i * SIZE + i] = (float) Math.pow(2, layer - layers / 2);
      }
      Value weight = builder.constant(Cases.constant(arena, numbers, SIZE, SIZE));
      x =
          builder
              .node(Operators.get("aten::linear"), List.of(x, weight), List.of(row), Origin.HOST)
              .result();
    }
    return builder.build(List.of(x));
  }

  /** What threads pack ahead is all that is packed, and what one thread packs. */
  @Test
  void threadsPackWhatOneThreadPacks() throws DelegateException {
    int layers = 7;
    Graph chain = chain(layers);
    List<Long> packed = new ArrayList<>();
    for (int threads : new int[] {1, 2, 8}) {
      Host host = new Host(Map.of(), threads, cache.resolve("" + threads), new ArrayList<>());
      for (boolean onDisk : new boolean[] {false, true}) {
        try (XnnpackSession session = open(host);
            XnnpackSubgraph compiled = compile(session, chain, host);
            DelegateExecution execution = compiled.newExecution(host)) {
          assertGives(1f / SIZE, execution);
          assertEquals(layers, session.weights().size());
          if (onDisk) {
            assertEquals(0, compiled.packedBytes());
          } else {
            packed.add(compiled.packedBytes());
          }
        }
      }
    }
    assertTrue(packed.get(0) >= (long) layers * SIZE * SIZE * Float.BYTES);
    assertEquals(List.of(packed.get(0), packed.get(0), packed.get(0)), packed);
  }

  /** Subgraphs of one session, compiled one after another and run at once. */
  @Test
  void eightSubgraphsAtOnce() throws Exception {
    Host host = host(XnnpackDelegate.PACKED_CACHE_OPTION, "off");
    try (XnnpackSession session = open(host);
        ExecutorService executor = Executors.newFixedThreadPool(8)) {
      List<Callable<Boolean>> callers = new ArrayList<>();
      for (int i = 1; i <= 8; i++) {
        float number = i;
        XnnpackSubgraph compiled = compile(session, linear(number), host);
        callers.add(() -> {
          try (compiled) {
            for (int execution = 0; execution < 10; execution++) {
              try (DelegateExecution run = compiled.newExecution(host)) {
                for (int k = 0; k < 20; k++) {
                  assertGives(number, run);
                }
              }
            }
          }
          return true;
        });
      }
      for (Future<Boolean> caller : executor.invokeAll(callers)) {
        assertTrue(caller.get());
      }
      assertEquals(0, session.weights().size());
    }
  }
}
