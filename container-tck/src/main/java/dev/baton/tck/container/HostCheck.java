package dev.baton.tck.container;

/**
 * What an application does on each host, where that is more than to run a case. The class has a
 * public constructor without arguments, lies with the tests or the application, and is made in a
 * JVM of its own in the container.
 */
@FunctionalInterface
public interface HostCheck {
  /**
   * Does it, once.
   *
   * @return what was seen, never null
   * @throws Exception if it fails; the failure is what was seen then
   */
  Observation run() throws Exception;
}
