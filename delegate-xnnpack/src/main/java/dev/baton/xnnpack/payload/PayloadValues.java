package dev.baton.xnnpack.payload;

import com.google.flatbuffers.IntVector;
import dev.baton.delegate.DelegateException;
import dev.baton.xnnpack.payload.PayloadValue.Quantization;
import dev.baton.xnnpack.payload.PayloadValue.Scales;
import dev.baton.xnnpack.payload.PayloadValue.Type;
import dev.baton.xnnpack.payload.schema.PerChannelGroupQuant;
import dev.baton.xnnpack.payload.schema.PerChannelQuant;
import dev.baton.xnnpack.payload.schema.PerTensorQuant;
import dev.baton.xnnpack.payload.schema.PerTokenDynamicQuant;
import dev.baton.xnnpack.payload.schema.XNNGraph;
import dev.baton.xnnpack.payload.schema.XNNQuantParams;
import dev.baton.xnnpack.payload.schema.XNNQuantizedTensorValue;
import dev.baton.xnnpack.payload.schema.XNNTensorValue;
import dev.baton.xnnpack.payload.schema.XValue;
import dev.baton.xnnpack.payload.schema.XValueUnion;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads the declarations of values. */
final class PayloadValues {
  private PayloadValues() {}

  /** The values by id, in the order of the payload. */
  static Map<Integer, PayloadValue> read(XNNGraph graph) throws DelegateException {
    Map<Integer, PayloadValue> values = new LinkedHashMap<>();
    for (int i = 0; i < graph.xvaluesLength(); i++) {
      PayloadValue value = value(graph.xvalues(i), "xvalue " + i);
      if (values.put(value.id(), value) != null) {
        throw Failures.damaged("xvalue " + i + " has the id of an earlier one: " + value);
      }
    }
    return values;
  }

  private static PayloadValue value(XValue value, String place) throws DelegateException {
    XNNTensorValue tensor;
    Quantization quantization;
    switch (value.xvalueUnionType()) {
      case XValueUnion.XNNTensorValue -> {
        tensor = new XNNTensorValue();
        if (value.xvalueUnion(tensor) == null) {
          throw Failures.damaged(place + " has no table");
        }
        quantization = Quantization.None.NONE;
      }
      case XValueUnion.XNNQuantizedTensorValue -> {
        var quantized = new XNNQuantizedTensorValue();
        if (value.xvalueUnion(quantized) == null || quantized.tensorValue() == null) {
          throw Failures.damaged(place + " has no table");
        }
        tensor = quantized.tensorValue();
        quantization = quantization(quantized, place);
      }
      default ->
          throw Failures.damaged(
              place + " is of kind " + value.xvalueUnionType() + ", expected 1 or 2");
    }
    return new PayloadValue(
        (int) tensor.idOut(),
        Type.of(tensor.datatype()),
        dims(tensor, place),
        tensor.constantBufferIdx(),
        (int) tensor.externalId(),
        (int) tensor.flags(),
        quantization,
        Type.of(tensor.dqDatatype()));
  }

  private static int[] dims(XNNTensorValue tensor, String place) throws DelegateException {
    IntVector stated = tensor.dimsVector();
    int rank = stated == null ? 0 : stated.length();
    if (rank != tensor.numDims() || rank > PayloadNodes.MAX_RANK) {
      throw Failures.damaged(
          "%s has %d dims for %d dimensions, expected as many, and %d or fewer"
              .formatted(place, rank, tensor.numDims(), PayloadNodes.MAX_RANK));
    }
    int[] dims = new int[rank];
    for (int d = 0; stated != null && d < rank; d++) {
      long size = stated.getAsUnsigned(d);
      if (size > Integer.MAX_VALUE) {
        throw Failures.damaged(place + " has a dimension of " + size);
      }
      dims[d] = (int) size;
    }
    return dims;
  }

  private static Quantization quantization(XNNQuantizedTensorValue value, String place)
      throws DelegateException {
    switch (value.quantParamsType()) {
      case XNNQuantParams.PerChannelQuant -> {
        var q = new PerChannelQuant();
        if (value.quantParams(q) != null) {
          return new Quantization.PerChannel(
              new Scales(q.scaleVector(), q.scaleBufferIdx(), q.numScales()), q.channelDim());
        }
      }
      case XNNQuantParams.PerTensorQuant -> {
        var q = new PerTensorQuant();
        if (value.quantParams(q) != null) {
          return new Quantization.PerTensor(q.scale(), q.zeroPoint());
        }
      }
      case XNNQuantParams.PerTokenDynamicQuant -> {
        var q = new PerTokenDynamicQuant();
        if (value.quantParams(q) != null) {
          return new Quantization.PerToken(q.numNonbatchDims());
        }
      }
      case XNNQuantParams.PerChannelGroupQuant -> {
        var q = new PerChannelGroupQuant();
        if (value.quantParams(q) != null) {
          return new Quantization.PerGroup(
              new Scales(q.scaleVector(), q.scaleBufferIdx(), q.numScales()),
              q.channelDim(),
              q.groupSize());
        }
      }
      default -> {}
    }
    throw Failures.damaged(
        place
            + " has quantization parameters of kind "
            + value.quantParamsType()
            + ", expected 1 to 4 and a table");
  }
}
