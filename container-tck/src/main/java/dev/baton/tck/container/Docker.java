package dev.baton.tck.container;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Volume;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerFetchException;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.output.ToStringConsumer;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.utility.DockerImageName;

/** Docker, or what answers in its place, by Testcontainers. */
final class Docker implements ContainerEngine {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final double NANO = 1e9;

  @Override
  public Optional<String> absence() {
    return DockerClientFactory.instance().isDockerAvailable()
        ? Optional.empty()
        : Optional.of("Docker does not answer");
  }

  @Override
  public String run(Launch launch) {
    Host host = launch.host();
    List<Bind> binds = new ArrayList<>();
    launch
        .mounts()
        .forEach((here, there) ->
            binds.add(new Bind(here.toString(), new Volume(there), AccessMode.ro)));
    binds.add(new Bind(launch.folder().toString(), new Volume(Host.FOLDER), AccessMode.rw));
    ToStringConsumer log = new ToStringConsumer();
    try (GenericContainer<?> container =
        new GenericContainer<>(DockerImageName.parse(host.image()))) {
      container
          .withCreateContainerCmdModifier(command -> {
            limit(Objects.requireNonNull(command.getHostConfig()), host).withBinds(binds);
            if (!launch.user().isEmpty()) {
              command.withUser(launch.user());
            }
          })
          .withTmpFs(host.tmpfs())
          .withEnv(host.environment())
          .withLogConsumer(log)
          .withStartupCheckStrategy(new OneShotStartupCheckStrategy().withTimeout(PATIENCE))
          .withCommand(launch.command().toArray(String[]::new));
      try {
        container.start();
      } catch (RuntimeException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
          if (cause instanceof ContainerFetchException) {
            throw new NoImageException(host.image(), e);
          }
        }
        throw new IllegalStateException(
            "The container '" + host.name() + "' failed: " + e + "\n" + log.toUtf8String(), e);
      }
      return container.getLogs();
    }
  }

  private static HostConfig limit(HostConfig config, Host host) {
    config.withReadonlyRootfs(host.isReadOnlyRoot());
    if (!host.hasNetwork()) {
      config.withNetworkMode("none");
    }
    if (host.cpus() > 0) {
      config.withNanoCPUs((long) (host.cpus() * NANO));
    }
    if (host.memoryBytes() > 0) {
      config.withMemory(host.memoryBytes()).withMemorySwap(host.memoryBytes());
    }
    return config;
  }
}
