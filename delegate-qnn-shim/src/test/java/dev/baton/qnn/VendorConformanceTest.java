package dev.baton.qnn;

import dev.baton.tck.conformance.PayloadSample;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;

/** On the vendor's libraries where they are. */
class VendorConformanceTest extends ClaimingConformance {
  /** About the precision of float16, over sums of some length; or some steps of 8 bits. */
  private static final double HALF = 2e-2;

  private static Path library = Path.of("");

  @BeforeAll
  static void vendor() throws Exception {
    VendorTest.vendor();
    library = QnnLibraries.locate(null).orThrow().path();
  }

  @Override
  Path library() {
    return library;
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
