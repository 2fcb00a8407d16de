package dev.baton.xnnpack.payload;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.GraphBuilder;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import dev.baton.xnnpack.payload.Encoding.Range;
import dev.baton.xnnpack.payload.Failures.UnsupportedNode;
import dev.baton.xnnpack.payload.PayloadValue.Quantization;
import dev.baton.xnnpack.payload.PayloadValue.Scales;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The payload's values as tensors of the graph: inputs, constants, and what nodes gave so far. */
final class Tensors {
  private static final ValueLayout.OfShort BFLOAT16 =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int INT4_ZERO_POINT = 8;

  /** ExecuTorch's nudge before a scale is cut to its upper half. */
  private static final float BFLOAT16_ROUNDING = 1.00389105f;

  private final GraphBuilder into;
  private final ConstantData data;
  private final Map<Integer, PayloadValue> values;
  private final Map<Integer, Lifted> lifted = new HashMap<>();

  Tensors(GraphBuilder into, ConstantData data, Map<Integer, PayloadValue> values) {
    this.into = into;
    this.data = data;
    this.values = values;
  }

  /** What is known of a value so far; null if no node gave it. */
  @Nullable Lifted known(int id) {
    return lifted.get(id);
  }

  PayloadValue declared(int id) throws DelegateException {
    PayloadValue value = values.get(id);
    if (value == null) {
      throw Failures.damaged("there is no value " + Integer.toUnsignedString(id));
    }
    return value;
  }

  /** The tensor that a node reads. */
  Lifted read(int id) throws DelegateException, UnsupportedNode {
    Lifted known = lifted.get(id);
    if (known == null) {
      PayloadValue declared = declared(id);
      if (declared.isExternalInput()) {
        known = input(declared);
      } else if (declared.isConstant()) {
        known = Lifted.of(constant(declared));
      } else {
        throw Failures.damaged(declared + " is read before a node gives it");
      }
      lifted.put(id, known);
    }
    return known;
  }

  private Lifted input(PayloadValue declared) throws DelegateException, UnsupportedNode {
    Value value = into.input(declared.externalId());
    String place = "argument " + declared.externalId() + " of the call";
    if (!value.isTensor()) {
      throw Failures.damaged(place + " is a scalar, the payload declares " + declared);
    }
    TensorType type = value.tensorType();
    if (dtype(declared) != type.dtype()) {
      throw Failures.damaged(place + " is " + type + ", the payload declares " + declared);
    }
    int[] order = into.dimOrder(declared.externalId()).dims();
    checkShape(declared, type, order, place);
    Encoding encoding =
        switch (declared.quantization()) {
          case Quantization.None _ -> plain(declared);
          case Quantization.PerTensor q -> perTensor(declared, q);
          default ->
              throw new UnsupportedNode(
                  "reads " + declared + ", an argument that is quantized by channel or token");
        };
    Lifted logical = Lifted.of(Stored.of(into, value, encoding));
    Lifted plain = order.length == logical.rank() ? logical.transposed(order) : logical;
    return switch (declared.dynamicTarget()) {
      case INVALID -> plain;
      case QINT8 -> perToken(plain.stored().real(), plain.order(), 1);
      default ->
          throw new UnsupportedNode(
              "reads " + declared + ", quantized at entry to " + declared.dynamicTarget());
    };
  }

  /** The payload declares the dimensions in the order in which the program lays out the bytes. */
  private static void checkShape(PayloadValue declared, TensorType type, int[] order, String place)
      throws DelegateException {
    int[] stated = declared.dims();
    int[] actual = type.shape().sizes();
    if (actual.length == 0 && Arrays.equals(stated, new int[] {1})) {
      return;
    }
    boolean fits =
        stated.length == actual.length
            && order.length == actual.length
            && (type.dynamic() || Arrays.equals(stated, Permutations.compose(actual, order)));
    if (!fits) {
      throw Failures.damaged(
          place
              + " is "
              + type
              + " in the order "
              + Arrays.toString(order)
              + ", the payload declares "
              + declared);
    }
  }

  private Stored constant(PayloadValue declared) throws DelegateException, UnsupportedNode {
    DType dtype = dtype(declared);
    TensorType type;
    long bytes;
    try {
      Shape shape = declared.shape();
      type = new TensorType(dtype, shape, false);
      bytes = declared.type().isInt4() ? nibbleBytes(shape) : type.byteSize();
    } catch (ArithmeticException e) {
      throw Failures.damaged(declared + " is larger than any memory");
    }
    int elementBytes = declared.type().isInt4() ? 1 : dtype.byteSize();
    MemorySegment found =
        data.bytes(declared.constantIndex(), bytes, elementBytes, declared.toString());
    Constant constant =
        declared.type().isInt4() ? Constant.int4(found, type) : Constant.of(found, type);
    return Stored.of(into, constant, constantEncoding(declared));
  }

