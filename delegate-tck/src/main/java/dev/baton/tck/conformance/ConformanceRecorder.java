package dev.baton.tck.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.DynamicTestInvocationContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.opentest4j.TestAbortedException;

/** Records what became of each rule of a {@link DelegateConformance}, and writes its report. */
public final class ConformanceRecorder implements InvocationInterceptor, AfterAllCallback {
  /** Made by JUnit. */
  public ConformanceRecorder() {}

  @Override
  public void interceptTestMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    record(invocation, "", context);
  }

  @Override
  public <T extends @Nullable Object> T interceptTestFactoryMethod(
      Invocation<T> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    try {
      return invocation.proceed();
    } catch (AssertionError | Exception e) {
      add(context, "", e, 0);
      throw e;
    }
  }

  @Override
  public void interceptDynamicTest(
      Invocation<@Nullable Void> invocation,
      DynamicTestInvocationContext test,
      ExtensionContext context)
      throws Throwable {
    record(invocation, context.getDisplayName(), context);
  }

  private static void record(
      Invocation<@Nullable Void> invocation, String test, ExtensionContext context)
      throws Throwable {
    long start = System.nanoTime();
    Throwable problem = null;
    try {
      invocation.proceed();
    } catch (Throwable e) {
      problem = e;
      throw e;
    } finally {
      add(context, test, problem, System.nanoTime() - start);
    }
  }

  private static void add(
      ExtensionContext context, String test, @Nullable Throwable problem, long nanos) {
    ConformanceReport.Status status =
        problem == null
            ? ConformanceReport.Status.PASSED
            : problem instanceof TestAbortedException
                ? ConformanceReport.Status.ABORTED
                : ConformanceReport.Status.FAILED;
    String message = problem == null ? "" : message(problem);
    subject(context)
        .ifPresent(s ->
            s.report()
                .add(new ConformanceReport.Result(rule(context), test, status, message, nanos)));
  }

  private static String message(Throwable problem) {
    String message = problem.getMessage();
    if (problem instanceof TestAbortedException) {
      return message == null ? "" : message.replace("Assumption failed: ", "");
    }
    return problem instanceof AssertionError && message != null ? message : problem.toString();
  }

  /** Tests that a factory makes have no instance of their own. */
  private static Optional<DelegateConformance> subject(ExtensionContext context) {
    return first(context, ExtensionContext::getTestInstance)
        .filter(DelegateConformance.class::isInstance)
        .map(DelegateConformance.class::cast);
  }

  /** The name of the test method, also for the tests that it makes. */
  private static String rule(ExtensionContext context) {
    return first(context, ExtensionContext::getTestMethod).map(Method::getName).orElse("");
  }

  /** Of the context, else of the nearest around it. */
  private static <T> Optional<T> first(
      ExtensionContext context, Function<ExtensionContext, Optional<T>> what) {
    Optional<ExtensionContext> at = Optional.of(context);
    while (at.isPresent()) {
      Optional<T> found = what.apply(at.get());
      if (found.isPresent()) {
        return found;
      }
      at = at.get().getParent();
    }
    return Optional.empty();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    subject(context)
        .ifPresent(s -> {
          try {
            s.writeReport();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
