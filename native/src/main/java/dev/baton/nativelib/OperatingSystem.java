package dev.baton.nativelib;

/** The operating systems that library names and formats differ by. */
public enum OperatingSystem {
  LINUX("linux", "lib", ".so"),
  ANDROID("android", "lib", ".so"),
  MACOS("macosx", "lib", ".dylib"),
  WINDOWS("windows", "", ".dll"),
  OTHER("other", "lib", ".so");

  private final String label;
  private final String prefix;
  private final String suffix;

  OperatingSystem(String label, String prefix, String suffix) {
    this.label = label;
    this.prefix = prefix;
    this.suffix = suffix;
  }

  /** The first part of a platform classifier, such as {@code linux}; never null. */
  public String label() {
    return label;
  }

  /**
   * The file name of the shared library {@code stem}, such as {@code libXNNPACK.so}; never null.
   */
  public String libraryFileName(String stem) {
    return prefix + stem + suffix;
  }

  boolean usesElf() {
    return this == LINUX || this == ANDROID;
  }
}
