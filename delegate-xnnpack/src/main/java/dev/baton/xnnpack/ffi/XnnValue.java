package dev.baton.xnnpack.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A value of an XNNPACK subgraph.
 *
 * @param dims sizes as XNNPACK sees them, outermost first; upper bounds where they vary; not to be
 *     changed
 * @param type of its elements
 * @param role where its data comes from
 * @param data what gives its data; null unless {@code role} is {@link Role#STATIC}
 */
public record XnnValue(long[] dims, XnnType type, Role role, @Nullable StaticData data) {
  /** Where the data of a value comes from; {@code flag} is XNNPACK's. */
  public enum Role {
    INPUT(1),
    OUTPUT(2),
    INTERNAL(0),
    STATIC(0);

    final int flag;

    Role(int flag) {
      this.flag = flag;
    }
  }

  /** Data of a static value. Two are equal only if their bytes are. */
  public interface StaticData {
    /**
     * The address of the elements, contiguous in the order of the dims.
     *
     * @param temporary open until the runtime exists, for data that XNNPACK packs; data that it
     *     keeps pointers to lies in memory of longer life
     */
    long address(Arena temporary);

    /** True if {@link #address} copies. */
    boolean isCopied();

    /** Bytes of the elements. */
    long byteSize();

    /**
     * Says that the elements have been packed and will hardly be read again: what a file holds need
     * not stay in memory twice.
     */
    default void doneWith() {}

    /**
     * Adds the elements, or what they are computed from and how.
     *
     * @param contents gives the digest of bytes that stay where they are
     */
    void digest(ContentDigest into, ToLongFunction<MemorySegment> contents);
  }

  /** Bytes that stay where they are as long as the graph is in use. */
  public record Resident(long start, MemorySegment data) implements StaticData {
    public Resident(MemorySegment data) {
      this(data.address(), data);
    }

    @Override
    public long address(Arena temporary) {
      return start;
    }

    @Override
    public boolean isCopied() {
      return false;
    }

    @Override
    public long byteSize() {
      return data.byteSize();
    }

    @Override
    public void digest(ContentDigest into, ToLongFunction<MemorySegment> contents) {
      into.update("resident " + byteSize());
      into.update(contents.applyAsLong(data));
    }
  }

  XnnValue as(Role other) {
    return new XnnValue(dims, type, other, data);
  }

  public static XnnValue input(XnnType type, long... dims) {
    return new XnnValue(dims, type, Role.INPUT, null);
  }

  public static XnnValue output(XnnType type, long... dims) {
    return new XnnValue(dims, type, Role.OUTPUT, null);
  }

  public static XnnValue internal(XnnType type, long... dims) {
    return new XnnValue(dims, type, Role.INTERNAL, null);
  }

  public static XnnValue of(StaticData data, XnnType type, long... dims) {
    return new XnnValue(dims, type, Role.STATIC, data);
  }

  @Override
  public String toString() {
    return role + " " + type + Arrays.toString(dims);
  }
}
