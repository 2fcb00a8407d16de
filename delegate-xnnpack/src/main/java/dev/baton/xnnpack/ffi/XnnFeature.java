package dev.baton.xnnpack.ffi;

import dev.baton.xnnpack.ffi.XnnNode.BinaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.FullyConnected;
import dev.baton.xnnpack.ffi.XnnNode.Range;
import dev.baton.xnnpack.ffi.XnnNode.ReduceOperator;
import dev.baton.xnnpack.ffi.XnnNode.Unary;
import dev.baton.xnnpack.ffi.XnnNode.UnaryOperator;
import dev.baton.xnnpack.ffi.XnnNode.Window;
import dev.baton.xnnpack.ffi.XnnType.Code;
import dev.baton.xnnpack.ffi.XnnType.Dynamic;
import dev.baton.xnnpack.ffi.XnnType.PerChannel;
import dev.baton.xnnpack.ffi.XnnType.PerGroup;
import dev.baton.xnnpack.ffi.XnnType.PerTensor;
import dev.baton.xnnpack.ffi.XnnType.Plain;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * What a version of the library may lack though it has the functions; of quantized numbers mostly.
 * No function tells, so each is tried, once, with numbers whose answer is known; that also shows
 * that the codes of types are the library's.
 */
public enum XnnFeature {
  /** Conversion of real numbers to int8 and back, products of int8, requantized. */
  INT8 {
    @Override
    boolean works(XnnLibrary library) {
      Trial t = new Trial();
      int x = t.convert(0, EIGHT_BITS, 1, Trial.WIDTH);
      int y = t.value(XnnValue.internal(SHIFTED, 1, 1));
      int filter = t.weights(1, Trial.WIDTH);
      t.nodes.add(new FullyConnected(Range.ALL, x, filter, XnnNode.NONE, y, 0));
      t.convertTo(y, 1);
      return t.gives(library, Trial.PRODUCT);
    }
  },
  /** Sums, differences and products of int8 tensors. */
  INT8_BINARY {
    @Override
    boolean works(XnnLibrary library) {
      for (BinaryOperator operator :
          List.of(BinaryOperator.ADD, BinaryOperator.SUBTRACT, BinaryOperator.MULTIPLY)) {
        Trial t = new Trial();
        int x = t.convert(0, EIGHT_BITS, 1, Trial.WIDTH);
        int y = t.value(XnnValue.internal(SHIFTED, 1, 1));
        int three = t.bytes(EIGHT_BITS, new byte[] {3}, 1, 1);
        int ten = t.value(XnnValue.internal(EIGHT_BITS, 1, 1));
        long[] begin = {0, Trial.THIRD};
        t.nodes.add(new XnnNode.Slice(begin, begin, new long[] {1, 1}, x, ten));
        t.nodes.add(new XnnNode.Binary(operator, Range.ALL, ten, three, y));
        t.convertTo(y, 1);
        float answer =
            switch (operator) {
              case ADD -> 13;
              case SUBTRACT -> 7;
              default -> 30;
            };
        if (!t.gives(library, answer)) {
          return false;
        }
      }
      return true;
    }
  },
  /** Means of int8 images, with halves rounded to even numbers. */
  INT8_MEAN {
    @Override
    boolean works(XnnLibrary library) {
      return library.has(ReduceOperator.MEAN)
          && mean(library, Trial.EIGHT_AND_A_HALF, 8)
          && mean(library, Trial.THREE_AND_A_HALF, 4);
    }
  },
  /** The same, with halves rounded somehow. */
  INT8_MEAN_ROUNDED {
    @Override
    boolean works(XnnLibrary library) {
      return library.has(ReduceOperator.MEAN) && mean(library, Trial.ZERO, 0);
    }
  },
  /** Matrix products of rows that are quantized while it runs, with int8 weights. */
  DYNAMIC_INT8 {
    @Override
    boolean works(XnnLibrary library) {
      Trial t = new Trial();
      return t.dynamic(library, t.weights(1, Trial.WIDTH));
    }
  },
  /** The same of images, by convolutions. */
  DYNAMIC_INT8_CONVOLUTION {
    @Override
    boolean works(XnnLibrary library) {
      Trial t = new Trial();
      int image = t.value(XnnValue.internal(Plain.FLOAT, 1, 1, 1, Trial.WIDTH));
      t.nodes.add(new XnnNode.Reshape(new long[] {1, 1, 1, Trial.WIDTH}, 0, image));
      int x = t.convert(image, new Dynamic(3), 1, 1, 1, Trial.WIDTH);
      int y = t.value(XnnValue.internal(Plain.FLOAT, 1, 1, 1, 1));
      int filter = t.weights(1, 1, 1, Trial.WIDTH);
      Window window = new Window(1, 1, 1, 1, 1, 1, new XnnNode.Padding(0, 0, 0, 0));
      t.nodes.add(
          new XnnNode.Convolution(
              window, 1, Trial.WIDTH, 1, Range.ALL, x, filter, XnnNode.NONE, y));
      t.nodes.add(new XnnNode.Reshape(new long[] {1, 1}, y, 1));
      return t.gives(library, Trial.PRODUCT);
    }
  },
  /** Matrix products of rows that are quantized while it runs, with int4 weights by channel. */
  DYNAMIC_INT4 {
    @Override
    boolean works(XnnLibrary library) {
      Trial t = new Trial();
      return t.dynamic(library, t.nibbles(new PerChannel(Code.QCINT4, new float[] {1}, 8, 0)));
    }
  },
  /** The same with int4 weights in groups. */
  DYNAMIC_INT4_GROUPS {
    @Override
    boolean works(XnnLibrary library) {
      short one = (short) (Float.floatToIntBits(1f) >>> 16);
      Trial t = new Trial();
      return t.dynamic(library, t.nibbles(new PerGroup(new short[] {one}, Trial.WIDTH)));
    }
  },
  /** Matrix products of real rows with int8 weights. */
  WEIGHT_INT8 {
    @Override
    boolean works(XnnLibrary library) {
      Trial t = new Trial();
      int filter = t.weights(1, Trial.WIDTH);
      t.nodes.add(new FullyConnected(Range.ALL, 0, filter, XnnNode.NONE, 1, 0));
      return t.gives(library, Trial.PRODUCT);
    }
  },
  /** Conversion of real numbers to 16 bits and back. */
  HALF {
    @Override
    boolean works(XnnLibrary library) {
      Trial t = new Trial();
      int halves = t.convert(0, Plain.HALF, 1, Trial.WIDTH);
      int floats = t.convert(halves, Plain.FLOAT, 1, Trial.WIDTH);
      long[] begin = {0, Trial.THIRD};
      t.nodes.add(new XnnNode.Slice(begin, begin, new long[] {1, 1}, floats, 1));
      return t.gives(library, 10);
    }
  },
  /**
   * Maxima over windows whose stride is above their size. Versions without them also read wrong
   * cells where a window has padding and is dilated.
   */
  POOLS_WITH_GAPS {
    @Override
    boolean works(XnnLibrary library) {
      Trial t = new Trial();
      int image = t.value(XnnValue.internal(Plain.FLOAT, 1, 1, Trial.WIDTH, 1));
      t.nodes.add(new XnnNode.Reshape(new long[] {1, 1, Trial.WIDTH, 1}, 0, image));
      int most = t.value(XnnValue.internal(Plain.FLOAT, 1, 1, 1, 1));
      Window window = new Window(1, 2, 1, Trial.WIDTH, 1, 1, new XnnNode.Padding(0, 0, 0, 0));
      t.nodes.add(new XnnNode.MaxPooling(window, Range.ALL, image, most));
      t.nodes.add(new XnnNode.Reshape(new long[] {1, 1}, most, 1));
      return t.gives(library, 127);
    }
  };

