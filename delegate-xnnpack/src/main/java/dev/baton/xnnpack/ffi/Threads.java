package dev.baton.xnnpack.ffi;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Threads for the work of a load, which end with it. */
public final class Threads {
  private Threads() {}

  /**
   * Does something with each item, in any order.
   *
   * @param threads most threads, with the caller's; where the system gives fewer, they do it
   * @throws RuntimeException or error that {@code work} threw first; items may be left then
   */
  public static <T> void forEach(List<T> items, int threads, Consumer<? super T> work) {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    Runnable share =
        () -> {
          for (int i = next.getAndIncrement(); i < items.size(); i = next.getAndIncrement()) {
            try {
              work.accept(items.get(i));
            } catch (RuntimeException | Error e) {
              failure.compareAndSet(null, e);
              next.set(items.size());
            }
          }
        };
    List<Thread> others = new ArrayList<>();
    try {
      for (int t = 1; t < Math.min(threads, items.size()); t++) {
        others.add(Thread.ofPlatform().daemon().name("baton-xnnpack-load-", t).start(share));
      }
    } catch (OutOfMemoryError e) {
      // the system gives no more threads
    }
    share.run();
    others.forEach(Threads::join);
    switch (failure.get()) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
