package dev.baton.nativelib;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The restricted methods of the Foreign Function and Memory API, called by this module for its
 * users, who then need no native access of their own.
 *
 * <p>Every method throws {@link NativeLibraryException} of kind {@link FailureKind#ACCESS_DENIED}
 * if the JVM denies native access, and what the method of the JDK throws otherwise. Safe for any
 * number of threads. No parameter and no result is null unless said so.
 */
public final class NativeAccess {
  private NativeAccess() {}

  /**
   * A handle that calls the function at {@code address}. It keeps the address' arena from closing
   * during calls.
   */
  public static MethodHandle downcall(
      MemorySegment address, FunctionDescriptor descriptor, Linker.Option... options) {
    return permitted(() -> Linker.nativeLinker().downcallHandle(address, descriptor, options));
  }

  /**
   * A handle whose first argument is the address of the function to call: for tables of function
   * pointers.
   */
  public static MethodHandle downcall(FunctionDescriptor descriptor, Linker.Option... options) {
    return permitted(() -> Linker.nativeLinker().downcallHandle(descriptor, options));
  }

  /**
   * A function pointer that calls {@code target} as long as {@code arena} is open. An exception out
   * of {@code target} ends the JVM.
   */
  public static MemorySegment upcall(
      MethodHandle target, FunctionDescriptor descriptor, Arena arena, Linker.Option... options) {
    return permitted(() -> Linker.nativeLinker().upcallStub(target, descriptor, arena, options));
  }

  /**
   * {@code segment} with another size in bytes. The caller answers for there being so much memory.
   */
  public static MemorySegment reinterpret(MemorySegment segment, long size) {
    return permitted(() -> segment.reinterpret(size));
  }

  /**
   * {@code segment} with another size in bytes and the lifetime of {@code arena}.
   *
   * @param cleanup called with the segment when the arena closes; null for nothing
   */
  public static MemorySegment reinterpret(
      MemorySegment segment, long size, Arena arena, @Nullable Consumer<MemorySegment> cleanup) {
    return permitted(() -> segment.reinterpret(size, arena, cleanup));
  }

  /**
   * Why the JVM denies native access to this module, one sentence; empty if it allows it. Tells by
   * a harmless restricted call, since {@link Module#isNativeAccessEnabled()} is false also where
   * the JVM would merely warn; that warning comes with the first such call.
   */
  public static Optional<String> denial() {
    try {
      MemorySegment _ = MemorySegment.NULL.reinterpret(0);
      return Optional.empty();
    } catch (IllegalCallerException e) {
      return Optional.of("The JVM denies native access to " + thisModule() + ".");
    }
  }

  static <T> T permitted(Supplier<T> call) {
    try {
      return call.get();
    } catch (IllegalCallerException e) {
      throw new NativeLibraryException(
          FailureKind.ACCESS_DENIED,
          "The JVM denies native access to " + thisModule() + ".",
          remedy(),
          e);
    }
  }

  static String remedy() {
    Module module = NativeAccess.class.getModule();
    return "Start the JVM with --enable-native-access="
        + (module.isNamed() ? module.getName() : "ALL-UNNAMED")
        + ".";
  }

  private static String thisModule() {
    Module module = NativeAccess.class.getModule();
    return module.isNamed() ? "the module " + module.getName() : "code on the class path";
  }
}