  private static long nibbleBytes(Shape shape) {
    int row = shape.rank() == 0 ? 1 : shape.size(-1);
    return row == 0 ? 0 : shape.numel() / row * ((row + 1L) / 2);
  }

  private Encoding constantEncoding(PayloadValue declared)
      throws DelegateException, UnsupportedNode {
    return switch (declared.quantization()) {
      case Quantization.None _ -> plain(declared);
      case Quantization.PerTensor q -> perTensor(declared, q);
      case Quantization.PerChannel q -> perChannel(declared, q);
      case Quantization.PerGroup q -> perGroup(declared, q);
      case Quantization.PerToken _ ->
          throw Failures.damaged(declared + " is a constant that is quantized while it runs");
    };
  }

  private static Encoding plain(PayloadValue declared) throws DelegateException {
    return switch (declared.type()) {
      case FP32, FP16, BF16, INT32 -> Encoding.Plain.PLAIN;
      default -> throw mismatch(declared);
    };
  }

  private static Encoding.PerTensor perTensor(PayloadValue declared, Quantization.PerTensor q)
      throws DelegateException {
    Range range =
        switch (declared.type()) {
          case QINT8 -> Range.INT8;
          case QUINT8 -> Range.UINT8;
          case QINT32 -> Range.INT32;
          default -> throw mismatch(declared);
        };
    if (!(q.scale() > 0) || Float.isInfinite(q.scale())) {
      throw Failures.damaged(
          declared + " has the scale " + q.scale() + ", expected a positive finite number");
    }
    if (q.zeroPoint() < range.min() || q.zeroPoint() > range.max()) {
      throw Failures.damaged(
          "%s has the zero point %d, expected %d to %d"
              .formatted(declared, q.zeroPoint(), range.min(), range.max()));
    }
    return new Encoding.PerTensor(q.scale(), q.zeroPoint(), range);
  }

  private Encoding perChannel(PayloadValue declared, Quantization.PerChannel q)
      throws DelegateException, UnsupportedNode {
    Range range =
        switch (declared.type()) {
          case QCINT8 -> Range.INT8;
          case QCINT32 -> Range.INT32;
          case QCINT4 -> Range.INT4;
          default -> throw mismatch(declared);
        };
    int dim = q.channelDim();
    if (dim < 0 || dim >= declared.dims().length || declared.dims()[dim] != q.scales().count()) {
      throw Failures.damaged(
          "%s has %d scales along dimension %d".formatted(declared, q.scales().count(), dim));
    }
    int channels = declared.dims()[dim];
    Value scales = floats(floats(q.scales(), channels, declared), channels);
    boolean shifted = range == Range.INT4;
    int row = declared.dims()[declared.dims().length - 1];
    if (shifted && row % 2 != 0) {
      throw new UnsupportedNode(
          "uses %s, whose rows have an odd number of 4-bit elements: XNNPACK reads them without the padding that exporters write"
              .formatted(declared));
    }
    return new Encoding.PerChannel(
        scales, shifted ? zeroPoints(declared, channels) : null, dim, range);
  }

  private Encoding perGroup(PayloadValue declared, Quantization.PerGroup q)
      throws DelegateException {
    if (declared.type() != PayloadValue.Type.QBINT4) {
      throw mismatch(declared);
    }
    int[] dims = declared.dims();
    int size = q.groupSize();
    if (dims.length != 2
        || q.channelDim() != 0
        || size <= 1
        || dims[1] % size != 0
        || q.scales().count() != (long) dims[0] * (dims[1] / size)) {
      throw Failures.damaged(
          "%s has %d scales along dimension %d for groups of %d, expected one for each whole group of a row"
              .formatted(declared, q.scales().count(), q.channelDim(), size));
    }
    long count = q.scales().count();
    MemorySegment scales = data.allocate(count * Float.BYTES, declared.toString());
    if (q.scales().areInline()) {
      MemorySegment wide = floats(q.scales(), count, declared);
      for (long i = 0; i < count; i++) {
        float nudged = wide.getAtIndex(FLOAT, i) * BFLOAT16_ROUNDING;
        scales.setAtIndex(INT, i, Float.floatToRawIntBits(nudged) & 0xffff0000);
      }
    } else {
      MemorySegment narrow =
          data.bytes(
              q.scales().bufferIndex(), count * Short.BYTES, Short.BYTES, declared.toString());
      for (long i = 0; i < count; i++) {
        scales.setAtIndex(INT, i, narrow.getAtIndex(BFLOAT16, i) << Short.SIZE);
      }
    }
    int[] shape = {dims[0], dims[1] / size};
    return new Encoding.PerGroup(
        floats(scales.asReadOnly(), shape), zeroPoints(declared, shape), size, Range.INT4);
  }

