package dev.baton.kernels.vector;

import dev.baton.runtime.kernel.FastKernel;
import dev.baton.runtime.kernel.Fusion;
import dev.baton.runtime.kernel.KernelProvider;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The provider of this module. It links without the Vector API, so that it can say that it is not
 * there.
 *
 * <p>The width of vectors is the machine's, or what the system property {@code baton.vector.bits}
 * says: 128, 256 or 512. Sizes of blocks follow the machine's caches, or {@code
 * baton.vector.caches}: the first and the second one in KiB, such as {@code 32,1024}. Sums over a
 * row go by lanes, and so depend on the width; no result depends on caches or threads.
 */
public final class VectorKernels implements KernelProvider {
  public VectorKernels() {}

  @Override
  public String name() {
    return "vector";
  }

  @Override
  public Optional<String> unavailable() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return Optional.of(
          "this JVM runs without the Vector API. Start it with --add-modules jdk.incubator.vector");
    }
    try {
      return Lanes.problem().or(Caches::problem);
    } catch (LinkageError e) {
      return Optional.of("the Vector API of this JVM is not the one of JDK 25: " + e);
    }
  }

  @Override
  public String description() {
    return Lanes.COUNT * Float.SIZE + "-bit vectors, " + Caches.HOST.description();
  }

  @Override
  public @Nullable FastKernel faster(String operator) {
    return Families.find(operator);
  }

  @Override
  public List<Fusion> fusions() {
    return QuantizedFamilies.fusions();
  }
}
