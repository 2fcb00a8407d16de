package dev.baton.isolation.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;

/** Frames over a socket. Any thread sends; one thread receives. */
public final class Connection implements AutoCloseable {
  /** Said first by the child: of another value, the two sides do not understand each other. */
  public static final int VERSION = 1;

  private static final int HEADER_BYTES = 12;
  private static final int MOST_BYTES = 1 << 28;

  private final SocketChannel channel;
  private final ReentrantLock sending = new ReentrantLock();
  private final ByteBuffer header = ByteBuffer.allocateDirect(HEADER_BYTES);
  private final ByteBuffer outgoing = ByteBuffer.allocateDirect(HEADER_BYTES);

  /**
   * @param channel connected, blocking; closed with this
   */
  public Connection(SocketChannel channel) {
    this.channel = channel;
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
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Waits for the next frame.
   *
   * @throws IOException if the other side is gone
   * @throws WireException if it says something that is no frame
   */
  public Frame receive() throws IOException {
    read(header.clear());
    header.flip();
    int size = header.getInt();
    int number = header.getInt();
    Kind kind = Kind.of(header.getInt());
    if (size < 0 || size > MOST_BYTES) {
      throw new WireException("a frame of " + size + " bytes");
    }
    ByteBuffer body = ByteBuffer.allocate(size);
    read(body);
    return new Frame(number, kind, new Reader(body.flip()));
  }

  private void read(ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        throw new EOFException("the other side has closed the connection");
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
