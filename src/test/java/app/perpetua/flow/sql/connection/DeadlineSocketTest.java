package app.perpetua.flow.sql.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineSocketTest {
  private static final int SHORT = DeadlineSocket.MIN_MILLIS;
  private static final int LONG = 60_000;

  private ServerSocket listener;
  private Socket socket;
  private Socket peer;
  private InputStream input;

  @BeforeEach
  void connect() throws IOException {
    listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    socket = new DeadlineSocketFactory().createSocket();
    socket.connect(listener.getLocalSocketAddress());
    peer = listener.accept();
    input = socket.getInputStream();
  }

  @AfterEach
  void close() throws IOException {
    socket.close();
    peer.close();
    listener.close();
  }

  @Test
  void a_read_that_gets_nothing_ends_after_its_time_and_closes_the_socket() throws Exception {
    socket.setSoTimeout(SHORT);
    long start = System.nanoTime();
    assertThrows(SocketTimeoutException.class, () -> inVirtualThread(this::read));
    assertTrue(System.nanoTime() - start >= Duration.ofMillis(SHORT).toNanos());
    assertTrue(socket.isClosed());
    assertThrows(SocketTimeoutException.class, this::read);
  }

  /** The first limit's task looks too late for the second limit. */
  @Test
  void a_shorter_limit_applies_to_the_next_read() throws Exception {
    socket.setSoTimeout(LONG);
    send(1);
    assertEquals(1, inVirtualThread(this::read));
    socket.setSoTimeout(SHORT);
    assertThrows(SocketTimeoutException.class, () -> inVirtualThread(this::read));
  }

  /** The first limit's task looks while the second read waits, which has more time. */
  @Test
  void a_longer_limit_applies_to_the_next_read() throws Exception {
    int first = 4 * SHORT;
    int second = 3 * first;
    socket.setSoTimeout(first);
    send(1);
    assertEquals(1, inVirtualThread(this::read));
    socket.setSoTimeout(second);
    long start = System.nanoTime();
    assertThrows(SocketTimeoutException.class, () -> inVirtualThread(this::read));
    assertTrue(System.nanoTime() - start >= Duration.ofMillis(second).toNanos());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, LONG})
  void bytes_that_have_arrived_are_read(int millis) throws Exception {
    byte[] bytes = new byte[300];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    peer.getOutputStream().write(bytes);
    // The kernel may deliver them later than within the shortest limit.
    Eventually.within(Duration.ofSeconds(20), () -> available() == bytes.length);
    socket.setSoTimeout(millis);
    assertEquals(millis, socket.getSoTimeout());
    for (byte expected : bytes) {
      assertEquals(expected & 0xff, inVirtualThread(this::read));
    }
    assertFalse(socket.isClosed());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, LONG})
  void the_end_of_the_stream_is_no_time_out(int millis) throws Exception {
    socket.setSoTimeout(millis);
    peer.close();
    assertEquals(-1, inVirtualThread(this::read));
    assertFalse(socket.isClosed());
  }

  /** The driver looks in this way whether a message has arrived. */
  @Test
  void a_very_short_limit_leaves_the_socket_usable() throws Exception {
    socket.setSoTimeout(LONG);
    socket.setSoTimeout(1);
    assertThrows(SocketTimeoutException.class, () -> inVirtualThread(this::read));
    socket.setSoTimeout(LONG);
    send(7);
    assertEquals(7, inVirtualThread(this::read));
  }

  @Test
  void a_read_of_a_socket_that_is_closed_is_no_time_out() throws Exception {
    socket.setSoTimeout(LONG);
    socket.close();
    IOException closed = assertThrows(IOException.class, this::read);
    assertFalse(closed instanceof SocketTimeoutException);
  }

  private void send(int value) throws IOException {
    peer.getOutputStream().write(value);
  }

  private int available() {
    try {
      return input.available();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int read() throws IOException {
    return input.read();
  }

  private static <T> T inVirtualThread(Callable<T> work) throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<T> result = threads.submit(work);
      result.get();
      return result.resultNow();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }
}
