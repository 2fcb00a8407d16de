package dev.baton.isolation;

import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateWrapper;
import dev.baton.isolation.child.Main;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Puts those delegates in child processes that the system property {@link #PROPERTY} names: {@code
 * -Dbaton.isolate=xnnpack,qnn}, or {@code -Dbaton.isolate=*} for all. {@link
 * #JAVA_OPTIONS_PROPERTY} gives more options to the child's Java, separated by blanks.
 */
public final class IsolationWrapper implements DelegateWrapper {
  /** System property with the names of delegates, separated by commas; {@code *} for all. */
  public static final String PROPERTY = "baton.isolate";

  /** System property with options of the child's Java. */
  public static final String JAVA_OPTIONS_PROPERTY = "baton.isolate.java-options";

  private static final String ALL = "*";

  /** Used by the service loader. */
  public IsolationWrapper() {}

  @Override
  public String name() {
    return "isolation";
  }

  @Override
  public int order() {
    return Main.OUTSIDE;
  }

  @Override
  public Delegate wrap(Delegate delegate) {
    Set<String> names = names();
    return names.contains(ALL) || names.contains(delegate.name())
        ? new IsolatedDelegate(
            delegate,
            List.of("name", delegate.name()),
            IsolationOptions.defaults().withJavaOptions(javaOptions()))
        : delegate;
  }

  @Override
  public Set<String> wanted() {
    Set<String> names = names();
    names.remove(ALL);
    return names;
  }

  private static Set<String> names() {
    return Arrays.stream(System.getProperty(PROPERTY, "").split(","))
        .map(String::strip)
        .filter(n -> !n.isEmpty())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<String> javaOptions() {
    return Arrays.stream(System.getProperty(JAVA_OPTIONS_PROPERTY, "").strip().split("\\s+"))
        .filter(o -> !o.isEmpty())
        .toList();
  }
}
