package dev.baton.tck;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/**
 * What the logger {@code dev.baton} is given at level WARNING or above. By reflection: the kit's
 * module does not read java.logging.
 */
final class LogCapture implements AutoCloseable {
  private static final int WARNING = 900;
  private final List<String> messages = new ArrayList<>();
  private final Object logger;

  LogCapture() {
    try {
      logger =
          Class.forName("java.util.logging.Logger")
              .getMethod("getLogger", String.class)
              .invoke(null, "dev.baton");
      Class<?> filter = Class.forName("java.util.logging.Filter");
      set(
          Proxy.newProxyInstance(
              filter.getClassLoader(),
              new Class<?>[] {filter},
              (proxy, method, args) -> {
                Object entry = args[0];
                Object level = entry.getClass().getMethod("getLevel").invoke(entry);
                if ((int) level.getClass().getMethod("intValue").invoke(level) >= WARNING) {
                  synchronized (messages) {
                    messages.add((String) entry.getClass().getMethod("getMessage").invoke(entry));
                  }
                }
                return false;
              }));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private void set(Object filter) throws ReflectiveOperationException {
    logger
        .getClass()
        .getMethod("setFilter", Class.forName("java.util.logging.Filter"))
        .invoke(logger, filter);
  }

  List<String> messages() {
    synchronized (messages) {
      return List.copyOf(messages);
    }
  }

  @Override
  public void close() {
    try {
      set(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
