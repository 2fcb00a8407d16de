package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.baton.runtime.Execution;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.StateSnapshot;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.program.Program;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Many conversations over one loaded program, each with a KV cache of its own. */
@ExtendWith(NoLeaks.class)
class ConversationsTest {
  private static final int CONVERSATIONS = 100;
  private static final int THREADS = 4;
  private static final int STEPS = 16; // as many as the cache has rows
  private static final int WIDTH = 8;

  static Stream<Arguments> programs() {
    return Stream.of(
        Arguments.of("kv-cache-portable", LoadOptions.javaOnly()),
        Arguments.of("kv-cache-portable", LoadOptions.defaults()),
        Arguments.of("kv-cache-xnn", LoadOptions.defaults()));
  }

  private static ModelMethod load(String name, LoadOptions options) throws IOException {
    Path file = Path.of(System.getProperty("baton.models"), name, "model.pte");
    try (Program program = Program.open(file)) {
      return ModelMethod.load(program, "forward", options);
    }
  }

  /** One conversation: what it says at each step, and what it is told. */
  private static final class Conversation {
    final Random random;
    final List<float[]> answers = new ArrayList<>();

    Conversation(int number) {
      this.random = new Random(number);
    }

    void step(Execution execution) {
      float[] word = new float[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        word[i] = (float) random.nextGaussian();
      }
      execution.setInput(0, Tensor.fromBlob(word, 1, 1, WIDTH));
      execution.setInput(1, Tensor.fromBlob(new long[] {answers.size()}, 1));
      execution.run();
      answers.add(execution.output(0).toTensor().getDataAsFloatArray());
    }
  }

  private static List<Conversation> conversations() {
    return Stream.iterate(0, n -> n + 1).limit(CONVERSATIONS).map(Conversation::new).toList();
  }

  private static List<Conversation> alone(ModelMethod method) {
    List<Conversation> all = conversations();
    for (Conversation conversation : all) {
      try (Execution execution = method.newExecution()) {
        for (int s = 0; s < STEPS; s++) {
          conversation.step(execution);
        }
      }
    }
    return all;
  }

  private static void assertSame(List<Conversation> expected, List<Conversation> actual) {
    for (int c = 0; c < CONVERSATIONS; c++) {
      for (int s = 0; s < STEPS; s++) {
        assertArrayEquals(
            expected.get(c).answers.get(s),
            actual.get(c).answers.get(s),
            "conversation " + c + ", step " + s);
      }
    }
  }

  private interface Turn {
    void take(int thread, int conversation);
  }

  /** Each thread goes round its conversations, one step at a time; those change with each round. */
  private static void interleave(Turn turn) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (int s = 0; s < STEPS; s++) {
        int round = s;
        List<Future<?>> running = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
          int thread = t;
          running.add(
              threads.submit(() -> {
                for (int c = 0; c < CONVERSATIONS; c++) {
                  if ((c + round) % THREADS == thread) {
                    turn.take(thread, c);
                  }
                }
              }));
        }
        for (Future<?> future : running) {
          future.get();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("programs")
  void anExecutionForEach(String name, LoadOptions options) throws Exception {
    try (ModelMethod method = load(name, options)) {
      List<Conversation> all = conversations();
      List<Execution> executions = all.stream().map(c -> method.newExecution()).toList();
      interleave((thread, c) -> all.get(c).step(executions.get(c)));
      assertSame(alone(method), all);
    }
  }

  @ParameterizedTest
  @MethodSource("programs")
  void anExecutionForEachThreadAndASnapshotForEachConversation(String name, LoadOptions options)
      throws Exception {
    List<StateSnapshot> states = new ArrayList<>();
    try (ModelMethod method = load(name, options)) {
      List<Conversation> all = conversations();
      List<Execution> executions = Stream.generate(method::newExecution).limit(THREADS).toList();
      all.forEach(c -> states.add(executions.get(0).saveState()));
      interleave((thread, c) -> {
        Execution execution = executions.get(thread);
        execution.restoreState(states.get(c));
        all.get(c).step(execution);
        execution.saveState(states.get(c));
      });
      assertSame(alone(method), all);
    } finally {
      states.forEach(StateSnapshot::close);
    }
  }
}