  private static final PerTensor EIGHT_BITS = new PerTensor(Code.QINT8, 1, 0);
  private static final PerTensor SHIFTED = new PerTensor(Code.QINT8, 1, -4);

  /** Tries it. */
  abstract boolean works(XnnLibrary library);

  private static boolean mean(XnnLibrary library, int column, float expected) {
    Trial t = new Trial();
    int half = Trial.WIDTH / 2;
    int x = t.convert(0, EIGHT_BITS, 1, Trial.WIDTH);
    int image = t.value(XnnValue.internal(EIGHT_BITS, 1, 2, half));
    t.nodes.add(new XnnNode.Reshape(new long[] {1, 2, half}, x, image));
    int means = t.value(XnnValue.internal(EIGHT_BITS, 1, half));
    t.nodes.add(new XnnNode.Reduce(ReduceOperator.MEAN, new long[] {1}, image, means, 0));
    int y = t.value(XnnValue.internal(EIGHT_BITS, 1, 1));
    long[] begin = {0, column};
    t.nodes.add(new XnnNode.Slice(begin, begin, new long[] {1, 1}, means, y));
    t.convertTo(y, 1);
    return t.gives(library, expected);
  }

  /** A graph on a row whose extremes make its scale 1 and its zero point 0. */
  private static final class Trial {
    static final int WIDTH = 32;
    static final int THIRD = 2;
    static final List<Float> ROW = row();

