package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.delegate.PayloadLifter;
import dev.baton.graph.GraphBuilder;

/**
 * Lifts XNNPACK payloads. Images are written NCHW, as the operators want them; transpositions that
 * the exporter put around XNNPACK's NHWC operators cancel where they meet. Quantized operators are
 * written as dequantize, operator, quantize.
 */
public final class XnnpackPayloadLifter implements PayloadLifter {
  public XnnpackPayloadLifter() {}

  @Override
  public String payloadId() {
    return "XnnpackBackend";
  }

  @Override
  public void lift(Payload payload, GraphBuilder into) throws DelegateException {
    new Lifting(payload, into).run();
  }
}
