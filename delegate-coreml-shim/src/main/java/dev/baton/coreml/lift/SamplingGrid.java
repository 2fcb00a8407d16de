package dev.baton.coreml.lift;

/**
 * Where the elements of a resized dimension lie in the one that was there: the {@code i}-th at
 * {@code (begin + i · step) / divisor}, which is kept within it.
 *
 * @param from size that was there
 * @param to size that is wanted
 */
record SamplingGrid(int from, int to, long begin, long step, long divisor) {
  /**
   * The grid of a sampling mode.
   *
   * @throws UnsupportedOperation if nobody knows the mode
   */
  static SamplingGrid of(String mode, int from, int to) throws UnsupportedOperation {
    if (from < 1 || to < 1) {
      throw new UnsupportedOperation("resizes " + from + " elements to " + to);
    }
    return switch (mode) {
      case "DEFAULT" -> new SamplingGrid(from, to, 0, from, to);
      case "STRICT_ALIGN_CORNERS" -> corners(from, to);
      case "ALIGN_CORNERS" ->
          to == 1 ? new SamplingGrid(from, to, from - 1, 0, 2) : corners(from, to);
      case "OFFSET_CORNERS" -> {
        long span = Math.max(1, from - 1);
        yield new SamplingGrid(from, to, span, 2 * span, 2L * to);
      }
      case "UNALIGN_CORNERS" -> centres(from, to);
      default -> throw new UnsupportedOperation("samples in the mode " + mode);
    };
  }

  private static SamplingGrid corners(int from, int to) {
    return new SamplingGrid(from, to, 0, from - 1, Math.max(1, to - 1));
  }

  /** Centres of pixels at centres. */
  static SamplingGrid centres(int from, int to) {
    return new SamplingGrid(from, to, (long) from - to, 2L * from, 2L * to);
  }

  /** Numerator of a place within the dimension. */
  private long place(int i) {
    return Math.clamp(begin + i * step, 0, (from - 1) * divisor);
  }

  /** The places, each the greatest that is not behind the point. */
  int[] below() {
    int[] all = new int[to];
    for (int i = 0; i < to; i++) {
      all[i] = (int) (place(i) / divisor);
    }
    return all;
  }

  /** The places behind those. */
  int[] above() {
    int[] all = below();
    for (int i = 0; i < to; i++) {
      all[i] = Math.min(all[i] + 1, from - 1);
    }
    return all;
  }

  /** How far each point is from the place below, 0 to 1. */
  float[] fractions() {
    float[] all = new float[to];
    for (int i = 0; i < to; i++) {
      all[i] = (float) ((double) (place(i) % divisor) / divisor);
    }
    return all;
  }

  /**
   * The nearest places. Of two, the greater: so TensorFlow has it for centres.
   *
   * @param halves false if a point between two places is not to be decided
   */
  int[] nearest(boolean halves) throws UnsupportedOperation {
    int[] all = new int[to];
    for (int i = 0; i < to; i++) {
      long twice = 2 * place(i);
      if (!halves && twice % divisor == 0 && twice / divisor % 2 == 1) {
        throw new UnsupportedOperation("samples midway between two pixels");
      }
      all[i] = (int) Math.min((twice + divisor) / (2 * divisor), from - 1);
    }
    return all;
  }

  boolean isSame() {
    return from == to && begin == 0 && step == divisor;
  }
}
