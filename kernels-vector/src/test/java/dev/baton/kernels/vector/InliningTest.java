package dev.baton.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
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

  @Test
  void methodsOfVectorsAreShort() throws IOException, URISyntaxException {
    Path classes = Path.of(Gemm.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> tooLong = new ArrayList<>();
    int seen = 0;
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        ClassModel model = ClassFile.of().parse(file);
        for (MethodModel method : model.methods()) {
          if (VECTOR.matcher(method.methodType().stringValue()).find()) {
            seen++;
            int size =
                method.findAttribute(Attributes.code()).map(CodeAttribute::codeLength).orElse(0);
            if (size > ALWAYS_INLINED) {
              tooLong.add(
                  model.thisClass().asInternalName()
                      + "."
                      + method.methodName().stringValue()
                      + ": "
                      + size
                      + " bytes");
            }
          }
        }
      }
    }
    assertTrue(seen > 0, "no methods of vectors: this test looks in the wrong place");
    assertEquals(List.of(), tooLong);
  }
}
