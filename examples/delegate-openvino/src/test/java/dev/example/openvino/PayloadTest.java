package dev.example.openvino;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.cases.CaseResult;
import dev.baton.cases.CaseRunner;
import dev.baton.cases.ModelCase;
import dev.baton.delegate.DelegateException;
import dev.baton.runtime.BatonException;
import dev.baton.runtime.Delegates;
import dev.baton.runtime.LoadOptions;
import dev.baton.tck.NoLeaks;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A payload that ExecuTorch's exporter wrote. */
@ExtendWith(NoLeaks.class)
class PayloadTest {
  private static final Path DIGITS = Path.of("src/test/resources/digits-openvino");

  /**
   * The payload is for one version of OpenVINO and one kind of CPU: there it computes what PyTorch
   * does, elsewhere it is refused as what it is.
   */
  @Test
  void computesWhatPyTorchDoesOrIsRefused() throws IOException {
    CaseResult result;
    try {
      result =
          new CaseRunner(Delegates.load(), LoadOptions.defaults().withThreads(2))
              .run(ModelCase.read(DIGITS));
    } catch (BatonException e) {
      DelegateException refusal = refusal(e);
      assertEquals(DelegateException.Kind.BAD_PAYLOAD, refusal.kind(), e::toString);
      assertTrue(String.valueOf(e.getMessage()).contains("incompatible"), e::toString);
      return;
    }
    assertTrue(result.passed(), () -> String.valueOf(result.firstFailure()));
    assertEquals(1, result.placement().counts().get("openvino"));
  }

  private static DelegateException refusal(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof DelegateException refusal) {
        return refusal;
      }
    }
    throw new AssertionError("no delegate refused", e);
  }
}
