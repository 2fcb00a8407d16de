package dev.baton.qnn;

import dev.baton.delegate.Delegate;
import dev.baton.tck.conformance.DelegateConformance;
import dev.baton.tck.conformance.PayloadSample;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;

/** The delegate does what every delegate must do, on the vendor's libraries where they are. */
class VendorConformanceTest extends DelegateConformance {
  /** Of a case of the kit: by numbers that may be 0, for which the library has no infinity. */
  static final String DIVISION = "div";

  /** About the precision of float16, over sums of some length; or some steps of 8 bits. */
  private static final double HALF = 2e-2;

  private static Path library = Path.of("");

  @BeforeAll
  static void vendor() throws Exception {
    VendorTest.vendor();
    library = QnnLibraries.locate(null).orThrow().path();
  }

  @Override
  protected Delegate delegate() {
    return new QnnDelegate();
  }

  @Override
  protected Map<String, String> options() {
    return Map.of(QnnDelegate.LIBRARY_OPTION, library.toString(), QnnDelegate.CLAIM_OPTION, "on");
  }

  @Override
  protected Optional<Map<String, String>> optionsWithoutLibrary() {
    return Optional.of(Map.of(QnnDelegate.LIBRARY_OPTION, "/nowhere/libQnnHtp.so"));
  }

  @Override
  protected Set<String> cannot() {
    return Set.of(DYNAMIC_SHAPES, DIVISION);
  }

  @Override
  protected double tolerance(String name, double stated) {
    return Math.max(stated, HALF);
  }

  @Override
  protected List<PayloadSample> payloads() {
    return List.of(Cases.payload("smallcnn"), Cases.payload("smallcnn-online"));
  }
}