  private MemorySegment floats(Scales scales, long count, PayloadValue declared)
      throws DelegateException {
    if (!scales.areInline()) {
      return data.bytes(
          scales.bufferIndex(), count * Float.BYTES, Float.BYTES, declared.toString());
    }
    MemorySegment copy = data.allocate(count * Float.BYTES, declared.toString());
    for (int i = 0; scales.inline() != null && i < count; i++) {
      copy.setAtIndex(FLOAT, i, scales.inline().get(i));
    }
    return copy.asReadOnly();
  }

  private Value floats(MemorySegment data, int... sizes) {
    return into.constant(Constant.of(data, TensorType.of(DType.FLOAT, sizes)));
  }

  private Value zeroPoints(PayloadValue declared, int... sizes) throws DelegateException {
    TensorType type = TensorType.of(DType.INT32, sizes);
    MemorySegment all = data.allocate(type.byteSize(), declared.toString());
    for (long i = 0; i < type.shape().numel(); i++) {
      all.setAtIndex(INT, i, INT4_ZERO_POINT);
    }
    return into.constant(Constant.of(all.asReadOnly(), type));
  }

  private static DelegateException mismatch(PayloadValue declared) {
    return Failures.damaged(
        declared + " has an element type that does not fit its quantization parameters");
  }

  private static DType dtype(PayloadValue declared) throws DelegateException, UnsupportedNode {
    DType dtype = declared.type().dtype();
    if (dtype != null) {
      return dtype;
    }
    if (declared.type() == PayloadValue.Type.INVALID) {
      throw Failures.damaged(declared + " has no known element type");
    }
    throw new UnsupportedNode("uses " + declared + ", packed in a form that only XNNPACK knows");
  }

  /** Says that a node gives a value whose real numbers are these, in an order. */
  void give(int id, Value real, int[] order) throws DelegateException, UnsupportedNode {
    PayloadValue declared = declared(id);
    DType dtype = dtype(declared);
    give(
        id,
        switch (declared.quantization()) {
          case Quantization.None _ ->
              new Lifted(Stored.of(into, rounded(real, dtype), plain(declared)), order);
          case Quantization.PerTensor q -> {
            Encoding.PerTensor encoding = perTensor(declared, q);
            yield new Lifted(
                Stored.of(into, encoding.encode(into, cast(real, DType.FLOAT)), encoding), order);
          }
          case Quantization.PerToken q -> {
            if (declared.type() != PayloadValue.Type.QDINT8) {
              throw mismatch(declared);
            }
            yield perToken(cast(real, DType.FLOAT), order, q.nonBatchDims());
          }
          case Quantization.PerChannel _, Quantization.PerGroup _ ->
              throw new UnsupportedNode("gives " + declared + ", quantized by channel");
        });
  }

  /** Says that a node gives a value. */
  void give(int id, Lifted value) throws DelegateException {
    PayloadValue declared = declared(id);
    if (declared.isExternalInput() || declared.isConstant()) {
      throw Failures.damaged("a node gives " + declared + ", an input or constant");
    }
    if (lifted.put(id, value) != null) {
      throw Failures.damaged("two nodes give " + declared);
    }
  }

