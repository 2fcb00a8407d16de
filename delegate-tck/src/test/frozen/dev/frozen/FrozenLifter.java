package dev.frozen;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.delegate.PayloadLifter;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.DimOrder;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;

/** A payload of floats is added to the input, and the sum negated. */
public final class FrozenLifter implements PayloadLifter {
  public FrozenLifter() {}

  @Override
  public String payloadId() {
    return "FrozenBackend";
  }

  @Override
  public void lift(Payload payload, GraphBuilder into) throws DelegateException {
    if (payload.bytes().byteSize() % Float.BYTES != 0) {
      throw new DelegateException(
          DelegateException.Kind.BAD_PAYLOAD, "not a whole number of floats");
    }
    if (!payload.id().equals(payloadId()) || into.argumentCount() != 2) {
      throw new DelegateException(DelegateException.Kind.UNSUPPORTED, "another call");
    }
    Value x = into.input(0);
    if (!into.dimOrder(0).equals(DimOrder.contiguous(x.shape().rank()))) {
      throw new DelegateException(DelegateException.Kind.UNSUPPORTED, "another order");
    }
    into.at(0);
    int count = (int) (payload.bytes().byteSize() / Float.BYTES);
    Value w =
        into.constant(
            Constant.of(payload.bytes(), TensorType.of(DType.FLOAT, count))
                .reshape(1, count)
                .permute(0, 1)
                .reshape(count));
    Value sum = into.apply("aten::add.Tensor", x, w, Argument.of(1));
    into.at(1);
    into.output(1, into.call("aten::neg", sum).get(0));
  }
}
