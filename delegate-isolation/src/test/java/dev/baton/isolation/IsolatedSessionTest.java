package dev.baton.isolation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.CompileContext;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateSession;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.OpenContext;
import dev.baton.delegate.Payload;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.isolation.wire.SharedFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions and what they load, by calls of the SPI. */
@Timeout(120)
class IsolatedSessionTest {
  private static final List<Shape> INPUTS = List.of(Shape.of(1));

  private final Delegate delegate = Isolation.inChildProcess(AskingDelegate.class);

  /** A host's context of any kind, whose progress does something. */
  private record Context(Runnable onProgress)
      implements OpenContext, CompileContext, ExecutionContext {
    static final Context QUIET = new Context(() -> {});

    @Override
    public Map<String, String> options() {
      return Map.of();
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public Optional<Path> cacheDirectory() {
      return Optional.empty();
    }

    @Override
    public String method() {
      return "forward";
    }

    @Override
    public void progress(String what, double fraction) {
      onProgress.run();
    }
  }

  private record Sent(String id, MemorySegment bytes, Supplier<Optional<MemorySegment>> data)
      implements Payload {
    static Sent of(String id, int size) {
      MemorySegment bytes = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_INT, size);
      return new Sent(id, bytes, () -> Optional.of(bytes));
    }

    @Override
    public String method() {
      return "forward";
    }

    @Override
    public Map<String, byte[]> compileSpecs() {
      return Map.of();
    }

    @Override
    public Optional<MemorySegment> namedData(String key) {
      return data.get();
    }

    @Override
    public List<TensorType> inputs() {
      return List.of();
    }

    @Override
    public List<TensorType> outputs() {
      return List.of();
    }
  }

  /** One that has just ended is listed until the system has cleared it away. */
  private static void assertNoChildren() {
    for (int tries = 0; tries < 500 && !children().isEmpty(); tries++) {
      LockSupport.parkNanos(10_000_000);
    }
    assertEquals(List.of(), children());
  }

  private static List<ProcessHandle> children() {
    return ProcessHandle.current().children().filter(ProcessHandle::isAlive).toList();
  }

  private static int size(CompiledSubgraph compiled) throws DelegateException {
    return compiled.outputShapes(INPUTS).orElseThrow().getFirst().size(0);
  }

  @Test
  void aChildThatEndsBeforeItsFirstWordIsQuoted() {
    System.setProperty(AskingDelegate.ENDS, "true");
    try {
      String message = delegate.availability().message();
      assertTrue(message.contains(AskingDelegate.LAST_WORDS), message);
      assertNoChildren();
    } finally {
      System.clearProperty(AskingDelegate.ENDS);
    }
  }

  @Test
  void outputShapesComeFromANewChildWhenTheLastDied() throws Exception {
    try (DelegateSession session = delegate.open(Context.QUIET);
        CompiledSubgraph compiled =
            session.load(Sent.of(AskingDelegate.ACCEPTED, 3), Context.QUIET)) {
      assertEquals(3, size(compiled));
      ProcessHandle child = children().getFirst();
      child.destroyForcibly();
      child.onExit().get();
      Thread.sleep(200);
      assertEquals(3, size(compiled));
    }
    assertNoChildren();
  }

  @Test
  void contentsOfARefusedPayloadDoNotMixWithLaterOnes() throws DelegateException {
    try (DelegateSession session = delegate.open(Context.QUIET)) {
      Sent refused = Sent.of(AskingDelegate.REFUSED, 3);
      assertThrows(DelegateException.class, () -> session.load(refused, Context.QUIET));
      Sent again = new Sent(AskingDelegate.ACCEPTED, refused.bytes(), refused.data());
      try (CompiledSubgraph other =
              session.load(Sent.of(AskingDelegate.ACCEPTED, 4), Context.QUIET);
          CompiledSubgraph first = session.load(again, Context.QUIET)) {
        assertEquals(4, size(other));
        assertEquals(3, size(first));
      }
    }
  }

  @Test
  void closingTwiceLeavesOtherSessionsTheirChild() throws DelegateException {
    try (DelegateSession other = delegate.open(Context.QUIET)) {
      DelegateSession session = delegate.open(Context.QUIET);
      Sent payload = Sent.of(AskingDelegate.ACCEPTED, 3);
      CompiledSubgraph compiled = session.load(payload, Context.QUIET);
      compiled.close();
      compiled.close();
      assertThrows(IllegalStateException.class, () -> compiled.newExecution(Context.QUIET));
      assertThrows(IllegalStateException.class, () -> compiled.outputShapes(INPUTS));
      session.close();
      session.close();
      assertThrows(IllegalStateException.class, () -> session.load(payload, Context.QUIET));
      assertEquals(1, children().size());
      other.load(payload, Context.QUIET).close();
    }
    assertNoChildren();
  }

  @Test
  void noRoomForNamedDataIsARefusalWithARemedyAndTheChildLives() throws DelegateException {
    String folder = System.getProperty(SharedFile.FOLDER_PROPERTY);
    try (DelegateSession session = delegate.open(Context.QUIET)) {
      List<ProcessHandle> before = children();
      Sent sent = Sent.of(AskingDelegate.ACCEPTED, 3);
      Supplier<Optional<MemorySegment>> noRoom =
          () -> {
            System.setProperty(SharedFile.FOLDER_PROPERTY, "/no/such/folder");
            return sent.data().get();
          };
      DelegateException e =
          assertThrows(
              DelegateException.class,
              () -> session.load(new Sent(sent.id(), sent.bytes(), noRoom), Context.QUIET));
      assertEquals(DelegateException.Kind.RESOURCES, e.kind(), e.toString());
      assertTrue(e.remedy().contains(SharedFile.FOLDER_PROPERTY));
      restore(folder);
      session.load(sent, Context.QUIET).close();
      assertEquals(before, children());
    } finally {
      restore(folder);
    }
  }

  private static void restore(String folder) {
    if (folder == null) {
      System.clearProperty(SharedFile.FOLDER_PROPERTY);
    } else {
      System.setProperty(SharedFile.FOLDER_PROPERTY, folder);
    }
  }

  @Test
  void aHostThatThrowsLeavesNoLoadWaitingInTheChild() throws Exception {
    try (DelegateSession session = delegate.open(Context.QUIET)) {
      List<ProcessHandle> before = children();
      Context throwing =
          new Context(() -> {
            throw new IllegalStateException("of the host");
          });
      Sent accepted = Sent.of(AskingDelegate.ACCEPTED, 3);
      assertThrows(IllegalStateException.class, () -> session.load(accepted, throwing));
      Sent refused = Sent.of(AskingDelegate.REFUSED, 3);
      String message = "";
      for (int i = 0; i < 100 && !message.equals("loads: 1"); i++) {
        Thread.sleep(20);
        message =
            assertThrows(DelegateException.class, () -> session.load(refused, Context.QUIET))
                .getMessage();
      }
      assertEquals("loads: 1", message);
      assertEquals(before, children());
    }
  }
}
