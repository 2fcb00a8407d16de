package dev.baton.graph;

/** How the elements of a constant are stored. */
public enum Packing {
  /** One element after the other, each in its dtype's bytes. */
  PLAIN,
  /**
   * Two unsigned 4-bit elements in a byte, the element with the even innermost index in the low
   * nibble; rows padded to whole bytes.
   */
  INT4_NIBBLES
}
