package dev.baton.nativelib;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Libraries from jars, as files.
 *
 * <pre>
 * CACHE/native/SHA-256 of the content/libname.so
 * CACHE/native/index/SHA-256 of the resource's identity   "content digest, size, modification time"
 * </pre>
 *
 * The identity of a resource is its URL with the entry's CRC, size and time, so that a later start
 * reads neither the content in the jar nor the extracted file. An extracted file counts if it has
 * the size and modification time that the index gives. Files appear by atomic rename: readers in
 * other processes see a whole file or none.
 */
final class ResourceCache {
  static final String PROPERTY = "baton.cache.dir";

  private static final Duration LEFTOVER_AGE = Duration.ofHours(1);
  private static final Object EXTRACTION = new Object();

  private final HostEnvironment host;

  ResourceCache(HostEnvironment host) {
    this.host = host;
  }

  private record Folder(Path path, boolean shared) {}

  private record Indexed(String digest, long size, long modified) {
    @Override
    public String toString() {
      return digest + " " + size + " " + modified;
    }
  }

  /**
   * The resource as a file in the first folder that serves; null, with an attempt for each folder,
   * if none does.
   */
  @Nullable Path extract(URL resource, List<Attempt> tried) {
    String identity;
    try {
      identity = identity(resource);
    } catch (IOException e) {
      tried.add(
          new Attempt(
              resource.toString(), FailureKind.ABSENT, "The resource cannot be read (" + e + ")."));
      return null;
    }
    String fileName = resource.getPath().substring(resource.getPath().lastIndexOf('/') + 1);
    for (Folder cache : folders()) {
      Path folder = cache.path.resolve("native");
      try {
        if (host.noexec(folder)) {
          throw new IOException("it lies on a mount with the option noexec");
        }
        Path indexed = identity == null ? null : lookUp(folder, identity, fileName);
        if (indexed != null && (!cache.shared || isPrivate(folder))) {
          return indexed;
        }
        synchronized (EXTRACTION) {
          return extract(resource, identity, cache, folder, fileName);
        }
      } catch (IOException e) {
        tried.add(
            new Attempt(
                "cache folder " + folder,
                FailureKind.CACHE,
                "The library cannot be extracted there ("
                    + (e.getClass() == IOException.class ? e.getMessage() : e)
                    + ")."));
      }
    }
    return null;
  }

  private List<Folder> folders() {
    List<Folder> folders = new ArrayList<>();
    add(folders, host.property(PROPERTY), "", false);
    add(folders, host.variable("XDG_CACHE_HOME"), "baton", false);
    add(folders, host.property("user.home"), ".cache/baton", false);
    // A folder for all users: others must not be able to put a library there.
    add(
        folders,
        host.property("java.io.tmpdir"),
        "baton-" + Optional.ofNullable(host.property("user.name")).orElse("user"),
        true);
    return folders;
  }

  private static void add(
      List<Folder> folders, @Nullable String base, String relative, boolean shared) {
    if (base != null) {
      HostEnvironment.path(base)
          .flatMap(path -> HostEnvironment.path(relative).map(path::resolve))
          .filter(Path::isAbsolute)
          .ifPresent(path -> folders.add(new Folder(path, shared)));
    }
  }

  /** What changes when the content does; null where the protocol does not tell. */
  private static @Nullable String identity(URL resource) throws IOException {
    URLConnection connection = resource.openConnection();
    if (!(connection instanceof JarURLConnection jar)) {
      return null;
    }
    jar.setUseCaches(false);
    try (JarFile file = jar.getJarFile()) {
      String name = jar.getEntryName();
      JarEntry entry = name == null ? null : file.getJarEntry(name);
      if (entry == null || entry.getCrc() < 0) {
        return null;
      }
      return resource + " " + entry.getCrc() + " " + entry.getSize() + " " + entry.getTime();
    }
  }

  private static Path indexFile(Path folder, String identity) {
    byte[] digest = sha256().digest(identity.getBytes(StandardCharsets.UTF_8));
    return folder.resolve("index").resolve(HexFormat.of().formatHex(digest));
  }

