package dev.baton.nativelib;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A native function that is bound at its first use. Binding a new signature costs milliseconds, so
 * functions that a run does not reach should cost nothing; and a function that a library lacks
 * should fail only who calls it.
 *
 * <p>Safe for any number of threads. Code that calls often takes {@link #handle} once and keeps it
 * in a final field or a record.
 */
public final class NativeFunction {
  private final SymbolLookup lookup;
  private final String library;
  private final String name;
  private final FunctionDescriptor descriptor;
  private final Linker.Option[] options;

  private volatile @Nullable MethodHandle handle;
  private volatile boolean absent;

  /**
   * @param lookup where the function is looked up, never null
   * @param library what messages call that place, never null
   * @param name name as in C, never null
   * @param descriptor its result and parameters, never null
   * @param options of the linker, never null
   */
  public NativeFunction(
      SymbolLookup lookup,
      String library,
      String name,
      FunctionDescriptor descriptor,
      Linker.Option... options) {
    this.lookup = lookup;
    this.library = library;
    this.name = name;
    this.descriptor = descriptor;
    this.options = options.clone();
  }

  /** Name as in C, never null. */
  public String name() {
    return name;
  }

  /** Result and parameters, never null. */
  public FunctionDescriptor descriptor() {
    return descriptor;
  }

  /**
   * Whether the library exports the function. Looks it up, binds nothing.
   *
   * @throws IllegalStateException if the library is closed
   */
  public boolean available() {
    return handle != null || (!absent && lookup.find(name).isPresent());
  }

  /**
   * The handle that calls the function, of the type that the descriptor gives; the same at each
   * call. Never null.
   *
   * @throws NativeLibraryException if the library does not export the function (each time, looked
   *     up once), or native access is denied
   * @throws IllegalStateException if it is not bound yet and the library is closed
   */
  public MethodHandle handle() {
    MethodHandle bound = handle;
    return bound == null ? bind() : bound;
  }

  private synchronized MethodHandle bind() {
    MethodHandle bound = handle;
    if (bound != null) {
      return bound;
    }
    if (!absent) {
      var address = lookup.find(name);
      if (address.isPresent()) {
        bound = NativeAccess.downcall(address.get(), descriptor, options);
        handle = bound;
        return bound;
      }
      absent = true;
    }
    throw new NativeLibraryException(
        FailureKind.UNFIT,
        "The library " + library + " does not export the function " + name + ".",
        "Use a version of the library that has it.",
        List.of());
  }

  @Override
  public String toString() {
    return "NativeFunction[" + name + " of " + library + "]";
  }
}
