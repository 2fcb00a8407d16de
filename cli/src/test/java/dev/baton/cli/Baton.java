package dev.baton.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.baton.delegate.Delegate;
import dev.baton.runtime.Delegates;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** One command line, run in this process. */
record Baton(int status, String out, String err) {
  static Baton run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = args[i].toString();
    }
    int status = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), words);
    return new Baton(status, out.toString(), err.toString());
  }

  Map<String, Object> json() throws IOException {
    return JSON.std.mapFrom(out);
  }

  /** A case folder of the test resources. */
  static Path testCase(String name) {
    try {
      URI uri =
          Objects.requireNonNull(Baton.class.getResource("cases/" + name + "/case.json"), name)
              .toURI();
      return Objects.requireNonNull(Path.of(uri).getParent());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Path cases() {
    return Objects.requireNonNull(testCase("add-portable").getParent());
  }

  /** True if XNNPACK works here; the tests hold it to its placement then. */
  static boolean hasXnnpack() {
    Delegate xnnpack = Delegates.load().find("xnnpack");
    return xnnpack != null && xnnpack.availability().isAvailable();
  }
}
