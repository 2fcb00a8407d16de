package dev.baton.coreml.lift;

import dev.baton.coreml.CoreMlDelegate;
import dev.baton.coreml.mil.MilProgram;
import dev.baton.coreml.mil.ProgramReader;
import dev.baton.coreml.mlpackage.MlPackage;
import dev.baton.delegate.DelegateException;
import dev.baton.delegate.Payload;
import dev.baton.delegate.PayloadLifter;
import dev.baton.graph.GraphBuilder;

/**
 * Lifts Core ML payloads: programs in a package, with their weights. Numbers of 16 bits are
 * computed in 32, from weights as they were rounded to 16.
 */
public final class CoreMlPayloadLifter implements PayloadLifter {
  public CoreMlPayloadLifter() {}

  @Override
  public String payloadId() {
    return CoreMlDelegate.PAYLOAD_ID;
  }

  @Override
  public void lift(Payload payload, GraphBuilder into) throws DelegateException {
    MlPackage open = MlPackage.open(payload);
    MilProgram program = ProgramReader.read(open.model());
    new ProgramLifting(open, program, into).run();
  }
}
