package dev.baton.kernels.vector;

/** The right side of a convolution's product, (channels · taps, positions), from {@link Planes}. */
final class Columns {
  private final Planes planes;
  private final int width;
  private final Panels panels;
  private final int[][] lines;

  /**
   * @param width output positions of a line
   */
  Columns(Planes planes, int width, Panels panels, int workers) {
    this.planes = planes;
    this.width = width;
    this.panels = panels;
    this.lines = new int[workers][3 * (Tile.VECTORS * Lanes.COUNT + 1)];
  }

  /** Lines of output positions in a panel: where each begins in it, in a plane, and its length. */
  private int lines(int panel, int[] lines) {
    int first = panels.first(panel);
    int end = Math.min(panels.n, first + panels.width(panel));
    int count = 0;
    for (int at = first, run; at < end; at += run) {
      run = Math.min(width - at % width, end - at);
      lines[3 * count] = at - first;
      lines[3 * count + 1] = at / width * planes.pitch + at % width;
      lines[3 * count + 2] = run;
      count++;
    }
    return count;
  }

  /**
   * Writes rows k0 … k0 + kn of a panel.
   *
   * @param from address of the first channel's planes
   */
  void fill(long from, long to, int k0, int kn, int panel, int worker) {
    int[] mine = lines[worker];
    int count = lines(panel, mine);
    int columns = panels.width(panel);
    int taps = planes.taps.length;
    for (int i = 0; i < kn; i++) {
      int channel = (k0 + i) / taps;
      int tap = (k0 + i) % taps;
      long source = from + 4L * planes.size * channel + 4L * planes.taps[tap];
      long target = to + 4L * i * columns;
      for (int line = 0; line < count; line++) {
        // A line's last vector writes past it; the next line, row or panel overwrites that.
        Lanes.copyBeyond(
            source + 4L * mine[3 * line + 1], target + 4L * mine[3 * line], mine[3 * line + 2]);
      }
    }
  }
}
