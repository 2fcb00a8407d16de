package dev.baton.tck.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A container that is to be started once.
 *
 * @param mounts places here, and where they are there; {@code folder} apart
 * @param folder of this machine, written there, at {@link Host#FOLDER}
 * @param user empty for the image's
 */
record Launch(Host host, Map<Path, String> mounts, Path folder, String user, List<String> command) {
  private static final String JAVA = "/opt/java";
  private static final String CASE = "/app/case";

  static Launch of(Application application, Host host, Path folder, SlimJre slim)
      throws IOException, InterruptedException {
    Map<Path, String> mounts = new LinkedHashMap<>(host.mounts());
    List<String> command = new ArrayList<>();
    if (host.java().isPresent()) {
      command.add(host.java().get());
    } else {
      Path java =
          host.slimModules().isEmpty()
              ? Path.of(System.getProperty("java.home"))
              : slim.of(host.slimModules());
      mounts.put(java, JAVA);
      command.add(JAVA + "/bin/java");
    }
    command.addAll(host.jvmOptions(application.jvmOptions()));
    List<String> classPath = new ArrayList<>();
    for (Path path : application.classPath()) {
      if (!host.leavesOut(path)) {
        String there = "/app/" + classPath.size() + "/" + path.getFileName();
        mounts.put(path, there);
        classPath.add(there);
      }
    }
    command.add("-cp");
    command.add(String.join(":", classPath));
    command.add(Probe.class.getName());
    command.add(application.kind());
    if (application.kind().equals(Probe.CASE)) {
      Path subject = Path.of(application.subject());
      String there = CASE + "/" + subject.getFileName();
      mounts.put(subject, there);
      command.add(there);
    } else {
      command.add(application.subject());
    }
    // What the container writes into the folder is to belong to who deletes it.
    boolean shared = host.runs().size() > 1 && host.user().isEmpty();
    String user =
        shared
            ? Files.getAttribute(folder, "unix:uid") + ":" + Files.getAttribute(folder, "unix:gid")
            : host.user();
    return new Launch(host, mounts, folder, user, command);
  }
}
