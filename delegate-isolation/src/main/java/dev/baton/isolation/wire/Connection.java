package dev.baton.isolation.wire;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames over a socket. Any thread sends; one thread receives. The channel does not block: an
 * interrupted thread would close a blocking one, for everybody.
 */
public final class Connection implements AutoCloseable {
  /** Said first by the child: of another value, the two sides do not understand each other. */
  public static final int VERSION = 1;

  /** The size of named data that nobody will send: the request was given up. */
  public static final long GIVEN_UP = -1;

  private static final int HEADER_BYTES = 12;
  private static final int MOST_BYTES = 1 << 28;

  /** How long a sender waits when the other side has not read what was sent before. */
  private static final long FULL_NANOS = 50_000;

  private static final long NO_LIMIT = Long.MAX_VALUE;

  private final SocketChannel channel;
  private final Selector selector;
  private final ReentrantLock sending = new ReentrantLock();
  private final ByteBuffer header = ByteBuffer.allocateDirect(HEADER_BYTES);
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect(HEADER_BYTES);

  /**
   * @param channel connected; closed with this
   */
  public Connection(SocketChannel channel) throws IOException {
    this.channel = channel;
    channel.configureBlocking(false);
    selector = Selector.open();
    channel.register(selector, SelectionKey.OP_READ);
  }

  /**
   * Sends a frame without a body.
   *
   * @throws IOException if the other side is gone
   */
  public void send(int number, Kind kind) throws IOException {
    send(number, kind, null);
  }

  /**
   * @throws IOException if the other side is gone
   * @throws WireException if the body is too long for a frame
   */
  public void send(int number, Kind kind, @org.jspecify.annotations.Nullable Writer body)
      throws IOException {
    int size = body == null ? 0 : body.size();
    if (size > MOST_BYTES) {
      throw new WireException("a frame of " + size + " bytes is too long");
    }
    sending.lock();
    try {
      outgoing.clear().putInt(size).putInt(number).putInt(kind.ordinal()).flip();
      write(outgoing);
      if (body != null) {
        write(ByteBuffer.wrap(body.array(), 0, size));
      }
    } finally {
      sending.unlock();
    }
  }

  private void write(ByteBuffer bytes) throws IOException {
    boolean interrupted = false;
    try {
      while (bytes.hasRemaining()) {
        if (channel.write(bytes) == 0) {
          interrupted |= Thread.interrupted();
          LockSupport.parkNanos(this, FULL_NANOS);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Waits for the next frame.
   *
   * @throws IOException if the other side is gone
   * @throws WireException if it says something that is no frame
   */
  public Frame receive() throws IOException {
    return receiveBefore(NO_LIMIT);
  }

  /**
   * Waits for the next frame, but not for ever.
   *
   * @throws SocketTimeoutException if it is not there in time; nothing can be received afterwards
   * @throws IOException if the other side is gone
   * @throws WireException if it says something that is no frame
   */
  public Frame receive(Duration limit) throws IOException {
    return receiveBefore(System.nanoTime() + limit.toNanos());
  }

  private Frame receiveBefore(long end) throws IOException {
    read(header.clear(), end);
    header.flip();
    int size = header.getInt();
    int number = header.getInt();
    Kind kind = Kind.of(header.getInt());
    if (size < 0 || size > MOST_BYTES) {
      throw new WireException("a frame of " + size + " bytes");
    }
    ByteBuffer body = ByteBuffer.allocate(size);
    read(body, end);
    return new Frame(number, kind, new Reader(body.flip()));
  }

  private void read(ByteBuffer into, long end) throws IOException {
    boolean interrupted = false;
    try {
      while (into.hasRemaining()) {
        int count = channel.read(into);
        if (count < 0) {
          throw new EOFException("the other side has closed the connection");
        }
        if (count == 0) {
          interrupted |= Thread.interrupted();
          await(end);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void await(long end) throws IOException {
    long millis = 0; // no limit, for a selector
    if (end != NO_LIMIT) {
      millis = (end - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        throw new SocketTimeoutException("the other side says nothing");
      }
    }
    try {
      selector.select(key -> {}, millis);
    } catch (ClosedSelectorException e) {
      throw new ClosedChannelException();
    }
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      selector.close(); // which frees the channel's descriptor
    }
  }
}
