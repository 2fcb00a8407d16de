package dev.baton.isolation.child;

import dev.baton.delegate.Delegate;
import dev.baton.delegate.DelegateWrapper;
import dev.baton.isolation.wire.Connection;
import dev.baton.isolation.wire.Kind;
import dev.baton.isolation.wire.WireException;
import dev.baton.isolation.wire.Writer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.Comparator;
import java.util.Iterator;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * Entry point of the child: {@code SOCKET name NAME} for a delegate that the service loader finds,
 * {@code SOCKET class CLASS} for one by its class. Ends when the parent does.
 */
public final class Main {
  /** Wrappers from this order on are the parent's. */
  public static final int OUTSIDE = 1000;

  private static final int FAILED = 1;

  private Main() {}

  public static void main(String... args) {
    int status = 0;
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(args[0]));
      Connection connection = new Connection(channel);
      Delegate delegate = args[1].equals("class") ? ofClass(args[2]) : named(args[2]);
      connection.send(
          0, Kind.HELLO, new Writer().put(Connection.VERSION).put(ProcessHandle.current().pid()));
      new Server(delegate, connection).serve();
    } catch (IOException | ReflectiveOperationException | RuntimeException | LinkageError e) {
      System.err.println("the isolated delegate cannot be served: " + e);
      status = FAILED;
    }
    // Without shutdown hooks and static destructors of libraries: a hung one must not keep it.
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(status);
  }

  private static Delegate ofClass(String name) throws ReflectiveOperationException {
    return (Delegate) Class.forName(name).getConstructor().newInstance();
  }

  private static Delegate named(String name) {
    Iterator<Delegate> delegates = ServiceLoader.load(Delegate.class).iterator();
    while (true) {
      try {
        if (!delegates.hasNext()) {
          throw new WireException("there is no delegate '" + name + "' in the child's class path");
        }
        Delegate delegate = delegates.next();
        if (delegate.name().equals(name)) {
          return wrapped(delegate);
        }
      } catch (ServiceConfigurationError | LinkageError e) {
        System.err.println("a delegate cannot be loaded: " + e);
      }
    }
  }

  /** With what the configuration puts around it, as the parent would have it in its process. */
  private static Delegate wrapped(Delegate found) {
    return ServiceLoader.load(DelegateWrapper.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(w -> w.order() < OUTSIDE)
        .sorted(
            Comparator.comparingInt(DelegateWrapper::order).thenComparing(DelegateWrapper::name))
        .reduce(found, (delegate, wrapper) -> wrapper.wrap(delegate), (a, b) -> b);
  }
}
