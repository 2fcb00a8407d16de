package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A vector that is an argument or a result of a call which the compiler leaves is an object. It
 * takes every method of at most {@link #ALWAYS_INLINED} bytes into its callers, longer ones only
 * where it counted enough calls.
 */
class InliningTest {
  /** HotSpot's MaxInlineSize. */
  private static final int ALWAYS_INLINED = 35;

  /** In a descriptor; not an array of them. */
  private static final Pattern VECTOR =
      Pattern.compile("(?<!\\[)Ljdk/incubator/vector/\\w*(Vector|Mask|Shuffle);");

  /** HotSpot's FreqInlineSize. */
  private static final int NEVER_INLINED = 326;

  @Test
  void methodsOfVectorsAreShort() throws IOException, URISyntaxException {
    List<String> tooLong = new ArrayList<>();
    int seen = 0;
    for (MethodModel method : methods()) {
      if (VECTOR.matcher(method.methodType().stringValue()).find()) {
        seen++;
        if (size(method) > ALWAYS_INLINED) {
          tooLong.add(name(method) + ": " + size(method) + " bytes");
        }
      }
    }
    assertTrue(seen > 0, "no methods of vectors: this test looks in the wrong place");
    assertEquals(List.of(), tooLong);
  }

  /** What would make its callers more than the compiler has room for. */
  @Test
  void loopsOfManyVectorsStayCalls() throws IOException, URISyntaxException {
    int seen = 0;
    for (MethodModel method : methods()) {
      if (name(method).endsWith("Requantizer$Integers.run")) {
        seen++;
        assertTrue(size(method) >= NEVER_INLINED, name(method) + ": " + size(method) + " bytes");
      }
    }
    assertEquals(1, seen);
  }

  private static List<MethodModel> methods() throws IOException, URISyntaxException {
    Path classes = Path.of(Gemm.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<MethodModel> methods = new ArrayList<>();
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        methods.addAll(ClassFile.of().parse(file).methods());
      }
    }
    return methods;
  }

  private static int size(MethodModel method) {
    return method.findAttribute(Attributes.code()).map(CodeAttribute::codeLength).orElse(0);
  }

  private static String name(MethodModel method) {
    return method.parent().orElseThrow().thisClass().asInternalName()
        + "."
        + method.methodName().stringValue();
  }
}
