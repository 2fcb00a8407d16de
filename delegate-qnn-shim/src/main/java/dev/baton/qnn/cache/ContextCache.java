package dev.baton.qnn.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Compiled contexts in a folder, by a digest of what they were compiled from and by what. A file is
 * the SHA-256 of what follows, then a context binary: one that does not match is as if it were not
 * there, and is written anew. Files appear by atomic rename.
 */
public final class ContextCache {
  private static final int DIGEST_BYTES = 32;

  private final Path folder;

  public ContextCache(Path folder) {
    this.folder = folder;
  }

  /** A new digest, begun with the version of this format and what compiles. */
  public static MessageDigest newDigest(String compiler) {
    MessageDigest digest = sha256();
    digest.update(("baton-qnn-context 1 " + compiler).getBytes(StandardCharsets.UTF_8));
    return digest;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private Path file(byte[] key) {
    return folder.resolve(HexFormat.of().formatHex(key) + ".qnn");
  }

  /** What is kept for a key; empty if there is nothing, or it is damaged. */
  public Optional<byte[]> read(byte[] key) {
    try {
      byte[] file = Files.readAllBytes(file(key));
      if (file.length <= DIGEST_BYTES) {
        return Optional.empty();
      }
      MessageDigest digest = sha256();
      digest.update(ByteBuffer.wrap(file, DIGEST_BYTES, file.length - DIGEST_BYTES));
      return MessageDigest.isEqual(digest.digest(), Arrays.copyOf(file, DIGEST_BYTES))
          ? Optional.of(Arrays.copyOfRange(file, DIGEST_BYTES, file.length))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Keeps a context binary.
   *
   * @throws IOException if it cannot be written; what was there before is still there
   */
  public void write(byte[] key, byte[] binary) throws IOException {
    Files.createDirectories(folder);
    Path part = Files.createTempFile(folder, "context", ".part");
    try {
      Files.write(part, sha256().digest(binary));
      Files.write(part, binary, java.nio.file.StandardOpenOption.APPEND);
      Files.move(
          part, file(key), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
