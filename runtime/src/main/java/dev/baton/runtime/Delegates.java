package dev.baton.runtime;

import dev.baton.delegate.Delegate;
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
 * @param problems one sentence for each provider that could not be loaded
 */
public record Delegates(
    List<Delegate> delegates, Map<String, PayloadLifter> lifters, List<String> problems) {
  public Delegates {
    delegates = List.copyOf(delegates);
    lifters = Map.copyOf(lifters);
    problems = List.copyOf(problems);
  }

  /**
   * Those that {@link ServiceLoader} finds; one that does not link is left out and named among the
   * problems.
   */
  public static Delegates load() {
    List<String> problems = new ArrayList<>();
    List<Delegate> delegates = new ArrayList<>(services(Delegate.class, problems));
    delegates.sort(
        Comparator.comparingInt(Delegate::priority).reversed().thenComparing(Delegate::name));
    Map<String, PayloadLifter> lifters = new HashMap<>();
    services(PayloadLifter.class, problems).forEach(l -> lifters.putIfAbsent(l.payloadId(), l));
    return new Delegates(delegates, lifters, problems);
  }

  /** Given ones, for tests and embedders. */
  public static Delegates of(List<Delegate> delegates, List<PayloadLifter> lifters) {
    Map<String, PayloadLifter> byId = new HashMap<>();
    lifters.forEach(l -> byId.put(l.payloadId(), l));
    return new Delegates(delegates, byId, List.of());
  }

  private static <S> List<S> services(Class<S> type, List<String> problems) {
    List<S> found = new ArrayList<>();
    Iterator<S> iterator = services(type);
    while (true) {
      try {
        if (!iterator.hasNext()) {
          return found;
        }
        found.add(iterator.next());
      } catch (ServiceConfigurationError | LinkageError e) {
        problems.add("a " + type.getSimpleName() + " cannot be loaded: " + e);
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static <S> Iterator<S> services(Class<S> type) {
    return (Iterator<S>)
        (type == Delegate.class
            ? ServiceLoader.load(Delegate.class).iterator()
            : ServiceLoader.load(PayloadLifter.class).iterator());
  }

  public @Nullable Delegate find(String name) {
    return delegates.stream().filter(d -> d.name().equals(name)).findFirst().orElse(null);
  }
}
