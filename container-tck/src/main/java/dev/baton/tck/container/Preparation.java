package dev.baton.tck.container;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** What happens to a host's folder before a run. */
@FunctionalInterface
public interface Preparation {
  /**
   * Changes files.
   *
   * @param folder what the host has at {@link Host#FOLDER}, here
   */
  void prepare(Path folder) throws IOException;

  /** Nothing happens. */
  static Preparation none() {
    return folder -> {};
  }

  /**
   * A file appears: a resource of the class path, such as a library in a jar.
   *
   * @param resource path without a leading slash
   * @param name of the file in the folder
   */
  static Preparation resource(String resource, String name) {
    return folder -> {
      ClassLoader loader = Thread.currentThread().getContextClassLoader();
      try (InputStream in = loader.getResourceAsStream(resource)) {
        if (in == null) {
          throw new FileNotFoundException("there is no resource " + resource);
        }
        Files.copy(in, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    };
  }

  /**
   * Files lose their second half.
   *
   * @param ending of their names, at any depth; at least one file has it
   */
  static Preparation truncate(String ending) {
    return folder -> {
      List<Path> files;
      try (Stream<Path> all = Files.walk(folder)) {
        files = all.filter(f -> Files.isRegularFile(f) && f.toString().endsWith(ending)).toList();
      }
      if (files.isEmpty()) {
        throw new FileNotFoundException("no file ends in " + ending + " in the host's folder");
      }
      for (Path file : files) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(channel.size() / 2);
        }
      }
    };
  }
}
