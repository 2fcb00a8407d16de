package dev.baton.runtime.kernel;

/**
 * The matrix that a convolution multiplies its weights with: row (i, t) is what tap t of the kernel
 * reads of input channel i, for each output position. Parts of it are written as they are needed.
 */
abstract class ConvolutionColumns {
  private final ConvolutionGeometry g;
  private long base;

  ConvolutionColumns(ConvolutionGeometry geometry) {
    this.g = geometry;
  }

  /** Chooses an image and a group of channels. */
  final void of(int image, int group) {
    base = ((long) image * g.groups() + group) * g.in() * g.inputPlane();
  }

  /** Writes what padding stands for, to a row of the part from one column to another. */
  abstract void pad(int row, int from, int to);

  /**
   * Copies elements of the input to a row of the part.
   *
   * @param to first column
   * @param at index of the first element
   * @param stride between elements
   */
  abstract void read(int row, int to, long at, int stride, int count);

  /** Writes rows {@code k0 …} and columns {@code n0 …} of the matrix, as the part's first ones. */
  final void fill(int k0, int kn, int n0, int nn) {
    int taps = g.taps();
    int width = g.x().out();
    for (int k = k0; k < k0 + kn; k++) {
      int row = k - k0;
      long channel = base + k / taps * g.inputPlane();
      int tapX = k % g.x().kernel();
      int tapY = k / g.x().kernel() % g.y().kernel();
      int tapZ = k % taps / (g.x().kernel() * g.y().kernel());
      for (int j = 0, run; j < nn; j += run) {
        int line = (n0 + j) / width;
        int from = (n0 + j) % width;
        run = Math.min(width - from, nn - j);
        int oy = line % g.y().out();
        int oz = line / g.y().out();
        int y = g.transposed() ? g.y().source(oy, tapY) : g.y().at(oy, tapY);
        int z = g.transposed() ? g.z().source(oz, tapZ) : g.z().at(oz, tapZ);
        if (y < 0 || z < 0) {
          pad(row, j, j + run);
        } else {
          long start = channel + ((long) z * g.y().in() + y) * g.x().in();
          if (g.transposed()) {
            spread(row, j, start, from, run, tapX);
          } else {
            gather(row, j, start, from, run, tapX);
          }
        }
      }
    }
  }

  private void gather(int row, int j, long start, int from, int run, int tap) {
    int low = Math.min(run, Math.max(0, g.x().firstReaching(0, tap) - from));
    int high = Math.min(run, Math.max(low, g.x().firstReaching(g.x().in(), tap) - from));
    pad(row, j, j + low);
    pad(row, j + high, j + run);
    if (low < high) {
      int stride = g.x().stride();
      long at = start + g.x().start(from + low) + (long) tap * g.x().dilation();
      read(row, j + low, at, stride, high - low);
    }
  }

  private void spread(int row, int j, long start, int from, int run, int tap) {
    for (int i = 0; i < run; i++) {
      int x = g.x().source(from + i, tap);
      if (x < 0) {
        pad(row, j + i, j + i + 1);
      } else {
        read(row, j + i, start + x, 1, 1);
      }
    }
  }
}
