package dev.baton.cli;

import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.FallbackPolicy;
import dev.baton.runtime.LoadOptions;
import dev.baton.runtime.Shadow;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** How a method is loaded. */
final class DelegateOptions {
  /** What the jar that isolates goes by, if it is here. */
  private static final String ISOLATE_PROPERTY = "baton.isolate";

  @Option(
      names = "--delegates",
      paramLabel = "auto|none|NAME,…",
      defaultValue = "auto",
      description = {
        "Who may run operators: all that work here (auto, the default), Java alone (none), or these"
            + " and no others, in this order."
      })
  private String delegates = "auto";

  @Option(
      names = "--policy",
      paramLabel = "fail|fall-back|report",
      converter = Policy.class,
      description = {
        "What happens where a delegate cannot work: an error (fail, the default for delegates that"
            + " you name), Java takes over (fall-back), or that with a warning (report, the default"
            + " otherwise)."
      })
  private @Nullable FallbackPolicy policy;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that a run may use; default: as many as processors.")
  private @Nullable Integer threads;

  @Option(
      names = "--isolate",
      paramLabel = "NAME,…",
      description =
          "Runs these delegates (* for all) in processes of their own: a crash of a library is a"
              + " failure of its delegate.")
  private @Nullable String isolated;

  @Option(
      names = "--shadow",
      paramLabel = "RATE",
      description =
          "Repeats this part of delegates' runs (0.1: one in ten) in Java and compares; a delegate"
              + " that is wrong is replaced.")
  private @Nullable Double shadow;

  @Option(
      names = "--delegate-option",
      paramLabel = "DELEGATE.KEY=VALUE",
      description =
          "Sets an option of a delegate, such as qnn.claim=on; may be given several times.")
  private Map<String, String> delegateOptions = new LinkedHashMap<>();

  private @Nullable Delegates known;

  @SuppressWarnings("NullAway.Init")
  DelegateOptions() {}

  /** To be called before {@link #known}: it decides what is around delegates. */
  LoadOptions loadOptions() {
    if (threads != null && !(threads >= 1 && threads <= LoadOptions.MAX_THREADS)) {
      throw new ParameterException(
          spec.commandLine(),
          "--threads is " + threads + ", expected 1 to " + LoadOptions.MAX_THREADS);
    }
    if (shadow != null && !(shadow > 0 && shadow <= 1)) {
      throw new ParameterException(
          spec.commandLine(), "--shadow is " + shadow + ", expected above 0 and up to 1");
    }
    LoadOptions options =
        switch (delegates) {
          case "auto" -> LoadOptions.defaults();
          case "none" -> LoadOptions.javaOnly();
          default -> LoadOptions.defaults().withDelegates(requireNames());
        };
    options = policy == null ? options : options.withPolicy(policy);
    options = shadow == null ? options : options.withShadow(Shadow.ofRate(shadow));
    for (Map.Entry<String, String> option : delegateOptions.entrySet()) {
      String[] names = option.getKey().split("\\.", 2);
      if (names.length < 2 || names[0].isEmpty() || names[1].isEmpty()) {
        throw new ParameterException(
            spec.commandLine(),
            "--delegate-option is " + option.getKey() + "=…, expected DELEGATE.KEY=VALUE");
      }
      options = options.withDelegateOption(names[0], names[1], option.getValue());
    }
    if (isolated != null) {
      System.setProperty(ISOLATE_PROPERTY, isolated);
    }
    if (isolated != null) {
      requireKnown(
          "--isolate",
          Arrays.stream(isolated.split(","))
              .map(String::strip)
              .filter(n -> !n.equals("*"))
              .toList());
    }
    requireKnown(
        "--delegate-option",
        delegateOptions.keySet().stream().map(key -> key.split("\\.", 2)[0]).toList());
    return threads == null ? options : options.withThreads(threads);
  }

  /** The delegates of this process, looked for once; after {@link #loadOptions}. */
  Delegates known() {
    Delegates all = known;
    if (all == null) {
      all = Delegates.load();
      known = all;
    }
    return all;
  }

  /**
   * @param option that names the delegates; empty if the message needs none
   * @throws ParameterException if one does not exist
   */
  void requireKnown(String option, Collection<String> names) {
    for (String name : names) {
      if (known().find(name) == null) {
        throw new ParameterException(
            spec.commandLine(),
            (option.isEmpty() ? "" : option + ": ")
                + "there is no delegate '"
                + name
                + "'; known: "
                + known().delegates().stream()
                    .map(Delegate::name)
                    .collect(Collectors.joining(", ")));
      }
    }
  }

  /** Of a command that runs so seldom that a comparison elsewhere would not end before it. */
  static LoadOptions comparingAtOnce(LoadOptions options) {
    return options
        .shadow()
        .map(shadow -> options.withShadow(shadow.onCallersThread()))
        .orElse(options);
  }

  /** Who may run operators, for people. */
  String words() {
    return switch (delegates) {
      case "auto" -> "all delegates that work here";
      case "none" -> "Java alone";
      default -> "delegates " + delegates;
    };
  }

  private List<String> requireNames() {
    List<String> names = names();
    if (names.isEmpty() || names.contains("auto") || names.contains("none")) {
      throw new ParameterException(
          spec.commandLine(),
          "--delegates is '" + delegates + "', expected auto, none, or names of delegates");
    }
    return names;
  }

  private List<String> names() {
    return Arrays.stream(delegates.split(","))
        .map(String::strip)
        .filter(n -> !n.isEmpty())
        .toList();
  }

  /** From the words of the command line. */
  static final class Policy implements ITypeConverter<FallbackPolicy> {
    Policy() {}

    @Override
    public FallbackPolicy convert(String value) {
      return switch (value) {
        case "fail" -> FallbackPolicy.FAIL;
        case "fall-back" -> FallbackPolicy.FALL_BACK;
        case "report" -> FallbackPolicy.FALL_BACK_AND_REPORT;
        default ->
            throw new TypeConversionException("'" + value + "' is none of fail, fall-back, report");
      };
    }
  }
}