  private static @Nullable Path lookUp(Path folder, String identity, String fileName) {
    try {
      String[] fields = Files.readString(indexFile(folder, identity)).strip().split(" ", -1);
      if (fields.length != 3 || !fields[0].matches("[0-9a-f]{64}")) {
        return null;
      }
      Path file = folder.resolve(fields[0]).resolve(fileName);
      Indexed found = indexed(fields[0], file);
      return found.toString().equals(String.join(" ", fields)) ? file : null;
    } catch (IOException e) {
      return null;
    }
  }

  private static Indexed indexed(String digest, Path file) throws IOException {
    return new Indexed(digest, Files.size(file), Files.getLastModifiedTime(file).toMillis());
  }

  private Path extract(
      URL resource, @Nullable String identity, Folder cache, Path folder, String fileName)
      throws IOException {
    createFolders(folder);
    if (cache.shared && !isPrivate(folder)) {
      throw new IOException("other users may write to it or own it");
    }
    Path byOther = identity == null ? null : lookUp(folder, identity, fileName);
    if (byOther != null) {
      return byOther;
    }
    removeLeftovers(folder);
    Path part = Files.createTempFile(folder, "extract", ".part");
    try {
      String digest = write(resource, part);
      Path file = folder.resolve(digest).resolve(fileName);
      createFolders(folder.resolve(digest));
      if (!Files.isRegularFile(file) || !digest.equals(digest(file))) {
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
      if (identity != null) {
        writeIndex(folder, identity, indexed(digest, file));
      }
      return file;
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static String write(URL resource, Path part) throws IOException {
    URLConnection connection = resource.openConnection();
    connection.setUseCaches(false);
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(connection.getInputStream(), digest);
        FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE);
        OutputStream out = Channels.newOutputStream(channel)) {
      in.transferTo(out);
      channel.force(true);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String digest(Path file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Without an index the next start extracts again, so failing here fails nothing. */
  private static void writeIndex(Path folder, String identity, Indexed indexed) {
    try {
      Path target = indexFile(folder, identity);
      createFolders(folder.resolve("index"));
      Path part = Files.createTempFile(folder, "index", ".part");
      try {
        Files.writeString(part, indexed.toString());
        Files.move(
            part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      // see above
    }
  }

  private static void createFolders(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rwx------");
      Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(owner));
    } else {
      Files.createDirectories(folder);
    }
  }

  /** Whether this user alone can write to the folder and the one above it. */
  private static boolean isPrivate(Path folder) {
    try {
      for (Path checked : List.of(folder, folder.resolveSibling(""))) {
        if (!checked.getFileSystem().supportedFileAttributeViews().contains("posix")) {
          return true;
        }
        Set<PosixFilePermission> permissions =
            Files.getPosixFilePermissions(checked, LinkOption.NOFOLLOW_LINKS);
        if (!Files.isDirectory(checked, LinkOption.NOFOLLOW_LINKS)
            || permissions.contains(PosixFilePermission.GROUP_WRITE)
            || permissions.contains(PosixFilePermission.OTHERS_WRITE)
            || !Files.getOwner(checked, LinkOption.NOFOLLOW_LINKS).equals(thisUser(checked))) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static Object thisUser(Path near) throws IOException {
    Path self = Path.of("/proc/self");
    return Files.exists(self)
        ? Files.getOwner(self)
        : near.getFileSystem()
            .getUserPrincipalLookupService()
            .lookupPrincipalByName(System.getProperty("user.name", ""));
  }

  /** What processes that were killed while extracting left behind. */
  private static void removeLeftovers(Path folder) {
    Instant limit = Instant.now().minus(LEFTOVER_AGE);
    try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, "*.part")) {
      for (Path part : parts) {
        if (Files.getLastModifiedTime(part).toInstant().isBefore(limit)) {
          Files.deleteIfExists(part);
        }
      }
    } catch (IOException e) {
      // another process removes it
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
