package dev.baton.qnn.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.qnn.ffi.DataType;
import dev.baton.qnn.ffi.GraphDescription;
import dev.baton.qnn.ffi.QnnTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a delegate call's arguments become tensors of a graph. Everything that the library does not
 * check is checked here: counts, types, sizes.
 *
 * @param inputs of the call, in its order
 * @param outputs of the call, in its order
 * @param buffers that the delegate keeps between calls
 */
public record CallSignature(
    List<QnnTensor> inputs, List<QnnTensor> outputs, List<MutableBuffer> buffers) {
  /** A tensor that a graph reads and writes in place. */
  public record MutableBuffer(QnnTensor input, QnnTensor output) {}

  private static final Pattern INPUT = Pattern.compile("input_(\\d{1,9})_.*", Pattern.DOTALL);
  private static final Pattern BUFFER = Pattern.compile("mutbuf_(\\d{1,9})_.*", Pattern.DOTALL);

  public CallSignature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    buffers = List.copyOf(buffers);
  }

  private static DelegateException mismatch(String what) {
    return new DelegateException(
        DelegateException.Kind.BAD_PAYLOAD,
        "the QNN payload does not fit the program: " + what,
        "Export the program again.",
        null);
  }

  /**
   * Matches a graph with what the program passes to it.
   *
   * @throws DelegateException of {@link DelegateException.Kind#BAD_PAYLOAD} if they do not fit
   */
  public static CallSignature of(
      GraphDescription graph, List<TensorType> inputTypes, List<TensorType> outputTypes)
      throws DelegateException {
    List<QnnTensor> inputs = new ArrayList<>();
    List<QnnTensor> outputs = new ArrayList<>();
    Map<String, QnnTensor> written = new HashMap<>();
    for (QnnTensor tensor : graph.outputs()) {
      Matcher buffer = BUFFER.matcher(tensor.name());
      if (!buffer.matches()) {
        outputs.add(tensor);
      } else if (written.put(buffer.group(1), tensor) != null) {
        throw mismatch("the buffer " + tensor.name() + " is written twice");
      }
    }
    List<MutableBuffer> buffers = new ArrayList<>();
    for (QnnTensor tensor : graph.inputs()) {
      Matcher buffer = BUFFER.matcher(tensor.name());
      if (buffer.matches()) {
        QnnTensor output = written.remove(buffer.group(1));
        if (output == null || output.byteSize() != tensor.byteSize()) {
          throw mismatch("the buffer " + tensor + " is written as " + output);
        }
        buffers.add(new MutableBuffer(tensor, output));
      } else {
        inputs.add(tensor);
      }
    }
    if (!written.isEmpty()) {
      throw mismatch("buffers are written that are not read: " + written.values());
    }
    if (inputs.stream().allMatch(t -> INPUT.matcher(t.name()).matches())) {
      inputs.sort(Comparator.comparingInt(CallSignature::number));
    }
    requireSame("inputs", inputs, inputTypes);
    requireSame("outputs", outputs, outputTypes);
    return new CallSignature(inputs, outputs, buffers);
  }

  private static int number(QnnTensor input) {
    Matcher matcher = INPUT.matcher(input.name());
    return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
  }

  private static void requireSame(String what, List<QnnTensor> tensors, List<TensorType> types)
      throws DelegateException {
    if (tensors.size() != types.size()) {
      throw mismatch(
          "its graph has "
              + tensors.size()
              + " "
              + what
              + " "
              + tensors
              + ", the program passes "
              + types.size()
              + " "
              + types);
    }
    for (int i = 0; i < tensors.size(); i++) {
      QnnTensor tensor = tensors.get(i);
      TensorType type = types.get(i);
      if (!isSame(tensor.dtype(), type.dtype()) || !isSame(tensor.sizes(), type.shape())) {
        throw mismatch("among the " + what + ", " + tensor + " stands for " + type);
      }
    }
  }

  /** A graph has no scalars, and dimensions of size 1 move no byte. */
  private static boolean isSame(int[] qnn, Shape shape) {
    return Arrays.equals(
        Arrays.stream(qnn).filter(size -> size != 1).toArray(),
        Arrays.stream(shape.sizes()).filter(size -> size != 1).toArray());
  }

  /** Fixed-point numbers cross the border as integers of their width. */
  private static boolean isSame(DataType qnn, DType dtype) {
    return qnn.byteSize() == dtype.byteSize()
        && !dtype.isComplex()
        && dtype != DType.BFLOAT16
        && qnn.isFloat() == dtype.isFloatingPoint()
        && (qnn == DataType.BOOL_8) == (dtype == DType.BOOL);
  }
}
