package dev.baton.nativelib;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A loaded library, loaded until it is closed. Safe for any number of threads.
 *
 * <p>Opening one file twice gives two of these over one mapping, since the loader counts its users;
 * the last {@link #close} unloads it. Symbols live as long as the instance that gave them: a handle
 * bound to one fails with {@link IllegalStateException} after the close, it does not call into
 * nothing. A library that starts threads, or registers anything with the process, should not be
 * closed at all.
 */
@SuppressWarnings("MustBeClosedChecker") // close() closes the arena
public final class NativeLibrary implements SymbolLookup, AutoCloseable {
  private static final long MAX_MESSAGE = 4096;

  /** Who sees the symbols of a library. */
  public enum Visibility {
    /** Who looks them up in it. */
    LOCAL,
    /** Also libraries loaded later, which may leave them undefined. No effect on Windows. */
    GLOBAL
  }

  private final Path path;
  private final Arena arena;
  private final @Nullable MemorySegment handle;
  private final @Nullable SymbolLookup lookup;
  private boolean closed;

  private NativeLibrary(
      Path path, Arena arena, @Nullable MemorySegment handle, @Nullable SymbolLookup lookup) {
    this.path = path;
    this.arena = arena;
    this.handle = handle;
    this.lookup = lookup;
  }

  /**
   * Loads a library, its symbols kept local and resolved at once.
   *
   * @param path the file, never null
   * @return the open library, never null; the caller closes it
   * @throws NativeLibraryException if the loader refuses it, with the loader's own words, or native
   *     access is denied
   */
  public static NativeLibrary open(Path path) {
    return open(path, Visibility.LOCAL);
  }

  /**
   * Loads a library, its symbols resolved at once.
   *
   * @param path the file, never null
   * @param visibility who sees its symbols, never null
   * @return the open library, never null; the caller closes it
   * @throws NativeLibraryException if the loader refuses it, with the loader's own words, or native
   *     access is denied
   */
  public static NativeLibrary open(Path path, Visibility visibility) {
    Path absolute = path.toAbsolutePath();
    NativeAccess.denial()
        .ifPresent(why -> {
          throw new NativeLibraryException(
              FailureKind.ACCESS_DENIED,
              "The library " + absolute + " may not be loaded. " + why,
              NativeAccess.remedy(),
              List.of());
        });
    refuseDamaged(absolute);
    return HostPlatform.current().os() == OperatingSystem.WINDOWS
        ? openByLookup(absolute)
        : openByLoader(absolute, visibility);
  }

  /**
   * Loaders map what the headers name: a file that is shorter ends the process by SIGBUS instead of
   * an error.
   */
  private static void refuseDamaged(Path path) {
    try {
      NativeImage.read(path);
    } catch (NativeImageException e) {
      if (e.fault() != NativeImageException.Fault.NOT_A_LIBRARY) {
        throw new NativeLibraryException(
            FailureKind.UNFIT,
            "The library " + path + " is " + e.getMessage() + ".",
            "Copy or download the library again.",
            e);
      }
    } catch (IOException e) {
      // the loader says it in its own words
    }
  }

  private static NativeLibrary openByLookup(Path path) {
    Arena arena = Arena.ofShared();
    try {
      return new NativeLibrary(path, arena, null, SymbolLookup.libraryLookup(path, arena));
    } catch (IllegalArgumentException e) {
      arena.close();
      throw refused(path, String.valueOf(e.getMessage()));
    }
  }

  private static NativeLibrary openByLoader(Path path, Visibility visibility) {
    String refusal;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment file = arena.allocateFrom(path.toString());
      Loader.error(); // forget an older error
      MemorySegment handle = Loader.open(file, visibility);
      if (handle.address() != 0) {
        return new NativeLibrary(path, Arena.ofShared(), handle, null);
      }
      refusal = Loader.error();
    }
    throw refused(path, refusal);
  }

  private static NativeLibraryException refused(Path path, String loaderMessage) {
    FailureKind kind = FailureKind.UNFIT;
    String message = "The loader refused " + path + ": " + loaderMessage + ".";
    String remedy = "Use a build of the library for " + HostPlatform.current() + ".";
    if (HostCheck.check(path, List.of(), List.of(), HostEnvironment.current())
        instanceof Preflight.Unfit unfit) {
      kind = unfit.kind();
      message += " " + unfit.message();
      remedy = unfit.remedy();
    }
    return new NativeLibraryException(kind, message, remedy, List.of());
  }

  /** The absolute path of the file, never null. */
  public Path path() {
    return path;
  }

  /**
   * The address of an exported symbol, valid until this library is closed.
   *
   * @param symbol name as in C, never null
   * @return a segment of size zero; empty if the library does not export it; never null
   * @throws IllegalStateException if this library is closed
   */
  @Override
  public synchronized Optional<MemorySegment> find(String symbol) {
    if (closed) {
      throw new IllegalStateException("The library " + path + " is closed.");
    }
    if (lookup != null) {
      return lookup.find(symbol);
    }
    try (Arena name = Arena.ofConfined()) {
      MemorySegment address = Loader.symbol(handle, name.allocateFrom(symbol));
      return address.address() == 0
          ? Optional.empty()
          : Optional.of(NativeAccess.reinterpret(address, 0, arena, null));
    }
  }

  /**
   * Whether the library exports a symbol.
   *
   * @param symbol name as in C, never null
   * @throws IllegalStateException if this library is closed
   */
  public boolean symbolAvailable(String symbol) {
    return find(symbol).isPresent();
  }

  /**
   * A function of this library, bound at its first use. Does not look it up, so never fails for its
   * absence.
   *
   * @param name name as in C, never null
   * @param descriptor its result and parameters, never null
   * @param options of the linker, never null
   * @return never null
   */
  public NativeFunction function(
      String name, FunctionDescriptor descriptor, Linker.Option... options) {
    return new NativeFunction(this, path.toString(), name, descriptor, options);
  }

  /**
   * Unloads the library if nobody else has it open. Its symbols and the handles bound to them are
   * invalid from then on. Closing twice does nothing.
   *
   * @throws IllegalStateException if a call into it is under way; the library stays open then
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    arena.close();
    closed = true;
    if (handle != null) {
      Loader.close(handle);
    }
  }

  @Override
  public String toString() {
    return "NativeLibrary[" + path + "]";
  }

  /**
   * dlopen and its kin. Bound together beforehand: nothing may come between a failure and dlerror.
   */
  private static final class Loader {
    private static final int RTLD_NOW = 2;
    private static final boolean MACOS = HostPlatform.current().os() == OperatingSystem.MACOS;
    private static final int RTLD_LOCAL = MACOS ? 4 : 0;
    private static final int RTLD_GLOBAL = MACOS ? 8 : 0x100;

    private static final MethodHandle DLOPEN =
        bind("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle DLSYM =
        bind("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle DLERROR = bind("dlerror", FunctionDescriptor.of(ADDRESS));
    private static final MethodHandle DLCLOSE =
        bind("dlclose", FunctionDescriptor.of(JAVA_INT, ADDRESS));

    private static MethodHandle bind(String name, FunctionDescriptor descriptor) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }

    static MemorySegment open(MemorySegment file, Visibility visibility) {
      int mode = RTLD_NOW | (visibility == Visibility.GLOBAL ? RTLD_GLOBAL : RTLD_LOCAL);
      try {
        return (MemorySegment) DLOPEN.invokeExact(file, mode);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    static MemorySegment symbol(@Nullable MemorySegment library, MemorySegment name) {
      try {
        return (MemorySegment) DLSYM.invokeExact(library, name);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    static String error() {
      try {
        MemorySegment message = (MemorySegment) DLERROR.invokeExact();
        return message.address() == 0
            ? "it gave no reason"
            : message.reinterpret(MAX_MESSAGE).getString(0);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    static void close(MemorySegment library) {
      try {
        int _ = (int) DLCLOSE.invokeExact(library);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    private static RuntimeException unexpected(Throwable e) {
      return switch (e) {
        case RuntimeException runtime -> runtime;
        case Error error -> throw error;
        default -> new IllegalStateException("A native function threw a checked exception.", e);
      };
    }
  }
}
