package dev.baton.runtime.kernel;

/**
 * Where the elements of a channel's padded plane lie, so that every tap of a window reads runs of
 * neighbours: one plane after the other for each phase of the strides. Element (y, x) of the padded
 * plane lies in phase (y mod sy, x mod sx) at (y / sy, x / sx). Tap t of output position (y, x)
 * reads element {@code taps[t] + y · pitch + x}.
 *
 * <p>A transposed convolution is one of stride 1 over its input spread out with zeros between.
 * Immutable.
 */
public final class PhaseLayout {
  /** A layout has at most this many elements, and this many for each of input and output. */
  private static final int ELEMENTS = 4096;

  private static final int TIMES = 16;

  private final int strideY;
  private final int strideX;
  private final int paddingY; // before the first element of the input; negative cuts some off
  private final int paddingX;
  private final int spreadY;
  private final int spreadX;
  private final int rows; // of the padded plane that any output position reads
  private final int columns;
  private final int pitch;
  private final int phase;
  private final int size;
  private final int[] taps;

  /**
   * @throws KernelException if it does not {@link #fits fit}
   */
  public PhaseLayout(Window y, Window x, boolean transposed, HeapArrays arrays) {
    if (!fits(y, x, transposed)) {
      throw new KernelException(
          "the windows " + y + " and " + x + " are too wide for planes of their phases");
    }
    this.strideY = transposed ? 1 : y.stride();
    this.strideX = transposed ? 1 : x.stride();
    this.spreadY = transposed ? y.stride() : 1;
    this.spreadX = transposed ? x.stride() : 1;
    this.paddingY = Math.toIntExact(padding(y, transposed));
    this.paddingX = Math.toIntExact(padding(x, transposed));
    this.rows = Math.toIntExact(extent(y, transposed));
    this.columns = Math.toIntExact(extent(x, transposed));
    this.pitch = Math.ceilDiv(columns, strideX);
    this.phase = Math.multiplyExact(Math.ceilDiv(rows, strideY), pitch);
    this.size = Math.multiplyExact(phase, Math.multiplyExact(strideY, strideX));
    this.taps = arrays.ints((long) y.kernel() * x.kernel());
    for (int t = 0; t < taps.length; t++) {
      taps[t] = at(t / x.kernel() * y.dilation(), t % x.kernel() * x.dilation());
    }
  }

  /**
   * True if the phases are no more than some times what the windows read and write: a stride, a
   * dilation or a padding that a program claims is no extent.
   */
  public static boolean fits(Window y, Window x, boolean transposed) {
    long input = (long) y.in() * x.in();
    long output = (long) y.out() * x.out();
    long most = Math.min(Integer.MAX_VALUE / 2, ELEMENTS + TIMES * (input + output));
    long down = rounded(y, transposed);
    long across = rounded(x, transposed);
    return y.out() > 0
        && x.out() > 0
        && down <= most
        && across <= most
        && down * across <= most
        && Math.abs(padding(y, transposed)) <= Integer.MAX_VALUE / 2
        && Math.abs(padding(x, transposed)) <= Integer.MAX_VALUE / 2;
  }

  /** Extent of one dimension in whole strides. */
  private static long rounded(Window w, boolean transposed) {
    int stride = transposed ? 1 : w.stride();
    return Math.ceilDiv(extent(w, transposed), stride) * stride;
  }

  /** Padded elements that any output position reads. */
  private static long extent(Window w, boolean transposed) {
    long stride = transposed ? 1 : w.stride();
    return (w.out() - 1L) * stride + (w.kernel() - 1L) * w.dilation() + 1;
  }

  private static long padding(Window w, boolean transposed) {
    return transposed ? (w.kernel() - 1L) * w.dilation() - w.padding() : w.padding();
  }

  /** Where an element of the padded plane lies. */
  public int at(int row, int column) {
    return (row % strideY * strideX + column % strideX) * phase
        + row / strideY * pitch
        + column / strideX;
  }

  /** Elements from one line of a phase to the next. */
  public int pitch() {
    return pitch;
  }

  /** Elements of all phases. */
  public int size() {
    return size;
  }

  /** From one element of the input to the next in the padded plane. */
  public int spreadX() {
    return spreadX;
  }

  /** Phases of the columns: with 1, neighbours of a line are neighbours in a phase. */
  public int strideX() {
    return strideX;
  }

  /** For each tap, the element that output position (0, 0) reads; not to be changed. */
  public int[] taps() {
    return taps;
  }

  /** Line of the padded plane that a line of the input is; −1 if nothing reads it. */
  public int row(int inputRow) {
    long row = paddingY + (long) inputRow * spreadY;
    return row >= 0 && row < rows ? (int) row : -1;
  }

  /** First element of an input's line that anything reads. */
  public int firstColumn() {
    return Math.max(0, Math.ceilDiv(-paddingX, spreadX));
  }

  /**
   * Elements of an input's line, from the first on, that anything reads.
   *
   * @param width of the input
   */
  public int countColumns(int width) {
    long end = Math.min(width, Math.ceilDiv((long) columns - paddingX, spreadX));
    return (int) Math.max(0, end - firstColumn());
  }

  /** Column of the padded plane that {@link #firstColumn} is; only if there is one. */
  public int startColumn() {
    return Math.toIntExact(paddingX + (long) firstColumn() * spreadX);
  }
}
