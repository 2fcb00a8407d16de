package dev.baton.qnnclient;

import dev.baton.delegate.Delegate;
import java.util.ServiceLoader;

/** A program of a user's: prints each delegate that the service loader finds, and its state. */
public final class Services {
  private Services() {}

  /** Run in a JVM of its own. */
  public static void main(String[] args) {
    ServiceLoader.load(Delegate.class)
        .forEach(d ->
            System.out.println(
                d.getClass().getModule().isNamed()
                    + " "
                    + d.name()
                    + " "
                    + (d.availability().isAvailable() ? "AVAILABLE" : d.availability().reason())));
  }
}
