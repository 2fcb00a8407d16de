package dev.baton.coreml.lift;

import dev.baton.delegate.DelegateException;
import dev.baton.graph.Argument;
import dev.baton.graph.Shape;
import dev.baton.graph.Value;

/** Resizing of the last two dimensions of images [n, C, H, W]. */
final class Resizes {
  private Resizes() {}

  /** Four dimensions: images of fewer get ones before, which the declared sizes take off again. */
  private static Value image(OperationCall c, Value x) throws UnsupportedOperation {
    int rank = x.shape().rank();
    if (rank == 4) {
      return x;
    }
    if (rank != 3) {
      throw new UnsupportedOperation("resizes a tensor of " + rank + " dimensions");
    }
    return c.apply("aten::unsqueeze_copy", x, Argument.of(0L));
  }

  private static void nearest(OperationCall c, int height, int width)
      throws DelegateException, UnsupportedOperation {
    Value x = image(c, c.tensor("x"));
    Argument size = Argument.ints(height, width);
    c.give(c.apply("aten::upsample_nearest2d.vec", x, size, Argument.none()));
  }

  private static void bilinear(OperationCall c, int height, int width, boolean corners)
      throws DelegateException, UnsupportedOperation {
    Value x = image(c, c.tensor("x"));
    c.give(
        c.apply(
            "aten::upsample_bilinear2d.vec",
            x,
            Argument.ints(height, width),
            Argument.of(corners),
            Argument.none()));
  }

  private static int scaled(OperationCall c, String name, int dim)
      throws DelegateException, UnsupportedOperation {
    Shape shape = c.fixed(c.tensor("x"));
    if (shape.rank() < 2) {
      throw new UnsupportedOperation("resizes a tensor of " + shape.rank() + " dimensions");
    }
    return (int) (shape.size(dim) * c.number(name, 1) + 1e-3);
  }

  static void nearestByScale(OperationCall c) throws DelegateException, UnsupportedOperation {
    nearest(c, scaled(c, "scale_factor_height", -2), scaled(c, "scale_factor_width", -1));
  }

  static void nearestBySize(OperationCall c) throws DelegateException, UnsupportedOperation {
    nearest(c, (int) c.integer("target_size_height"), (int) c.integer("target_size_width"));
  }

  static void bilinearByScale(OperationCall c) throws DelegateException, UnsupportedOperation {
    boolean corners = c.flag("align_corners", true);
    if (c.flag("half_pixel_centers", !corners) == corners) {
      throw new UnsupportedOperation("samples at neither corners nor centres");
    }
    bilinear(c, scaled(c, "scale_factor_height", -2), scaled(c, "scale_factor_width", -1), corners);
  }

  static void bilinearBySize(OperationCall c) throws DelegateException, UnsupportedOperation {
    int height = (int) c.integer("target_size_height");
    int width = (int) c.integer("target_size_width");
    bilinear(c, height, width, atCorners(c, height, width));
  }

  /** True if corners are sampled at corners, false if centres of pixels at centres. */
  private static boolean atCorners(OperationCall c, int height, int width)
      throws DelegateException, UnsupportedOperation {
    String mode = c.text("sampling_mode", "DEFAULT");
    return switch (mode) {
      case "STRICT_ALIGN_CORNERS" -> true;
      case "ALIGN_CORNERS" -> {
        if (height == 1 || width == 1) {
          throw new UnsupportedOperation("samples a size of 1 in the mode " + mode);
        }
        yield true;
      }
      case "UNALIGN_CORNERS" -> false;
      default -> throw new UnsupportedOperation("samples in the mode " + mode);
    };
  }

  /** A size of 0 is the one that was there. */
  static void resize(OperationCall c) throws DelegateException, UnsupportedOperation {
    Value x = c.tensor("x");
    int[] shape = c.integers("shape");
    int rank = x.shape().rank();
    if (shape.length > rank || shape.length < 2) {
      throw new UnsupportedOperation("resizes " + shape.length + " dimensions");
    }
    for (int i = 0; i < shape.length; i++) {
      int size = c.fixed(x).size(rank - shape.length + i);
      shape[i] = shape[i] == 0 ? size : shape[i];
      if (i < shape.length - 2 && shape[i] != size) {
        throw new UnsupportedOperation("resizes more than the last two dimensions");
      }
    }
    int height = shape[shape.length - 2];
    int width = shape[shape.length - 1];
    String mode = c.text("interpolation_mode", "LINEAR");
    switch (mode) {
      case "LINEAR" -> bilinear(c, height, width, atCorners(c, height, width));
      case "NEAREST_NEIGHBOR" -> nearest(c, height, width);
      default -> throw new UnsupportedOperation("interpolates in the mode " + mode);
    }
  }
}
