package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Constant;
import dev.baton.graph.DType;
import dev.baton.graph.Shape;
import dev.baton.graph.TensorType;
import dev.baton.graph.Value;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Resizing of the last dimensions, mostly of images [n, C, H, W]. */
final class Resizes {
  /** Applies an operator to images. */
  private interface Images {
    Value resized(Value images);
  }

  private Resizes() {}

  /** Three dimensions get one before for the operator. */
  private static void image(OperationCall c, Images operator)
      throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    switch (x.shape().rank()) {
      case 4 -> c.give(operator.resized(x));
      case 3 -> {
        Value one = c.apply("aten::unsqueeze_copy", x, Argument.of(0L));
        c.give(c.squeezed(operator.resized(one), 0));
      }
      default ->
          throw new UnsupportedOperation("resizes a tensor of " + x.shape().rank() + " dimensions");
    }
  }

  private static void bilinear(OperationCall c, int height, int width, boolean corners)
      throws DelegateException, UnsupportedOperation {
    image(
        c,
        x ->
            c.apply(
                "aten::upsample_bilinear2d.vec",
                x,
                Argument.ints(height, width),
                Argument.of(corners),
                Argument.none()));
  }

  private static int size(OperationCall c, int dim) throws DelegateException, UnsupportedOperation {
    Shape shape = c.fixed(c.tensor("x"));
    if (shape.rank() < 2) {
      throw new UnsupportedOperation("resizes a tensor of " + shape.rank() + " dimensions");
    }
    return shape.size(dim);
  }

  private static int scaled(OperationCall c, String name, int dim)
      throws DelegateException, UnsupportedOperation {
    return (int) (size(c, dim) * c.number(name, 1) + 1e-3);
  }

  static void nearestByScale(OperationCall c) throws DelegateException, UnsupportedOperation {
    Argument size =
        Argument.ints(scaled(c, "scale_factor_height", -2), scaled(c, "scale_factor_width", -1));
    image(c, x -> c.apply("aten::upsample_nearest2d.vec", x, size, Argument.none()));
  }

  static void bilinearByScale(OperationCall c) throws DelegateException, UnsupportedOperation {
    boolean corners = c.flag("align_corners", true);
    if (c.flag("half_pixel_centers", !corners) == corners) {
      throw new UnsupportedOperation("samples at neither corners nor centres");
    }
    bilinear(c, scaled(c, "scale_factor_height", -2), scaled(c, "scale_factor_width", -1), corners);
  }

  private static int[] target(OperationCall c) throws DelegateException, UnsupportedOperation {
    return new int[] {
      (int) c.integer("target_size_height", 1), (int) c.integer("target_size_width", 1)
    };
  }

  static void nearestBySize(OperationCall c) throws DelegateException, UnsupportedOperation {
    nearest(c, target(c), "DEFAULT");
  }

  static void bilinearBySize(OperationCall c) throws DelegateException, UnsupportedOperation {
    linear(c, target(c), c.text("sampling_mode", "DEFAULT"));
  }

  /** Of the sizes, the last so many count; 0 is the one that was there. */
  static void resize(OperationCall c) throws DelegateException, UnsupportedOperation {
    int rank = c.tensor("x").shape().rank();
    int[] shape = c.integers("shape");
    long resized = c.integer("resized_dims");
    if (resized < 1 || resized > shape.length || resized > rank) {
      throw new UnsupportedOperation("resizes " + resized + " dimensions of " + rank);
    }
    int[] target = new int[(int) resized];
    for (int i = 0; i < target.length; i++) {
      int wanted = shape[shape.length - target.length + i];
      target[i] = wanted == 0 ? size(c, i - target.length) : wanted;
    }
    String mode = c.text("interpolation_mode", "LINEAR");
    String sampling = c.text("sampling_mode", "DEFAULT");
    switch (mode) {
      case "LINEAR" -> linear(c, target, sampling);
      case "NEAREST_NEIGHBOR" -> nearest(c, target, sampling);
      default -> throw new UnsupportedOperation("interpolates in the mode " + mode);
    }
  }

  /** The default mode of nearest pixels takes centres: the others are as for lines. */
  private static void nearest(OperationCall c, int[] target, String mode)
      throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    for (int i = 0; i < target.length; i++) {
      int dim = x.shape().rank() - target.length + i;
      int size = size(c, dim);
      boolean centres = mode.equals("DEFAULT") || mode.equals("UNALIGN_CORNERS");
      SamplingGrid grid =
          centres
              ? SamplingGrid.of("UNALIGN_CORNERS", size, target[i])
              : SamplingGrid.of(mode, size, target[i]);
      if (!grid.isSame()) {
        x = c.apply("aten::index_select", x, at(dim), c.constant(grid.nearest(centres)));
      }
    }
    c.give(x);
  }

  private static void linear(OperationCall c, int[] target, String mode)
      throws DelegateException, UnsupportedOperation {
    boolean corners =
        mode.equals("STRICT_ALIGN_CORNERS")
            || (mode.equals("ALIGN_CORNERS")
                && target.length == 2
                && target[0] > 1
                && target[1] > 1);
    int rank = c.tensor("x").shape().rank();
    if (target.length == 2
        && (rank == 3 || rank == 4)
        && target[0] > 0
        && target[1] > 0
        && (corners || mode.equals("UNALIGN_CORNERS"))) {
      bilinear(c, target[0], target[1], corners);
      return;
    }
    Value x = c.tensor("x");
    for (int i = 0; i < target.length; i++) {
      int dim = rank - target.length + i;
      SamplingGrid grid = SamplingGrid.of(mode, size(c, dim), target[i]);
      if (!grid.isSame()) {
        x = between(c, x, dim, grid);
      }
    }
    c.give(x);
  }

  /** Each point between two places: (1 − f) · below + f · above. */
  private static Value between(OperationCall c, Value x, int dim, SamplingGrid grid)
      throws DelegateException {
    float[] fractions = grid.fractions();
    int[] sizes = new int[x.shape().rank() - dim];
    java.util.Arrays.fill(sizes, 1);
    sizes[0] = fractions.length;
    TensorType type = TensorType.of(DType.FLOAT, sizes);
    MemorySegment far = c.memory().allocate(type.byteSize(), c.operation().label());
    MemorySegment near = c.memory().allocate(type.byteSize(), c.operation().label());
    for (int i = 0; i < fractions.length; i++) {
      far.setAtIndex(ValueLayout.JAVA_FLOAT, i, fractions[i]);
      near.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1 - fractions[i]);
    }
    Value below = c.apply("aten::index_select", x, at(dim), c.constant(grid.below()));
    Value above = c.apply("aten::index_select", x, at(dim), c.constant(grid.above()));
    return c.apply(
        "aten::add.Tensor",
        c.apply("aten::mul.Tensor", below, c.constant(Constant.of(near.asReadOnly(), type))),
        c.apply("aten::mul.Tensor", above, c.constant(Constant.of(far.asReadOnly(), type))));
  }

  private static Argument at(int dim) {
    return Argument.of((long) dim);
  }
}
