package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.baton.cases.program.ProgramBuilder;
import dev.baton.cases.program.ProgramBuilder.Slot;
import dev.baton.delegate.Claims;
import dev.baton.delegate.Cost;
import dev.baton.graph.DType;
import dev.baton.graph.GraphView;
import dev.baton.graph.Node;
import dev.baton.runtime.Execution;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random programs with state, views and aliases, on two delegates that claim at random, in groups
 * and alone, and fail at random: the answers are those of a plain interpreter.
 */
@ExtendWith(NoLeaks.class)
final class RandomPlacementTest {
  private static final int ROUNDS = 150;
  private static final int SIZE = 6;
  private static final int RUNS = 5;

  /** What a value is, given the input, the state and the values before. */
  private interface Formula extends Function<Env, float[]> {}

  /** An interpreter's memory. */
  private static final class Env {
    float[] x = {};
    float[] state = new float[SIZE];
    final List<float[]> values = new ArrayList<>();
  }

  private record Case(byte[] pte, List<Formula> formulas, List<Integer> outputs) {}

  static List<Arguments> seeds() {
    List<Arguments> seeds = new ArrayList<>();
    for (int seed = 0; seed < ROUNDS; seed++) {
      seeds.add(Arguments.of(seed));
    }
    return seeds;
  }

  private static float[] map(float[] a, float[] b, java.util.function.DoubleBinaryOperator f) {
    float[] result = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      result[i] = (float) f.applyAsDouble(a[i], b[i]);
    }
    return result;
  }

  private static Case random(Random random) {
    List<Formula> formulas = new ArrayList<>();
    List<Integer> outputs = new ArrayList<>();
    byte[] pte =
        new ProgramBuilder()
            .method(
                "forward",
                m -> {
                  List<Slot> slots = new ArrayList<>();
                  slots.add(m.input(DType.FLOAT, SIZE));
                  formulas.add(env -> env.x);
                  Slot state = m.state(new float[SIZE], SIZE);
                  slots.add(state);
                  formulas.add(env -> env.state);
                  boolean written = false;
                  int count = 3 + random.nextInt(12);
                  for (int n = 0; n < count; n++) {
                    int a = random.nextInt(slots.size());
                    int b = random.nextInt(slots.size());
                    Slot out = m.tensor(DType.FLOAT, SIZE);
                    switch (random.nextInt(written ? 6 : 7)) {
                      case 0 -> {
                        m.kernel("aten::neg.out", slots.get(a), out);
                        formulas.add(env -> map(env.values.get(a), env.x, (p, q) -> -p));
                      }
                      case 1 -> {
                        m.kernel("aten::mul.Scalar_out", slots.get(a), m.real(0.5), out);
                        formulas.add(env -> map(env.values.get(a), env.x, (p, q) -> 0.5 * p));
                      }
                      case 2 -> {
                        m.kernel("aten::relu.out", slots.get(a), out);
                        formulas.add(
                            env -> map(env.values.get(a), env.x, (p, q) -> Math.max(p, 0)));
                      }
                      case 3 -> {
                        m.kernel("aten::view_copy.out", slots.get(a), m.integers(SIZE), out);
                        formulas.add(env -> env.values.get(a));
                      }
                      case 4, 5 -> {
                        m.kernel("aten::add.out", slots.get(a), slots.get(b), m.integer(1), out);
                        formulas.add(
                            env -> map(env.values.get(a), env.values.get(b), (p, q) -> p + q));
                      }
                      default -> {
                        // Who reads the state's slot afterwards reads what is written here.
                        m.kernelGiving("aten::copy_", state, state, slots.get(a), m.bool(false));
                        formulas.add(env -> {
                          env.state = env.values.get(a);
                          env.values.set(1, env.state);
                          return env.state;
                        });
                        out = state;
                        written = true;
                      }
                    }
                    slots.add(out);
                  }
                  for (int o = 0; o < 3; o++) {
                    int output = random.nextInt(slots.size());
                    outputs.add(output);
                    m.output(slots.get(output));
                  }
                })
            .toBytes();
    return new Case(pte, formulas, outputs);
  }

  /** Takes nodes at random, some in groups of neighbours in the list. */
  private static Claiming randomly(long seed) {
    return (GraphView graph, Claims claims) -> {
      List<Node> group = new ArrayList<>();
      for (Node node : graph.nodes()) {
        Random random = new Random(seed * 31 + node.id());
        int choice = random.nextInt(4);
        if (choice == 0) {
          claims.take(node);
        } else if (choice == 1) {
          group.add(node);
        }
        if (group.size() == 2) {
          claims.take(group, Cost.unknown());
          group.clear();
        }
      }
    };
  }

  private static Faults faults(String name, Random random) {
    Faults faults = Faults.none().named(name).claiming(randomly(random.nextInt()));
    for (int f = random.nextInt(3); f > 0; f--) {
      Moment moment =
          List.of(Moment.RUN, Moment.RUN, Moment.BIND, Moment.COMPILE, Moment.NEW_EXECUTION)
              .get(random.nextInt(5));
      Failure failure =
          moment == Moment.RUN && random.nextBoolean()
              ? Failure.partialOutput()
              : Failure.delegateException();
      int call = moment == Moment.RUN ? 1 + random.nextInt(RUNS) : 1;
      faults = faults.with(new Fault(moment, call, call, random.nextInt(3), failure));
    }
    return faults;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void answersAreThoseOfAnInterpreter(int seed) {
    Random random = new Random(seed);
    Case program = random(random);
    FaultInjectingDelegate a = FaultInjectingDelegate.of(faults("a", random));
    FaultInjectingDelegate b = FaultInjectingDelegate.of(faults("b", random));
    LoadOptions options = LoadOptions.defaults().withPolicy(FallbackPolicy.FALL_BACK);
    Env env = new Env();
    try (ModelMethod method = Loading.load(program.pte(), options, a, b);
        Execution execution = method.newExecution()) {
      for (int run = 0; run < RUNS; run++) {
        env.x = new float[] {run, -1, 2.5f, -run, 0.25f, 3};
        env.values.clear();
        program.formulas().forEach(f -> env.values.add(f.apply(env)));
        execution.setInput(0, Tensor.fromBlob(env.x, SIZE));
        execution.run();
        for (int o = 0; o < program.outputs().size(); o++) {
          assertArrayEquals(
              env.values.get(program.outputs().get(o)),
              execution.output(o).toTensor().getDataAsFloatArray(),
              1e-6f,
              "run " + run + ", output " + o + ", " + method.placement().summary());
        }
      }
    }
    a.journal().assertAllClosed();
    b.journal().assertAllClosed();
  }
}
