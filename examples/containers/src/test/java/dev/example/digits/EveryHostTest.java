package dev.example.digits;

import static dev.baton.delegate.Availability.Reason.LIBRARY_ABSENT;
import static dev.baton.delegate.Availability.Reason.LIBRARY_NOT_PLACED;
import static dev.baton.delegate.Availability.Reason.LIBRARY_UNFIT;
import static dev.baton.delegate.Availability.Reason.NATIVE_ACCESS_DENIED;
import static dev.baton.tck.container.Expectation.inJava;
import static dev.baton.tck.container.Expectation.on;

import dev.baton.tck.container.Application;
import dev.baton.tck.container.Host;
import dev.baton.tck.container.HostMatrix;
import dev.baton.tck.container.Preparation;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/** The model on every kind of host: who computes, why not XNNPACK, and always PyTorch's result. */
class EveryHostTest {
  private static final Path MODEL = Path.of("src", "test", "resources", "digits");
  private static final String LIBRARY =
      "org/bytedeco/tensorflowlite/linux-x86_64/libjnitensorflowlite.so";

  @TestFactory
  Stream<DynamicNode> model() {
    return HostMatrix.of(
            Application.ofCase(MODEL),
            Host.plain().expecting(on("xnnpack")),
            Host.noNetwork().expecting(on("xnnpack")),
            Host.oneCpu().expecting(on("xnnpack")),
            Host.memory(256).expecting(on("xnnpack")),
            Host.nonRoot().expecting(on("xnnpack")),
            Host.slimJre("jdk.incubator.vector").expecting(on("xnnpack")),
            Host.noLibrary(Host.XNNPACK_JARS)
                .expecting(
                    inJava().because("xnnpack", LIBRARY_ABSENT, "org.bytedeco:tensorflow-lite")),
            Host.oldSystem()
                .expecting(inJava().because("xnnpack", LIBRARY_UNFIT, "Install a newer libstdc++")),
            Host.readOnlyRoot()
                .expecting(inJava().because("xnnpack", LIBRARY_NOT_PLACED, "baton.cache.dir")),
            Host.noexecTmp().expecting(inJava().because("xnnpack", LIBRARY_NOT_PLACED, "noexec")),
            Host.nativeAccessDenied()
                .expecting(
                    inJava().because("xnnpack", NATIVE_ACCESS_DENIED, "--enable-native-access")),
            Host.musl().expecting(inJava().because("xnnpack", LIBRARY_UNFIT, "musl")),
            Host.plain()
                .named("installed library")
                .withJvmOptions("-Dbaton.xnnpack.library=" + Host.FOLDER + "/libXNNPACK.so")
                .expecting(inJava().because("xnnpack", LIBRARY_ABSENT, "libXNNPACK.so"))
                .then("appears", Preparation.resource(LIBRARY, "libXNNPACK.so"), on("xnnpack"))
                .then(
                    "breaks",
                    Preparation.truncate("libXNNPACK.so"),
                    inJava().because("xnnpack", LIBRARY_UNFIT, "truncated")),
            Host.plain()
                .named("extracted library")
                .withJvmOptions("-Dbaton.cache.dir=" + Host.FOLDER)
                .expecting(on("xnnpack"))
                .then("breaks, and is extracted again", Preparation.truncate(".so"), on("xnnpack")))
        .tests();
  }
}
