package dev.example.openvino;

import dev.baton.delegate.Delegate;
import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.tck.conformance.PayloadSample;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** On a host without OpenVINO the delegate says so, and Java answers. */
class WithoutOpenvinoTest extends DelegateConformance {
  private static final Map<String, String> NOWHERE =
      Map.of(OpenvinoDelegate.LIBRARY_OPTION, "/nowhere/libopenvino_c.so");

  @Override
  protected Delegate delegate() {
    return new OpenvinoDelegate();
  }

  @Override
  protected Map<String, String> options() {
    return NOWHERE;
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(NOWHERE);
  }

  /** Nobody loads it here. */
  @Override
  protected List<PayloadSample> payloads() {
    List<TensorType> none = List.of(TensorType.of(DType.FLOAT, 1));
    return List.of(
        new PayloadSample(
            "none", OpenvinoDelegate.PAYLOAD_ID, new byte[1], Map.of(), none, none, false));
  }
}
