package dev.baton.xnnpack;

import dev.baton.graph.Constant;
import dev.baton.xnnpack.ffi.ContentDigest;
import dev.baton.xnnpack.ffi.XnnValue.StaticData;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Where the data of static values comes from. */
final class Statics {
  private Statics() {}

  /** A constant of the program, told from others by its place in memory. */
  static final class Stored implements StaticData {
    private final Constant constant;
    private final float @Nullable [] scale;
    private final int axis;
    private final List<Object> identity;
    private final int hash;

    /**
     * @param scale what each index of dimension {@code axis} is multiplied with; null for 1
     */
    Stored(Constant constant, float @Nullable [] scale, int axis) {
      this.constant = constant;
      this.scale = scale;
      this.axis = axis;
      this.identity = List.of(place(constant), form());
      this.hash = identity.hashCode() + Arrays.hashCode(scale);
    }

    private static Object place(Constant constant) {
      return constant.data().isNative() ? (Object) constant.data().address() : constant;
    }

    /** How the bytes are read. */
    private String form() {
      return constant.type()
          + Arrays.toString(constant.strides())
          + constant.packing()
          + (scale == null ? "" : " scaled " + axis);
    }

    @Override
    public long address(Arena temporary) {
      return isCopied()
          ? Weights.copy(constant, scale, axis, temporary).address()
          : constant.data().address();
    }

    @Override
    public boolean isCopied() {
      return scale != null || !Weights.isDirect(constant);
    }

    @Override
    public long byteSize() {
      return Weights.byteSize(constant);
    }

    private MemorySegment bytes() {
      MemorySegment data = constant.data();
      return data.asSlice(0, Math.min(constant.type().byteSize(), data.byteSize()));
    }

    @Override
    public void digest(ContentDigest into, ToLongFunction<MemorySegment> contents) {
      into.update(form());
      into.update(contents.applyAsLong(bytes()));
      if (scale != null) {
        into.update(MemorySegment.ofArray(scale));
      }
      doneWith();
    }

    @Override
    public void doneWith() {
      MemorySegment bytes = bytes();
      if (bytes.isMapped() && bytes.isReadOnly()) {
        bytes.unload();
      }
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Stored o
          && identity.equals(o.identity)
          && Arrays.equals(scale, o.scale);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  /** Numbers that were computed, in an array that nobody changes. */
  static final class Numbers implements StaticData {
    private final MemorySegment array;
    private final int hash;

    Numbers(float[] numbers) {
      this(MemorySegment.ofArray(numbers));
    }

    Numbers(int[] numbers) {
      this(MemorySegment.ofArray(numbers));
    }

    Numbers(byte[] numbers) {
      this(MemorySegment.ofArray(numbers));
    }

    private Numbers(MemorySegment array) {
      this.array = array;
      this.hash = ContentDigest.checksum(array);
    }

    @Override
    public long address(Arena temporary) {
      return Weights.copy(array, temporary).address();
    }

    @Override
    public boolean isCopied() {
      return true;
    }

    @Override
    public long byteSize() {
      return array.byteSize();
    }

    @Override
    public void digest(ContentDigest into, ToLongFunction<MemorySegment> contents) {
      into.update("numbers " + byteSize());
      into.update(array);
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Numbers o && hash == o.hash && array.mismatch(o.array) < 0;
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }
}
