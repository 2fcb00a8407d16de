package dev.baton.tck;

import dev.baton.delegate.Delegate;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Faults as a line of text, for the system property {@value #PROPERTY}:
 *
 * <pre>
 * -Dbaton.faults=xnnpack:fails-run=3
 * -Dbaton.faults=xnnpack:slow-500ms-compile,nan-run=10+;qnn:absent
 * </pre>
 *
 * <p>{@code DELEGATE:FAULT,FAULT…}, several separated by semicolons; {@code *} is every delegate. A
 * fault is {@code absent} (it says that its library is absent), {@code refused} (it cannot be
 * opened), or {@code WHAT-MOMENT=CALLS}. The moment is one of {@link Moment} in lower case, such as
 * {@code compile}, {@code new-execution}, {@code run}. What is
 *
 * <ul>
 *   <li>{@code fails}: a {@link dev.baton.delegate.DelegateException}
 *   <li>{@code throws}, {@code errors}: a {@code RuntimeException}, an {@code Error}
 *   <li>{@code slow-500ms}: the call takes so much longer
 *   <li>{@code leaks-4096}: so many bytes are never freed
 *   <li>{@code halts}, {@code segfaults}: the process ends
 *   <li>for {@code run} alone {@code wrong} or {@code wrong-0.5} (one number of each output is
 *       another), {@code nan}, {@code half} (writes half of its outputs, and fails), {@code hangs}
 *       (until the run is cancelled or its deadline passes)
 *   <li>{@code off-1.01-operator=aten::add.Tensor@1x96x56x56}: the operators of that name, and
 *       result of those sizes, give results that are multiplied by the number; {@code ~01234567}
 *       instead of or after the sizes means that with these {@linkplain OperatorFault#checksum
 *       constants}
 * </ul>
 *
 * <p>Calls are counted as {@link Faults} says: {@code 3} is the third, {@code 3+} all from the
 * third, {@code 3..5} the third to the fifth, {@code %100} every hundredth; without any it is each.
 */
public final class FaultOptions {
  /** The system property. */
  public static final String PROPERTY = "baton.faults";

  private static final String EVERY = "*";
  private static final String WRONG = "12345";

  /** What goes wrong, by its word; the amount is empty if there is none. */
  private static final Map<String, BiFunction<Moment, String, Failure>> WORDS =
      Map.ofEntries(
          Map.entry("fails", (moment, amount) -> Failure.delegateException()),
          Map.entry("throws", (moment, amount) -> Failure.runtimeException()),
          Map.entry("errors", (moment, amount) -> Failure.error()),
          Map.entry(
              "slow",
              (moment, amount) ->
                  Failure.slow(Duration.ofMillis(Long.parseLong(amount.replace("ms", ""))))),
          Map.entry("leaks", (moment, amount) -> Failure.leak(Long.parseLong(amount))),
          Map.entry("halts", (moment, amount) -> Failure.halt()),
          Map.entry("segfaults", (moment, amount) -> Failure.segmentationFault()),
          Map.entry(
              "wrong",
              (moment, amount) ->
                  ofRun(
                      moment, Failure.wrong(Float.parseFloat(amount.isEmpty() ? WRONG : amount)))),
          Map.entry("nan", (moment, amount) -> ofRun(moment, Failure.nan())),
          Map.entry("half", (moment, amount) -> ofRun(moment, Failure.partialOutput())),
          Map.entry("hangs", (moment, amount) -> ofRun(moment, Failure.hang())));

  private static final Pattern FAULT =
      Pattern.compile(
          "(?<word>[a-z]+)(?:-(?<amount>-?[0-9.]+(?:ms)?))?-(?<moment>[a-z-]+)(?:=(?<calls>\\S+))?");

  private static final Pattern OPERATOR =
      Pattern.compile("off-(?<factor>-?[0-9]+(\\.[0-9]+)?)-operator=(?<operator>\\S+)");

  private static final Pattern CALLS =
      Pattern.compile("(?<every>%)?(?<first>[0-9]+)(?<on>\\+|\\.\\.(?<last>[0-9]+))?");

  private final Map<String, Faults> byDelegate;

  private FaultOptions(Map<String, Faults> byDelegate) {
    this.byDelegate = byDelegate;
  }

  private static Failure ofRun(Moment moment, Failure failure) {
    if (moment != Moment.RUN) {
      throw new IllegalArgumentException("only a run can do that");
    }
    return failure;
  }

  /**
   * Reads a line.
   *
   * @throws IllegalArgumentException if it is malformed; the message says what is allowed
   */
  public static FaultOptions parse(String line) {
    Map<String, Faults> byDelegate = new LinkedHashMap<>();
    for (String part : line.split(";")) {
      String[] halves = part.strip().split(":", 2);
      if (halves.length < 2 || halves[0].isBlank()) {
        throw malformed(part, "expected DELEGATE:FAULT,FAULT…");
      }
      Faults faults = byDelegate.getOrDefault(halves[0], Faults.none());
      for (String fault : halves[1].split(",")) {
        faults = add(faults, fault.strip());
      }
      byDelegate.put(halves[0], faults);
    }
    return new FaultOptions(byDelegate);
  }

  /**
   * Reads what a line says of a delegate, by its name or for every one, and what it says of nobody.
   *
   * @throws IllegalArgumentException if that is malformed
   */
  static FaultOptions parse(String line, String delegate) {
    String own =
        Arrays.stream(line.split(";"))
            .filter(part -> Set.of(delegate, EVERY, "").contains(name(part)))
            .collect(Collectors.joining(";"));
    return own.isBlank() ? new FaultOptions(Map.of()) : parse(own);
  }

  /** Names of the delegates that a line is about, however malformed it is. */
  static Set<String> names(String line) {
    return Arrays.stream(line.split(";"))
        .map(FaultOptions::name)
        .filter(name -> !name.isEmpty() && !name.equals(EVERY))
        .collect(Collectors.toSet());
  }

  /** Of whom a part speaks; empty if it does not say. */
  private static String name(String part) {
    int colon = part.indexOf(':');
    return colon < 0 ? "" : part.substring(0, colon).strip();
  }

  private static Faults add(Faults faults, String text) {
    if (text.equals("absent")) {
      return faults.unavailable();
    }
    if (text.equals("refused")) {
      return faults.failing(Moment.OPEN, Failure.delegateException());
    }
    Matcher wrong = OPERATOR.matcher(text);
    if (wrong.matches()) {
      double factor = Double.parseDouble(wrong.group("factor"));
      return faults.with(OperatorFault.parse(wrong.group("operator"), factor));
    }
    Matcher matcher = FAULT.matcher(text);
    if (!matcher.matches()) {
      throw malformed(
          text,
          "expected absent, refused, or WHAT-MOMENT=CALLS such as"
              + " fails-run=3, of what "
              + words()
              + " and the moments "
              + moments());
    }
    BiFunction<Moment, String, Failure> word = WORDS.get(matcher.group("word"));
    if (word == null) {
      throw malformed(text, "expected one of " + words());
    }
    Moment moment = moment(text, matcher.group("moment"));
    String amount = matcher.group("amount");
    try {
      return faults.with(
          fault(moment, matcher.group("calls"), word.apply(moment, amount == null ? "" : amount)));
    } catch (IllegalArgumentException e) {
      throw malformed(text, String.valueOf(e.getMessage()));
    }
  }

  private static Moment moment(String text, String name) {
    return Arrays.stream(Moment.values())
        .filter(m -> name(m).equals(name))
        .findFirst()
        .orElseThrow(() -> malformed(text, "expected one of the moments " + moments()));
  }

  private static List<String> words() {
    return WORDS.keySet().stream().sorted().toList();
  }

  private static List<String> moments() {
    return Arrays.stream(Moment.values()).map(FaultOptions::name).toList();
  }

  private static String name(Moment moment) {
    return moment.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Fault fault(Moment moment, @Nullable String calls, Failure failure) {
    if (calls == null) {
      return new Fault(moment, 1, Integer.MAX_VALUE, Fault.ANY, failure);
    }
    Matcher matcher = CALLS.matcher(calls);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("calls are 3, 3+, 3..5 or %100, not " + calls);
    }
    int first = Integer.parseInt(matcher.group("first"));
    if (matcher.group("every") != null) {
      return new Fault(moment, first, Integer.MAX_VALUE, first, Fault.ANY, failure);
    }
    String last = matcher.group("last");
    boolean open = matcher.group("on") != null && last == null;
    return new Fault(
        moment,
        first,
        last != null ? Integer.parseInt(last) : open ? Integer.MAX_VALUE : first,
        Fault.ANY,
        failure);
  }

  private static IllegalArgumentException malformed(String text, String expected) {
    return new IllegalArgumentException(PROPERTY + ": '" + text + "': " + expected);
  }

  /** The delegate itself, or one that fails as the line says. */
  public Delegate around(Delegate delegate) {
    Faults named = byDelegate.get(delegate.name());
    Faults faults = named == null ? byDelegate.get(EVERY) : named;
    return faults == null ? delegate : FaultInjectingDelegate.around(delegate, faults);
  }
}
