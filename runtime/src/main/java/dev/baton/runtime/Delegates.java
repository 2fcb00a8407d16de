package dev.baton.runtime;

import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateWrapper;
import dev.baton.delegate.PayloadLifter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * The delegates and lifters of this process.
 *
 * @param delegates by priority, the first asked first
 * @param lifters by payload id
 * @param leftOut by name, a sentence on why, for each delegate that a wrapper refused
 * @param problems one sentence for each provider that could not be loaded, and those of {@code
 *     leftOut}
 */
public record Delegates(
    List<Delegate> delegates,
    Map<String, PayloadLifter> lifters,
    Map<String, String> leftOut,
    List<String> problems) {
  private static final System.Logger LOG = System.getLogger("dev.baton");

  public Delegates {
    delegates = List.copyOf(delegates);
    lifters = Map.copyOf(lifters);
    leftOut = Map.copyOf(leftOut);
    problems = List.copyOf(problems);
  }

  /**
   * Those that {@link ServiceLoader} finds, each in what every {@link DelegateWrapper} puts around
   * it; one that does not link, or that a wrapper refuses, is left out and named among the
   * problems, which go to the log too.
   */
  public static Delegates load() {
    List<String> problems = new ArrayList<>();
    List<Delegate> delegates = services(ServiceLoader.load(Delegate.class), "delegate", problems);
    List<DelegateWrapper> wrappers =
        services(ServiceLoader.load(DelegateWrapper.class), "wrapper of delegates", problems);
    delegates.sort(
        Comparator.comparingInt(Delegate::priority).reversed().thenComparing(Delegate::name));
    Map<String, PayloadLifter> lifters = new HashMap<>();
    services(ServiceLoader.load(PayloadLifter.class), "payload lifter", problems)
        .forEach(l -> lifters.putIfAbsent(l.payloadId(), l));
    Delegates all = new Delegates(delegates, lifters, Map.of(), problems).wrapped(wrappers);
    all.problems().forEach(p -> LOG.log(System.Logger.Level.WARNING, p));
    return all;
  }

  /** Given ones, for tests and embedders. */
  public static Delegates of(List<Delegate> delegates, List<PayloadLifter> lifters) {
    Map<String, PayloadLifter> byId = new HashMap<>();
    lifters.forEach(l -> byId.put(l.payloadId(), l));
    return new Delegates(delegates, byId, Map.of(), List.of());
  }

  private static <S> List<S> services(ServiceLoader<S> loader, String what, List<String> problems) {
    List<S> found = new ArrayList<>();
    Iterator<S> iterator = loader.iterator();
    while (true) {
      try {
        if (!iterator.hasNext()) {
          return found;
        }
        found.add(iterator.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        problems.add("a " + what + " cannot be loaded: " + e);
      }
    }
  }

  /**
   * These delegates, each in what the wrappers put around it: the lowest {@link
   * DelegateWrapper#order} innermost. One that a wrapper refuses is left out and named among the
   * problems.
   */
  public Delegates wrapped(List<DelegateWrapper> wrappers) {
    List<DelegateWrapper> inOrder =
        wrappers.stream()
            .sorted(
                Comparator.comparingInt(DelegateWrapper::order)
                    .thenComparing(DelegateWrapper::name))
            .toList();
    List<Delegate> wrapped = new ArrayList<>();
    Map<String, String> refused = new HashMap<>(leftOut);
    List<String> all = new ArrayList<>(problems);
    for (Delegate delegate : delegates) {
      try {
        wrapped.add(wrapped(delegate, inOrder));
      } catch (RuntimeException | LinkageError e) {
        String why =
            "delegate '"
                + delegate.name()
                + "' is left out, since it cannot be wrapped: "
                + e.getMessage();
        refused.put(delegate.name(), why);
        all.add(why);
      }
    }
    for (DelegateWrapper wrapper : inOrder) {
      try {
        wrapper.wanted().stream()
            .filter(name -> find(name) == null)
            .map(name -> "'" + wrapper.name() + "' is asked for '" + name + "': no such delegate")
            .forEach(all::add);
      } catch (RuntimeException | LinkageError e) {
        all.add("'" + wrapper.name() + "' cannot say which delegates it is asked for: " + e);
      }
    }
    return new Delegates(wrapped, lifters, refused, all);
  }

  private static Delegate wrapped(Delegate delegate, List<DelegateWrapper> wrappers) {
    Delegate outermost = delegate;
    for (DelegateWrapper wrapper : wrappers) {
      outermost = wrapper.wrap(outermost);
      if (!outermost.name().equals(delegate.name())) {
        throw new IllegalStateException(
            "the wrapper '" + wrapper.name() + "' calls it '" + outermost.name() + "'");
      }
    }
    return outermost;
  }

  public @Nullable Delegate find(String name) {
    return delegates.stream().filter(d -> d.name().equals(name)).findFirst().orElse(null);
  }
}
