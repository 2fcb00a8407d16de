package dev.baton.isolation.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ConnectionTest {
  private Connection here;
  private Connection there;

  @BeforeEach
  void connect(@TempDir Path folder) throws IOException {
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(address);
      here = new Connection(SocketChannel.open(address));
      there = new Connection(server.accept());
    }
  }

  @AfterEach
  void close() throws IOException {
    here.close();
    there.close();
  }

  @Test
  void silenceEndsAtTheLimit() {
    assertThrows(SocketTimeoutException.class, () -> here.receive(Duration.ofMillis(20)));
  }

  @Test
  void interruptsDuringALongFrameDoNoHarm() throws Exception {
    byte[] sent = new byte[1 << 24];
    new java.util.Random(1).nextBytes(sent);
    Thread sender =
        Thread.ofPlatform()
            .start(() -> {
              try {
                here.send(7, Kind.DONE, new Writer().put(sent));
                assertTrue(Thread.currentThread().isInterrupted());
                here.send(8, Kind.WAKE);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    for (int i = 0; i < 10; i++) {
      Thread.sleep(5); // the socket is full
      sender.interrupt();
    }
    Frame frame = there.receive();
    assertEquals(7, frame.number());
    assertArrayEquals(sent, frame.body().bytes());
    assertEquals(8, there.receive().number());
    sender.join();
  }
}
