package dev.baton.runtime;

import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import dev.baton.runtime.kernel.ReferenceKernels;
import java.util.List;

/** What the process has: found once, when first needed. */
final class Runtimes {
  private Runtimes() {}

  private static final class FoundKernels {
    static final Kernels ALL = Kernels.load();
  }

  private static final class FoundDelegates {
    static final Delegates ALL = Delegates.load();
  }

  /**
   * The kernels that the options ask for.
   *
   * @throws BatonException if they name a provider that the process does not have
   */
  static Kernels kernels(LoadOptions options) {
    Kernels named = named(options);
    return options.isSingleSteps() ? named.apart() : named;
  }

  private static Kernels named(LoadOptions options) {
    List<String> names = options.kernels().orElse(null);
    if (names == null) {
      return FoundKernels.ALL;
    }
    List<KernelProvider> all = FoundKernels.ALL.providers();
    List<String> known = all.stream().map(KernelProvider::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        String why = String.join("; ", FoundKernels.ALL.problems());
        throw new BatonException(
            "no kernels are named '"
                + name
                + "'; there are "
                + known
                + (why.isEmpty() ? "" : ". " + why));
      }
    }
    return Kernels.of(
        all.stream()
            .filter(p -> names.contains(p.name()) && !p.name().equals(ReferenceKernels.NAME))
            .toList());
  }

  static Delegates delegates() {
    return FoundDelegates.ALL;
  }
}
