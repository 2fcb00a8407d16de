package dev.baton.qnn.ffi;

/**
 * Version of an interface. The core interface decides the layout of structures and the length of
 * the table; it is 2.x for every SDK of the last years.
 */
public record ApiVersion(int major, int minor, int patch) {
  /** The only major version whose layouts are known. */
  public static final int MAJOR = 2;

  /**
   * The first minor version with the present layouts. Run with 36 to 40; those before and after
   * keep what those have, by the vendor's record.
   */
  public static final int FIRST_MINOR = 23;

  /** Minor versions and the length of the table since then. Nothing in the table ends it. */
  private static final int[][] ENTRIES = {
    {23, 64}, {25, 66}, {26, 67}, {27, 68}, {28, 69}, {32, 71}, {36, 72}, {39, 75}
  };

  /** Number of functions that the table of a backend is sure to have. */
  public int entries() {
    int entries = 0;
    for (int[] since : ENTRIES) {
      if (minor >= since[0]) {
        entries = since[1];
      }
    }
    return entries;
  }

  /** Whether the core interface is one that Baton can talk to. */
  public boolean isSupported() {
    return major == MAJOR && minor >= FIRST_MINOR;
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
