package dev.baton.runtime.kernel;

import dev.baton.graph.Node;
import dev.baton.graph.Operator;
import dev.baton.graph.Operators;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The kernels of this process: those of every {@link KernelProvider} that can be loaded, and the
 * reference kernels.
 */
public final class Kernels {
  private static final System.Logger LOG = System.getLogger("dev.baton");

  /**
   * A kernel and who provides it.
   *
   * @param provider {@link KernelProvider#name()}
   */
  public record Provided(Kernel kernel, String provider) {}

  private final List<KernelProvider> providers;
  private final List<ProvidedFusion> fusions;
  private final List<String> problems;
  private final Map<String, Operators.Spelling> custom = new HashMap<>();
  private final Map<String, Optional<Provided>> found = new ConcurrentHashMap<>();

  private final boolean joins;

  private Kernels(List<KernelProvider> providers, List<String> problems) {
    this(providers, problems, true);
  }

  private Kernels(List<KernelProvider> providers, List<String> problems, boolean joins) {
    this.providers = List.copyOf(providers);
    this.problems = List.copyOf(problems);
    this.joins = joins;
    this.fusions =
        providers.stream()
            .filter(p -> joins)
            .flatMap(p -> p.fusions().stream().map(f -> new ProvidedFusion(f, p.name())))
            .toList();
    for (KernelProvider provider : providers) {
      provider.operators().forEach(this::spell);
    }
  }

  private void spell(Operator operator) {
    Operators.Spelling spelling =
        new Operators.Spelling(
            operator, operator.parameters().stream().map(p -> p.name()).toList(), List.of());
    spellings(operator.name()).forEach(name -> custom.putIfAbsent(name, spelling));
  }

  /** How files spell a functional operator: its name, and that of its out variant. */
  static List<String> spellings(String operator) {
    return List.of(operator, operator + (operator.contains(".") ? "_out" : ".out"));
  }

  /** The reference kernels alone. */
  public static Kernels reference() {
    return of(List.of());
  }

  /** Given providers, asked in their order, and the reference kernels. */
  public static Kernels of(List<KernelProvider> providers) {
    List<KernelProvider> all = new ArrayList<>(providers);
    all.add(new ReferenceKernels());
    return new Kernels(all, List.of());
  }

  /**
   * Every provider that {@link ServiceLoader} finds and that can be used here; one that does not
   * link is reported and left out. The system property {@code baton.kernels} names those to use and
   * no others: {@code -Dbaton.kernels=reference} for the reference kernels alone.
   */
  public static Kernels load() {
    List<KernelProvider> providers = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    String named = System.getProperty("baton.kernels");
    List<String> wanted = named == null ? null : List.of(named.split(","));
    Iterator<KernelProvider> services = ServiceLoader.load(KernelProvider.class).iterator();
    while (true) {
      try {
        if (!services.hasNext()) {
          break;
        }
        KernelProvider provider = services.next();
        Optional<String> reason = provider.unavailable();
        if (wanted != null && !wanted.contains(provider.name())) {
          problems.add(provider.name() + " kernels are not used: baton.kernels is " + named);
        } else if (reason.isPresent()) {
          problems.add(provider.name() + " kernels cannot be used: " + reason.get());
        } else {
          providers.add(provider);
        }
      } catch (ServiceConfigurationError | LinkageError e) {
        problems.add("a kernel provider cannot be loaded and is left out: " + e);
      }
    }
    problems.forEach(p -> LOG.log(System.Logger.Level.INFO, p));
    providers.add(new ReferenceKernels());
    providers.sort(Comparator.comparingInt(KernelProvider::priority).reversed());
    return new Kernels(providers, problems);
  }

  /** The same, without fusions, and each operator a step of its own. */
  public Kernels apart() {
    return new Kernels(providers, problems, false);
  }

  /** True if operators that follow each other may become one step. */
  public boolean joins() {
    return joins;
  }

  /** The providers in use, the first asked first; the reference kernels are among them. */
  public List<KernelProvider> providers() {
    return providers;
  }

  /** One sentence for each provider that is not used, with its reason. */
  public List<String> problems() {
    return problems;
  }

  /** The operator that a program file spells this way, custom ones included. */
  public Optional<Operators.Spelling> spelling(String fileName) {
    Operators.Spelling own = custom.get(fileName);
    return own == null ? Operators.spelling(fileName) : Optional.of(own);
  }

  /** The kernel of a functional operator name; null if there is none. */
  public @Nullable Kernel find(String operator) {
    Provided provided = provided(operator);
    return provided == null ? null : provided.kernel();
  }

  /** The kernel and the provider of its types; null if there is none. */
  public @Nullable Provided provided(String operator) {
    return found.computeIfAbsent(operator, this::search).orElse(null);
  }

  /**
   * The kernel of a node, and who binds it at the types that the graph declares; null if there is
   * none.
   */
  public @Nullable Provided provided(Node node) {
    Provided provided = provided(node.name());
    if (provided == null || !(provided.kernel() instanceof AcceleratedKernel accelerated)) {
      return provided;
    }
    try {
      NodeCall call = new NodeCall(node, NodeCall.declaredTypes());
      return new Provided(accelerated, accelerated.provider(call));
    } catch (KernelException e) {
      return provided; // an argument is computed by the program
    }
  }

  /** A fusion and who provides it. */
  public record ProvidedFusion(Fusion fusion, String provider) {}

  /** The fusions of all providers, in the order in which they are tried. */
  public List<ProvidedFusion> fusions() {
    return fusions;
  }

  private Optional<Provided> search(String operator) {
    List<AcceleratedKernel.Fast> faster = new ArrayList<>();
    for (KernelProvider provider : providers) {
      FastKernel fast = provider.faster(operator);
      if (fast != null) {
        faster.add(new AcceleratedKernel.Fast(fast, provider.name()));
      }
      Kernel kernel = provider.find(operator);
      if (kernel != null) {
        return Optional.of(
            new Provided(
                faster.isEmpty()
                    ? kernel
                    : new AcceleratedKernel(kernel, provider.name(), List.copyOf(faster)),
                provider.name()));
      }
    }
    return Optional.empty();
  }
}
