package dev.baton.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.baton.runtime.NativeMemory;
import dev.baton.tck.NoLeaks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Compiles the Java of the documentation as it stands there, and runs the README's. */
@ExtendWith(NoLeaks.class)
class ReadmeTest {
  private static final Path MODELS = Path.of(System.getProperty("baton.models"));

  @TempDir Path folder;

  private static List<String> javaOf(String document) throws IOException {
    Matcher blocks =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(MODELS.resolve("..").resolve(document)));
    List<String> found = new ArrayList<>();
    while (blocks.find()) {
      found.add(blocks.group(1));
    }
    return found;
  }

  /** Compiles a block as a file of its own. */
  private void compile(String name, String source) throws IOException {
    Path file = folder.resolve(name + ".java");
    Files.writeString(file, source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    var messages = new ByteArrayOutputStream();
    int status =
        compiler.run(
            null,
            messages,
            messages,
            "-d",
            folder.toString(),
            "-cp",
            System.getProperty("java.class.path"),
            file.toString());
    assertEquals(0, status, messages.toString(StandardCharsets.UTF_8));
  }

  @Test
  void theExampleClassifiesADigit() throws Exception {
    String source =
        javaOf("README.md")
            .get(0)
            .replace("\"digits.pte\"", "\"" + MODELS.resolve("digits-xnn/model.pte") + "\"");
    compile("Classify", source);
    String printed = main("Classify");
    assertTrue(printed.contains("operators"), printed);
    assertTrue(printed.matches("(?s).*digit [0-9].*"), printed);
    assertEquals(0, NativeMemory.liveBytes());
  }

  @Test
  void theDelegateCompiles() throws IOException {
    compile("NegateDelegate", javaOf("docs/delegates.md").get(0));
  }

  private String main(String type) throws ReflectiveOperationException, IOException {
    URL[] here = {URI.create(folder.toUri().toString()).toURL()};
    PrintStream out = System.out;
    var printed = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(here, getClass().getClassLoader())) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      var main = loader.loadClass(type).getDeclaredMethod("main", String[].class);
      main.setAccessible(true);
      main.invoke(null, (Object) new String[0]);
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    } finally {
      System.setOut(out);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }
}
