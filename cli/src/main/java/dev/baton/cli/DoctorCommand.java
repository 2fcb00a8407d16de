package dev.baton.cli;

import dev.baton.delegate.Availability;
import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.OpenContext;
import dev.baton.nativelib.HostPlatform;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.kernel.KernelProvider;
import dev.baton.runtime.kernel.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What this machine offers. */
@Command(
    name = "doctor",
    description = "Says which delegates work on this machine, and what to do where one does not.",
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  baton doctor          looks at libraries without loading them",
      "  baton doctor --load   opens each delegate that says it is available",
      "",
      "Exit status: 1 if --load finds a delegate that says it is available and cannot be opened."
    })
final class DoctorCommand extends AbstractCommand {
  /** What speeds up kernels, of what Linux names. */
  private static final Set<String> FEATURES =
      Set.of(
          "sse4_1",
          "avx",
          "f16c",
          "fma",
          "avx2",
          "avx512f",
          "avx512bw",
          "avx512_vnni",
          "avx_vnni",
          "amx_int8",
          "asimd",
          "asimdhp",
          "asimddp",
          "i8mm",
          "sve",
          "sve2",
          "sme");

  @Option(names = "--load", description = "Opens each available delegate, and closes it.")
  private boolean load;

  @Option(names = "--json", description = "Writes JSON to stdout, and nothing else.")
  private boolean json;

  @SuppressWarnings("NullAway.Init")
  DoctorCommand() {}

  /**
   * A delegate's state.
   *
   * @param wrappings what is around it
   * @param opened what became of opening it: null if that was not tried, empty if it went well
   */
  private record Finding(
      String name, List<String> wrappings, Availability availability, @Nullable String opened) {
    /** The name for people: {@code xnnpack (isolated)}. */
    String title() {
      return wrappings.isEmpty() ? name : name + " (" + String.join(", ", wrappings) + ")";
    }
  }

  @Override
  int execute() throws IOException {
    Delegates delegates = Delegates.load();
    Kernels kernels = Kernels.load();
    List<Finding> findings = new ArrayList<>();
    for (Delegate delegate : delegates.delegates()) {
      findings.add(examine(delegate));
    }
    if (json) {
      out().println(Json.text(json(findings, delegates.problems(), kernels)));
    } else {
      host().forEach((what, value) -> out().println(Text.format("%-14s %s", what, value)));
      findings.forEach(this::show);
      if (findings.isEmpty()) {
        out().println();
        out().println("no delegate is on the class path: Java runs everything");
      }
      out().println();
      kernels.providers().forEach(p -> out().println(describe(p)));
      kernels.problems().forEach(p -> out().println(p));
      delegates.problems().forEach(p -> out().println("problem: " + p));
    }
    boolean failed = findings.stream().anyMatch(f -> f.opened() != null && !f.opened().isEmpty());
    return failed ? FAILED : DONE;
  }

  private Finding examine(Delegate delegate) {
    Availability availability = availability(delegate);
    if (!load || !availability.isAvailable()) {
      return new Finding(delegate.name(), delegate.wrappings(), availability, null);
    }
    String opened = open(delegate);
    // Some delegates can say more of a library that is loaded.
    return new Finding(delegate.name(), delegate.wrappings(), availability(delegate), opened);
  }

  private static Availability availability(Delegate delegate) {
    try {
      return delegate.availability();
    } catch (RuntimeException | LinkageError e) {
      return Availability.unavailable(
          Availability.Reason.OTHER,
          "availability() threw " + e,
          "Report this to the delegate's vendor.",
          List.of());
    }
  }

  private String open(Delegate delegate) {
    OpenContext context =
        new OpenContext() {
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
        };
    try {
      delegate.open(context).close();
      return "";
    } catch (DelegateException e) {
      return e.getMessage() + (e.remedy().isEmpty() ? "" : "; remedy: " + e.remedy());
    } catch (RuntimeException | LinkageError e) {
      return Failures.sentence(e);
    }
  }

  private void show(Finding finding) {
    Availability availability = finding.availability();
    out().println();
    if (availability.isAvailable()) {
      out()
          .println(
              finding.title()
                  + ": available"
                  + (availability.message().isEmpty() ? "" : ", " + availability.message()));
      if (finding.opened() != null) {
        out()
            .println(
                finding.opened().isEmpty()
                    ? "  opened and closed"
                    : "  could not be opened: " + finding.opened());
      }
      return;
    }
    out()
        .println(
            finding.title()
                + ": unavailable ("
                + availability.reason()
                + "): "
                + availability.message());
    out().println("  remedy: " + availability.remedy());
    availability.tried().forEach(t -> out().println("  tried: " + t));
  }

  private static String describe(KernelProvider provider) {
    return provider.name()
        + " kernels: available"
        + (provider.description().isEmpty() ? "" : ", " + provider.description());
  }

  private static Map<String, Object> host() {
    Runtime runtime = Runtime.getRuntime();
    return Json.object(
        "platform",
        HostPlatform.current().toString(),
        "processors",
        String.valueOf(runtime.availableProcessors()),
        "CPU features",
        HostPlatform.cpuFeatures().map(DoctorCommand::known).orElse("not known on this system"),
        "Java",
        System.getProperty("java.vm.name")
            + " "
            + Runtime.version()
            + ", heap up to "
            + Text.bytes(runtime.maxMemory()),
        "native access",
        HostPlatform.class.getModule().isNativeAccessEnabled()
            ? "granted"
            : "not granted: Java warns or refuses; start it with --enable-native-access="
                + (HostPlatform.class.getModule().isNamed()
                    ? "dev.baton.nativelib"
                    : "ALL-UNNAMED"),
        "Vector API",
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
            ? "present"
            : "not in use (--add-modules jdk.incubator.vector)",
        "cache folder",
        cacheFolder());
  }

  private static String known(Set<String> features) {
    Set<String> known = new TreeSet<>(features);
    known.retainAll(FEATURES);
    return known.isEmpty() ? "none of note" : String.join(" ", known);
  }

  /** Where libraries are extracted: the first of these that serves. */
  private static String cacheFolder() {
    String property = System.getProperty("baton.cache.dir");
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path folder =
        property != null
            ? Path.of(property)
            : xdg != null && !xdg.isEmpty()
                ? Path.of(xdg, "baton")
                : Path.of(System.getProperty("user.home"), ".cache", "baton");
    Path existing = folder;
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    boolean writable = existing != null && Files.isWritable(existing);
    return folder
        + (writable ? "" : " (cannot be written; set -Dbaton.cache.dir to a folder that can)");
  }

  private static Map<String, Object> json(
      List<Finding> findings, List<String> problems, Kernels kernels) {
    Map<String, Object> delegates = Json.object();
    for (Finding finding : findings) {
      Map<String, Object> delegate = PlacementJson.availability(finding.availability());
      delegate.put("wrappings", finding.wrappings());
      if (finding.opened() != null) {
        delegate.put("opened", finding.opened().isEmpty());
        delegate.put("openFailure", finding.opened());
      }
      delegates.put(finding.name(), delegate);
    }
    return Json.object(
        "host",
        host(),
        "delegates",
        delegates,
        "kernels",
        kernels.providers().stream().map(KernelProvider::name).toList(),
        "kernelsNotUsed",
        kernels.problems(),
        "problems",
        problems);
  }
}
