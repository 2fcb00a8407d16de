package dev.example.digits;

import static dev.baton.delegate.Availability.Reason.LIBRARY_ABSENT;
import static dev.baton.delegate.Availability.Reason.NATIVE_ACCESS_DENIED;
import static dev.baton.tck.container.Expectation.inJava;
import static dev.baton.tck.container.Expectation.on;

import dev.baton.tck.container.Application;
import dev.baton.tck.container.Host;
import dev.baton.tck.container.HostMatrix;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

class ApplicationTest {
  @TestFactory
  Stream<DynamicNode> readsADigit() {
    return HostMatrix.of(
            Application.ofCheck(ReadsADigit.class),
            Host.plain().expecting(on("xnnpack")),
            Host.noLibrary(Host.XNNPACK_JARS)
                .expecting(inJava().because("xnnpack", LIBRARY_ABSENT, "tensorflow-lite")),
            Host.nativeAccessDenied().expecting(inJava().because("xnnpack", NATIVE_ACCESS_DENIED)))
        .withReport(Path.of("target", "application-hosts.md"))
        .tests();
  }
}
