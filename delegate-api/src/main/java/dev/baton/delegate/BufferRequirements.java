package dev.baton.delegate;

/** What a delegate needs of the buffers that it is bound to. */
public final class BufferRequirements {
  private static final BufferRequirements NONE = new BufferRequirements(1, 0);
  private final int alignment;
  private final int slack;

  private BufferRequirements(int alignment, int slack) {
    this.alignment = alignment;
    this.slack = slack;
  }

  public static BufferRequirements none() {
    return NONE;
  }

  /**
   * @param alignment of the first byte; a power of two, at most 4096
   * @param slack bytes after the last that may be read, and whose content does not matter
   */
  public static BufferRequirements of(int alignment, int slack) {
    if (Integer.bitCount(alignment) != 1 || alignment > 4096 || slack < 0 || slack > 4096) {
      throw new IllegalArgumentException("alignment " + alignment + ", slack " + slack);
    }
    return new BufferRequirements(alignment, slack);
  }

  public int alignment() {
    return alignment;
  }

  public int slack() {
    return slack;
  }
}
