package dev.baton.qnn.payload;

import dev.baton.delegate.DelegateException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Payloads that somebody vouches for, by SHA-256. The library verifies no checksum, and about one
 * changed byte in a hundred makes it crash the process: where files are not one's own, the list
 * keeps others out.
 */
public final class TrustList {
  private final @Nullable Set<String> digests;
  private final String source;

  private TrustList(@Nullable Set<String> digests, String source) {
    this.digests = digests;
    this.source = source;
  }

  /** Everything is trusted. */
  public static TrustList everything() {
    return new TrustList(null, "");
  }

  /**
   * Reads a list: a digest begins each line, in hexadecimal, as {@code sha256sum} writes it; empty
   * lines and those that begin with # do not count.
   *
   * @throws DelegateException if the file cannot be read or holds something else
   */
  public static TrustList read(String file) throws DelegateException {
    try {
      Set<String> digests = new HashSet<>();
      for (String line : Files.readAllLines(Path.of(file))) {
        String digest = line.strip().split("\\s", 2)[0].toLowerCase(Locale.ROOT);
        if (digest.isEmpty() || digest.startsWith("#")) {
          continue;
        }
        if (!digest.matches("[0-9a-f]{64}")) {
          throw unreadable(file, "'" + digest + "' is no SHA-256", null);
        }
        digests.add(digest);
      }
      return new TrustList(digests, file);
    } catch (IOException | InvalidPathException e) {
      throw unreadable(file, e.toString(), e);
    }
  }

  private static DelegateException unreadable(String file, String why, @Nullable Throwable cause) {
    return new DelegateException(
        DelegateException.Kind.UNAVAILABLE,
        "the list of trusted payloads " + file + " cannot be used: " + why,
        "Give a file with a SHA-256 on each line, or leave the option away.",
        cause);
  }

  /**
   * Refuses what is not on the list.
   *
   * @param digest of the payload
   * @throws DelegateException of {@link DelegateException.Kind#UNSUPPORTED}
   */
  public void require(String digest) throws DelegateException {
    if (digests != null && !digests.contains(digest)) {
      throw new DelegateException(
          DelegateException.Kind.UNSUPPORTED,
          "the QNN payload with the SHA-256 " + digest + " is not among those that are trusted",
          "If you trust where the file came from, add the digest to " + source + ".",
          null);
    }
  }

  /** The SHA-256 of bytes, in lower-case hexadecimal. */
  public static String digest(MemorySegment bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (long at = 0; at < bytes.byteSize(); at += Integer.MAX_VALUE / 2) {
        long size = Math.min(Integer.MAX_VALUE / 2, bytes.byteSize() - at);
        digest.update(bytes.asSlice(at, size).asByteBuffer());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
