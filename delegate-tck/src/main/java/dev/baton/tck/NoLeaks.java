package dev.baton.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.baton.runtime.NativeMemory;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Asserts after each test that Baton holds as much native memory as before it, by purpose. Not for
 * tests that run at the same time in one process.
 */
public final class NoLeaks implements BeforeEachCallback, AfterEachCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(NoLeaks.class);

  /** Made by JUnit. */
  public NoLeaks() {}

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(NAMESPACE).put("before", NativeMemory.liveBytes());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Long before = context.getStore(NAMESPACE).get("before", Long.class);
    if (before != null && context.getExecutionException().isEmpty()) {
      assertEquals(
          before,
          NativeMemory.liveBytes(),
          () -> "native bytes that are still held: " + NativeMemory.byPurpose());
    }
  }
}
