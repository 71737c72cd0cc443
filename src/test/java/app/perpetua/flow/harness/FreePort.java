package app.perpetua.flow.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds ports for processes that are about to start, or that nobody is to listen on. */
public final class FreePort {
  private static final int LOWEST = 20_000;
  private static final int BOUND = 32_000;

  private FreePort() {}

  /**
   * A port that nobody listens on. It lies below those that systems take for outgoing connections
   * and for listeners on any port, so that none of these takes it before it is used.
   */
  public static int find() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, BOUND);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        // Taken; the next one.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
