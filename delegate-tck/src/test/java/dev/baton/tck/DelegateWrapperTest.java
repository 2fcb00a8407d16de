package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateWrapper;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.program.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What {@link Delegates#wrapped} puts around delegates. */
class DelegateWrapperTest {
  /** A wrapper that leaves its name. */
  private static class Word implements DelegateWrapper {
    private final String name;
    private final int order;

    Word(String name, int order) {
      this.name = name;
      this.order = order;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public int order() {
      return order;
    }

    @Override
    public Delegate wrap(Delegate delegate) {
      return new ForwardingDelegate(delegate) {
        @Override
        public List<String> wrappings() {
          List<String> words = new ArrayList<>(delegate.wrappings());
          words.addFirst(name);
          return words;
        }
      };
    }
  }

  @Test
  void wrappersAreAppliedByOrderAndName() {
    Delegates delegates = wrapped(new Word("b", 0), new Word("a", 0), new Word("z", -1));
    assertEquals(List.of(), delegates.problems());
    Delegate delegate = delegates.find("pure-java");
    assertNotNull(delegate);
    assertEquals(List.of("b", "a", "z"), delegate.wrappings());
  }

  @Test
  void placementSaysWhatIsAroundTheDelegate() {
    LoadOptions options = LoadOptions.defaults().withDelegates(List.of(PureJavaDelegate.NAME));
    try (Program program = Program.of(Sample.twoParts().pte());
        ModelMethod method =
            ModelMethod.load(program, "forward", options, wrapped(new Word("isolated", 0)))) {
      assertEquals("pure-java (isolated)", method.placement().subgraphs().getFirst().runner());
    }
  }

  @Test
  void aDelegateThatAWrapperRefusesIsLeftOutAndNotUsedBare() {
    Delegates delegates =
        wrapped(
            new Word("refusing", 0) {
              @Override
              public Delegate wrap(Delegate delegate) {
                throw new IllegalArgumentException("-Drefusing=maybe is neither yes nor no");
              }
            },
            new Word("another", 1));
    assertNull(delegates.find("pure-java"));
    assertTrue(
        delegates.problems().getFirst().contains("-Drefusing=maybe is neither yes nor no"),
        delegates.problems()::toString);
  }

  @Test
  void aWrapperKeepsTheName() {
    Delegates delegates =
        wrapped(
            new Word("renaming", 0) {
              @Override
              public Delegate wrap(Delegate delegate) {
                return new ForwardingDelegate(delegate) {
                  @Override
                  public String name() {
                    return "another";
                  }
                };
              }
            });
    assertNull(delegates.find("pure-java"));
    assertNull(delegates.find("another"));
    assertTrue(
        delegates.problems().getFirst().contains("'renaming' calls it 'another'"),
        delegates.problems()::toString);
  }

  @Test
  void whoIsAskedForAndIsNotThereIsNamed() {
    Delegates delegates =
        wrapped(
            new Word("isolation", 0) {
              @Override
              public Set<String> wanted() {
                return Set.of("pure-jav", PureJavaDelegate.NAME);
              }
            });
    assertNotNull(delegates.find(PureJavaDelegate.NAME));
    assertEquals(
        List.of("'isolation' is asked for 'pure-jav': no such delegate"), delegates.problems());
  }

  private static Delegates wrapped(DelegateWrapper... wrappers) {
    return Delegates.of(List.of(new PureJavaDelegate()), List.of()).wrapped(List.of(wrappers));
  }
}
