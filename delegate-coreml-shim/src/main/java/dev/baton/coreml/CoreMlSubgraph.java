package dev.baton.coreml;

import dev.baton.coreml.ffi.CoreMlException;
import dev.baton.coreml.ffi.CoreMlModel;
import dev.baton.coreml.ffi.Feature;
import dev.baton.coreml.mlpackage.MlPackage;
import dev.baton.delegate.CompiledSubgraph;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.DelegateException.Kind;
import dev.baton.delegate.DelegateExecution;
import dev.baton.delegate.ExecutionContext;
import dev.baton.delegate.Payload;
import dev.baton.graph.DType;
import dev.baton.graph.TensorType;
import java.util.ArrayList;
import java.util.List;

/** A model that Core ML has loaded, and how the call's tensors are its arrays. */
final class CoreMlSubgraph implements CompiledSubgraph {
  /**
   * An argument of the call.
   *
   * @param array dtype of the model's array
   * @param tensor dtype of the program's tensor
   */
  record Argument(String name, DType array, DType tensor) {}

  private final CoreMlModel model;
  private final List<Argument> inputs;
  private final List<Argument> outputs;
  private final List<Feature> states;
  private volatile boolean closed;

  /** Owns the model, and closes it if this cannot be made. */
  CoreMlSubgraph(CoreMlModel model, MlPackage open, Payload payload)
      throws DelegateException, CoreMlException {
    this.model = model;
    try {
      inputs = arguments(Feature.Kind.INPUT, open.inputs(), payload.inputs());
      outputs = arguments(Feature.Kind.OUTPUT, open.outputs(), payload.outputs());
      states = model.features(Feature.Kind.STATE);
    } catch (DelegateException | CoreMlException | RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private List<Argument> arguments(Feature.Kind kind, List<String> names, List<TensorType> types)
      throws DelegateException, CoreMlException {
    List<Feature> features = model.features(kind);
    List<Argument> arguments = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Feature feature =
          features.stream()
              .filter(f -> f.name().equals(name))
              .findFirst()
              .orElseThrow(() ->
                  new DelegateException(
                      Kind.BAD_PAYLOAD, "the model has no " + kind + " '" + name + "'"));
      Argument argument = new Argument(name, feature.dtype(), types.get(i).dtype());
      if (!Conversion.convertible(argument.tensor(), argument.array())) {
        throw new DelegateException(
            Kind.UNSUPPORTED,
            "'%s' is %s in the program and %s in the model"
                .formatted(name, argument.tensor(), argument.array()));
      }
      arguments.add(argument);
    }
    return arguments;
  }

  CoreMlModel model() {
    return model;
  }

  List<Argument> inputs() {
    return inputs;
  }

  List<Argument> outputs() {
    return outputs;
  }

  List<Feature> states() {
    return states;
  }

  @Override
  public DelegateExecution newExecution(ExecutionContext context) throws DelegateException {
    if (closed) {
      throw new IllegalStateException("the model is closed");
    }
    try {
      return new CoreMlExecution(this);
    } catch (CoreMlException e) {
      throw CoreMlSession.failed(e);
    }
  }

  @Override
  public void close() {
    closed = true;
    model.close();
  }
}
