package dev.baton.cli;

import dev.baton.cases.Npy;
import dev.baton.cases.Numbers;
import dev.baton.runtime.EValue;
import dev.baton.runtime.Execution;
import dev.baton.runtime.ModelMethod;
import dev.baton.runtime.Tensor;
import dev.baton.runtime.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The values of {@code --input}: NPY files, or plain values. */
final class InputArguments {
  private static final long SEED = 42;

  private InputArguments() {}

  /**
   * Sets every input.
   *
   * @throws IllegalArgumentException if there are more or fewer, or one does not fit
   */
  static void set(Execution execution, List<String> arguments) throws IOException {
    ModelMethod method = execution.method();
    if (arguments.size() != method.inputCount()) {
      throw new IllegalArgumentException(
          "method '"
              + method.name()
              + "' takes "
              + Text.count(method.inputCount(), "input")
              + ", "
              + (arguments.isEmpty() ? "none" : String.valueOf(arguments.size()))
              + " given; say --input FILE.npy for each, in order: "
              + describe(method));
    }
    List<EValue> values = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      values.add(value(arguments.get(i), i, method));
    }
    for (int i = 0; i < values.size(); i++) {
      execution.setInput(i, values.get(i));
    }
  }

  static String describe(ModelMethod method) {
    return IntStream.range(0, method.inputCount())
        .mapToObj(i ->
            method
                .input(i)
                .map(TensorInfo::toString)
                .orElse("a plain value that was fixed at export"))
        .collect(Collectors.joining(", "));
  }

  private static EValue value(String argument, int index, ModelMethod method) throws IOException {
    Optional<TensorInfo> tensor = method.input(index);
    if (argument.endsWith(".npy") || Files.isRegularFile(Path.of(argument))) {
      return Numbers.asInput(Npy.read(Path.of(argument)), tensor);
    }
    EValue plain = plain(argument);
    return tensor.isPresent() ? single(plain, index, tensor.get(), argument) : plain;
  }

  private static EValue plain(String argument) {
    if (argument.equals("true") || argument.equals("false")) {
      return EValue.from(Boolean.parseBoolean(argument));
    }
    if (argument.equals("none")) {
      return EValue.optionalNone();
    }
    try {
      return EValue.from(Long.parseLong(argument));
    } catch (NumberFormatException notWhole) {
      try {
        return EValue.from(Double.parseDouble(argument));
      } catch (NumberFormatException notNumber) {
        throw new IllegalArgumentException(
            "--input "
                + argument
                + " is neither a file that exists, nor a number, true, false or none");
      }
    }
  }

  /** A tensor of one element. */
  private static EValue single(EValue plain, int index, TensorInfo info, String argument) {
    long elements = 1;
    for (long size : info.shape()) {
      elements *= size;
    }
    double number =
        switch (plain.toObject()) {
          case Boolean truth -> truth ? 1 : 0;
          case Number n -> n.doubleValue();
          case null, default -> Double.NaN;
        };
    if (elements != 1 || plain.isNone()) {
      throw new IllegalArgumentException(
          "input "
              + index
              + " is a tensor "
              + info
              + ": give a .npy file, not the value "
              + argument);
    }
    Tensor tensor = Tensor.zeros(info.dtype(), info.shape());
    Numbers.set(tensor, 0, number);
    return EValue.from(tensor);
  }

  /**
   * Fills every tensor input at its present shape: numbers between -1 and 1, bytes of all values,
   * other integers 0 or 1, which are sound as indices too. The same in every process.
   */
  static void randomize(Execution execution) {
    Random random = new Random(SEED);
    for (int i = 0; i < execution.method().inputCount(); i++) {
      if (execution.method().input(i).isEmpty()) {
        continue;
      }
      Tensor tensor = execution.input(i);
      for (long e = 0; e < tensor.numel(); e++) {
        Numbers.set(
            tensor,
            e,
            switch (tensor.dtype()) {
              case FLOAT, DOUBLE, HALF, BFLOAT16 -> random.nextDouble() * 2 - 1;
              case UINT8, INT8 -> random.nextInt(256);
              default -> random.nextInt(2);
            });
      }
    }
  }
}