    /** The product of the row with 4, 3, 0, … */
    static final float PRODUCT = 4 * 127 - 3 * 128;

    /** Columns of two halves of the row above each other, by their mean. */
    static final int EIGHT_AND_A_HALF = 2;

    static final int THREE_AND_A_HALF = 3;
    static final int ZERO = 4;

    final List<XnnValue> values = new ArrayList<>();
    final List<XnnNode> nodes = new ArrayList<>();

    Trial() {
      values.add(XnnValue.input(Plain.FLOAT, 1, WIDTH));
      values.add(XnnValue.output(Plain.FLOAT, 1, 1));
    }

    private static List<Float> row() {
      List<Float> row = new ArrayList<>(Collections.nCopies(WIDTH, 0f));
      row.set(0, 127f);
      row.set(1, -128f);
      row.set(THIRD, 10f);
      row.set(3, 7f);
      row.set(WIDTH / 2 + 2, 7f);
      return row;
    }

    boolean gives(XnnLibrary library, float expected) {
      return library.computes(new XnnGraph(2, values, nodes), ROW, expected);
    }

    /** Int8 weights 4, 3, 0, … */
    int weights(long... dims) {
      byte[] data = new byte[WIDTH];
      data[0] = 4;
      data[1] = 3;
      return bytes(new PerChannel(Code.QCINT8, new float[] {1}, 0, 0), data, dims);
    }

    /** The same in 4 bits. */
    int nibbles(XnnType type) {
      byte[] data = new byte[WIDTH / 2];
      Arrays.fill(data, (byte) 0x88);
      data[0] = (byte) 0xbc;
      return bytes(type, data, 1, WIDTH);
    }

    int value(XnnValue value) {
      values.add(value);
      return values.size() - 1;
    }

    int convert(int from, XnnType type, long... dims) {
      int to = value(XnnValue.internal(type, dims));
      nodes.add(new Unary(UnaryOperator.CONVERT, List.of(), from, to));
      return to;
    }

    /** Whether the row, quantized while it runs, is multiplied with the weights rightly. */
    boolean dynamic(XnnLibrary library, int filter) {
      int x = convert(0, new Dynamic(1), 1, WIDTH);
      nodes.add(new FullyConnected(Range.ALL, x, filter, XnnNode.NONE, 1, 0));
      return gives(library, PRODUCT);
    }

    void convertTo(int from, int to) {
      nodes.add(new Unary(UnaryOperator.CONVERT, List.of(), from, to));
    }

    int bytes(XnnType type, byte[] data, long... dims) {
      MemorySegment room = Arena.ofAuto().allocate(data.length + 128L, 64);
      MemorySegment.copy(data, 0, room, ValueLayout.JAVA_BYTE, 0, data.length);
      return value(XnnValue.of(new XnnValue.Resident(room), type, dims));
    }
  }
}