  private Lifted perToken(Value real, int[] order, int nonBatchDims)
      throws DelegateException, UnsupportedNode {
    int rank = order.length;
    if (nonBatchDims < 1 || nonBatchDims > rank) {
      throw Failures.damaged(
          "a value of rank "
              + rank
              + " is quantized along its last "
              + nonBatchDims
              + " dimensions");
    }
    if (nonBatchDims == 1) {
      boolean last = order[rank - 1] == rank - 1;
      Value tokens = last ? real : inPlace(real, order);
      var encoding = Encoding.PerToken.choose(into, tokens);
      Stored stored = Stored.of(into, encoding.encode(into, tokens), encoding);
      return last ? new Lifted(stored, order) : Lifted.of(stored);
    }
    long batch = 1;
    for (int d = 0; d < rank - nonBatchDims; d++) {
      batch = Math.multiplyExact(batch, real.shape().size(order[d]));
    }
    if (batch == 1) {
      var encoding = Encoding.Dynamic.choose(into, real);
      return new Lifted(Stored.of(into, encoding.encode(into, real), encoding), order);
    }
    if (real.tensorType().dynamic()) {
      throw new UnsupportedNode(
          "quantizes each of several images with a scale of its own, and their number varies");
    }
    Value images = inPlace(real, order);
    int[] sizes = images.shape().sizes();
    long image = 1;
    for (int d = rank - nonBatchDims; d < rank; d++) {
      image = Math.multiplyExact(image, sizes[d]);
    }
    Value tokens =
        into.apply(
            "aten::view_copy",
            images,
            Argument.ints(Math.toIntExact(batch), Math.toIntExact(image)));
    var encoding = Encoding.PerToken.choose(into, tokens);
    Value rounded = encoding.decode(into, encoding.encode(into, tokens));
    Value back = into.apply("aten::view_copy", rounded, Argument.ints(sizes));
    return Lifted.of(Stored.of(into, back, Encoding.Plain.PLAIN));
  }

  private Value inPlace(Value real, int[] order) throws UnsupportedNode {
    return Stored.of(into, real, Encoding.Plain.PLAIN).real(order);
  }

  /** Hands the external outputs to the program. */
  void output(int id, int argument) throws DelegateException, UnsupportedNode {
    Lifted value = read(id);
    PayloadValue declared = declared(id);
    boolean fixed =
        switch (value.stored().encoding()) {
          case Encoding.Plain _, Encoding.PerTensor _ -> true;
          default -> false;
        };
    if (!fixed) {
      throw Failures.damaged(declared + " is an output that is quantized while it runs");
    }
    int[] order = into.dimOrder(argument).dims();
    int[] logical =
        order.length == value.rank()
            ? Permutations.compose(value.order(), Permutations.inverse(order))
            : value.order();
    Value elements = value.stored().elements(logical);
    boolean widened =
        declared.type() == PayloadValue.Type.INT32
            && into.declaredType(argument).dtype() == DType.INT64; // as ExecuTorch widens them
    into.output(argument, widened ? cast(elements, DType.INT64) : elements);
  }

  /** True if the value, left as it is, is what another is declared to be. */
  boolean isStoredAs(Lifted value, int id) throws DelegateException, UnsupportedNode {
    PayloadValue declared = declared(id);
    return switch (value.stored().encoding()) {
      case Encoding.Plain _ ->
          declared.quantization() == Quantization.None.NONE
              && dtype(declared) == value.stored().dtype();
      case Encoding.PerTensor e ->
          declared.quantization() instanceof Quantization.PerTensor q
              && e.equals(perTensor(declared, q));
      case Encoding.PerToken _, Encoding.Dynamic _ ->
          declared.quantization() instanceof Quantization.PerToken;
      case Encoding.PerChannel _, Encoding.PerGroup _ -> false;
    };
  }

  /** The value in another dtype; a real number becomes the nearest whole one. */
  private Value rounded(Value value, DType dtype) {
    boolean whole = dtype == DType.INT32 && value.dtype().isFloatingPoint();
    return cast(whole ? into.apply("aten::round", value) : value, dtype);
  }

  /** A value of an element. */
  interface ElementOf<T> {
    T at(int index) throws DelegateException;
  }

  /** A computed constant of floats. */
  Value floats(int count, ElementOf<Float> elements, int... sizes) throws DelegateException {
    MemorySegment all = data.allocate((long) count * Float.BYTES, "a table of factors");
    for (int i = 0; i < count; i++) {
      all.setAtIndex(FLOAT, i, elements.at(i));
    }
    return floats(all.asReadOnly(), sizes);
  }

  /** A computed constant of int32. */
  Value ints(int count, ElementOf<Integer> elements, int... sizes) throws DelegateException {
    MemorySegment all = data.allocate((long) count * Integer.BYTES, "a table of indices");
    for (int i = 0; i < count; i++) {
      all.setAtIndex(INT, i, elements.at(i));
    }
    return into.constant(Constant.of(all.asReadOnly(), TensorType.of(DType.INT32, sizes)));
  }

  /** The value in another dtype. */
  Value cast(Value value, DType dtype) {
    return value.dtype() == dtype ? value : into.apply("aten::_to_copy", value, Argument.of(dtype));
  }
}
