package dev.baton.xnnpack.ffi;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.baton.nativelib.NativeAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * {@code struct xnn_weights_cache_provider}: a context and seven functions. Versions before 2026
 * know the first six, which are the same; versions before 2024 have no such struct, nor the
 * functions without which {@link XnnLibrary} is not loaded. Of {@code struct
 * xnn_weights_cache_look_up_key} the first three fields are read, which all versions have.
 *
 * <p>What the struct calls offsets are addresses here. So the address of an offset is the offset,
 * and packed weights never move.
 */
@SuppressWarnings({
  "MustBeClosedChecker", // close() closes the arena
  "UnusedMethod", // XNNPACK calls them
  "UnusedVariable"
})
final class XnnWeightsProvider implements AutoCloseable {
  /** {@code uint32_t seed}, padding, {@code kernel}, {@code bias}. */
  private static final long KEY_SIZE = 24;

  private static final long KEY_FILTER = 8;
  private static final long KEY_BIAS = 16;

  private static final long NOT_FOUND = -1;

  /** {@code xnn_status_invalid_state}. */
  private static final int FAILED = 3;

  private static final Map<Long, XnnPackedWeights> CONTEXTS = new ConcurrentHashMap<>();
  private static final AtomicLong NEXT = new AtomicLong(1);

  /** The functions, in the order of the struct; made when first used, for good. */
  private static final class Functions {
    static final long[] ADDRESSES = {
      function("lookUp", NOT_FOUND, JAVA_LONG, JAVA_LONG, JAVA_LONG),
      function("reserve", 0L, JAVA_LONG, JAVA_LONG, JAVA_LONG),
      function("insert", NOT_FOUND, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
      function("isFinalized", true, JAVA_BOOLEAN, JAVA_LONG),
      function("address", 0L, JAVA_LONG, JAVA_LONG, JAVA_LONG),
      function("delete", FAILED, JAVA_INT, JAVA_LONG),
      function("alias", FAILED, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG),
    };

    /**
     * @param failure what is returned where the method throws: an upcall that throws ends the JVM
     */
    private static long function(
        String name, Object failure, MemoryLayout result, MemoryLayout... parameters) {
      FunctionDescriptor descriptor = FunctionDescriptor.of(result, parameters);
      MethodType type = descriptor.toMethodType();
      try {
        MethodHandle target =
            MethodHandles.catchException(
                MethodHandles.lookup().findStatic(XnnWeightsProvider.class, name, type),
                Throwable.class,
                MethodHandles.dropArguments(
                    MethodHandles.constant(type.returnType(), failure), 0, Throwable.class));
        return NativeAccess.upcall(target, descriptor, Arena.global()).address();
      } catch (ReflectiveOperationException e) {
        throw new AssertionError(e);
      }
    }
  }

  private final long context = NEXT.getAndIncrement();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment struct;

  XnnWeightsProvider(XnnPackedWeights weights) {
    long[] functions = Functions.ADDRESSES;
    struct = arena.allocate(JAVA_LONG, functions.length + 1L);
    struct.setAtIndex(JAVA_LONG, 0, context);
    for (int i = 0; i < functions.length; i++) {
      struct.setAtIndex(JAVA_LONG, i + 1L, functions[i]);
    }
    CONTEXTS.put(context, weights);
  }

  long address() {
    return struct.address();
  }

  /** The caller answers for there being so much memory. */
  static MemorySegment at(long address, long bytes) {
    return NativeAccess.reinterpret(MemorySegment.ofAddress(address), bytes);
  }

  private static long lookUp(long context, long key) {
    XnnPackedWeights weights = CONTEXTS.get(context);
    if (weights == null) {
      return NOT_FOUND;
    }
    MemorySegment fields = at(key, KEY_SIZE);
    return weights.lookUp(
        fields.get(JAVA_INT, 0),
        fields.get(JAVA_LONG, KEY_FILTER),
        fields.get(JAVA_LONG, KEY_BIAS));
  }

  private static long reserve(long context, long bytes) {
    XnnPackedWeights weights = CONTEXTS.get(context);
    return weights == null ? 0 : weights.reserve(bytes);
  }

  private static long insert(long context, long key, long packed, long bytes) {
    XnnPackedWeights weights = CONTEXTS.get(context);
    if (weights == null) {
      return packed;
    }
    MemorySegment fields = at(key, KEY_SIZE);
    return weights.insert(
        fields.get(JAVA_INT, 0),
        fields.get(JAVA_LONG, KEY_FILTER),
        fields.get(JAVA_LONG, KEY_BIAS),
        packed,
        bytes);
  }

  /** XNNPACK reshapes only with weights that are final; these never move. */
  private static boolean isFinalized(long context) {
    return true;
  }

  private static long address(long context, long offset) {
    return offset;
  }

  private static int delete(long context) {
    return 0;
  }

  private static int alias(long context, long alias, long original) {
    XnnPackedWeights weights = CONTEXTS.get(context);
    if (weights != null) {
      weights.alias(alias, original);
    }
    return 0;
  }

  @Override
  public void close() {
    CONTEXTS.remove(context);
    arena.close();
  }
}
