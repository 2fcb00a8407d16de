package dev.baton.nativelib;

import dev.baton.nativelib.HostPlatform.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A host of the test's making under a folder, on this machine's architecture. */
final class FakeHost {
  final Map<String, String> properties = new HashMap<>();
  final Map<String, String> variables = new HashMap<>();
  final Path root;
  HostPlatform platform =
      new HostPlatform(
          OperatingSystem.LINUX, HostPlatform.current().architecture(), Libc.GLIBC, "2.36");

  FakeHost(Path root) throws IOException {
    this.root = root;
    properties.put("java.io.tmpdir", root.resolve("tmp").toString());
    properties.put("user.home", root.resolve("home").toString());
  }

  HostEnvironment environment() {
    return new HostEnvironment(platform, properties::get, variables::get, root);
  }

  /** A library named as in {@code elf} in this host's standard folder. */
  void install(ElfWriter elf) throws IOException {
    put(elf.write(), "usr/lib/" + elf.soname);
  }

  Path put(byte[] bytes, String path) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  void put(String text, String path) throws IOException {
    put(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1), path);
  }
}
