package dev.baton.archetype;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** The archetype, and {@code docs/writing-a-delegate.md}, followed word by word. */
class GuideTest {
  private static final Pattern FILE = Pattern.compile("`(src/[^`]+\\.java)`");
  private static final Pattern DEFINITION = Pattern.compile("-D(\\w+)=(\\S+)");
  private static final String TEST = "com.acme.delegate.AcmeConformanceTest";

  /** A file as the guide shows it. */
  private record Shown(String path, String text) {}

  private final List<Shown> files = new ArrayList<>();
  private final Map<String, String> command = new HashMap<>();

  /** Each block of Java is the file that was named last before it. */
  GuideTest() throws Exception {
    String path = "";
    StringBuilder block = null;
    String language = "";
    for (String line : Files.readAllLines(Path.of(System.getProperty("baton.guide")))) {
      if (line.startsWith("```")) {
        if (block == null) {
          language = line.substring(3);
          block = new StringBuilder();
        } else {
          if (language.equals("java")) {
            files.add(new Shown(path, block.toString()));
          } else {
            Matcher definition = DEFINITION.matcher(block);
            while (definition.find()) {
              command.put(definition.group(1), definition.group(2));
            }
          }
          block = null;
        }
      } else if (block != null) {
        block.append(line).append('\n');
      } else {
        Matcher file = FILE.matcher(line);
        while (file.find()) {
          path = file.group(1);
        }
      }
    }
  }

  private Project generated(Path folder) throws Exception {
    Map<String, String> properties = new HashMap<>(command);
    properties.keySet().removeIf(key -> key.startsWith("archetype"));
    return Project.generate(folder, properties);
  }

  @Test
  void theCommandNamesThisArchetype() {
    assertEquals("dev.baton", command.get("archetypeGroupId"));
    assertEquals("baton-delegate-archetype", command.get("archetypeArtifactId"));
    assertEquals(System.getProperty("baton.version"), command.get("archetypeVersion"));
  }

  @Test
  void whatIsGeneratedIsWhatTheGuideShowsFirst(@TempDir Path folder) throws Exception {
    Project project = generated(folder);
    Shown first = files.getFirst();
    assertEquals(first.text(), project.read(first.path()));
    assertEquals(
        "com.acme.delegate.AcmeDelegate\n",
        project.read("src/main/resources/META-INF/services/dev.baton.delegate.Delegate"));
  }

  @Test
  void whatIsGeneratedPassesWhatIsAskedWithoutALibrary(@TempDir Path folder) throws Exception {
    Project.Results results = generated(folder).verify(TEST);
    assertEquals(Map.of(), results.failed());
    assertTrue(results.passed().contains("nameIsTypeableAndStable()"), results::toString);
    assertTrue(results.passed().contains("availabilityIsTypedAndNeverThrows()"), results::toString);
    assertTrue(results.passed().contains("saysThatItsLibraryIsAbsent()"), results::toString);
    assertFalse(results.aborted().isEmpty());
  }

  @Test
  void otherNamesDoAsWell(@TempDir Path folder) throws Exception {
    Map<String, String> names =
        Map.of(
            "groupId", "org.example",
            "artifactId", "npu",
            "version", "7",
            "package", "org.example.npu",
            "delegateName", "example-npu",
            "className", "ExampleNpu");
    Project.Results results =
        Project.generate(folder, names).verify("org.example.npu.ExampleNpuConformanceTest");
    assertEquals(Map.of(), results.failed());
    assertFalse(results.passed().isEmpty());
  }

  @Test
  void thePomNamesThisVersion(@TempDir Path folder) throws Exception {
    Document pom =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(generated(folder).read("pom.xml"))));
    NodeList dependencies = pom.getElementsByTagName("dependency");
    Map<String, String> versions = new HashMap<>();
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element dependency = (Element) dependencies.item(i);
      versions.put(text(dependency, "artifactId"), text(dependency, "version"));
    }
    String version = System.getProperty("baton.version");
    assertEquals(
        Map.of(
            "baton-delegate-api", version,
            "baton-native", version,
            "baton-delegate-tck", version,
            "junit-jupiter", System.getProperty("junit.version")),
        versions);
    assertEquals("com.acme", text(pom.getDocumentElement(), "groupId"));
    assertEquals("1.0-SNAPSHOT", text(pom.getDocumentElement(), "version"));
  }

  private static String text(Element element, String tag) {
    return element.getElementsByTagName(tag).item(0).getTextContent();
  }

  /** On Linux, whose C library it calls. */
  @Test
  @EnabledOnOs(
      value = OS.LINUX,
      architectures = {"amd64", "aarch64"})
  void whatTheGuideWritesPassesTheKit(@TempDir Path folder) throws Exception {
    Project project = generated(folder);
    for (Shown file : files) {
      project.write(file.path(), file.text());
    }
    Project.Results results = project.verify(TEST);
    assertEquals(Map.of(), results.failed());
    assertTrue(results.passed().size() > 20, results::toString);
    results
        .aborted()
        .forEach((name, why) ->
            assertTrue(
                why.contains("the delegate takes")
                    || why.contains("nothing of it is taken")
                    || why.contains("asks for no memory of the host")
                    || why.contains("the delegate loads no payloads"),
                name + ": " + why));
  }
}
