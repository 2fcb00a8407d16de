package dev.baton.nativelib;

/** Why a native library cannot be used. */
public enum FailureKind {
  /** Nobody offers the library for this operating system and architecture. */
  PLATFORM,
  /** No file or resource of its name was found. */
  ABSENT,
  /**
   * A file was found that this process cannot load: another architecture, a newer C library, a
   * needed library or a symbol that is missing, a truncated file, something that is no library.
   */
  UNFIT,
  /** The CPU lacks a feature that the library requires. */
  CPU_FEATURE,
  /**
   * The library lies in a jar, and no folder was found that it could be extracted to and loaded
   * from.
   */
  CACHE,
  /** The JVM denies native access. */
  ACCESS_DENIED
}
