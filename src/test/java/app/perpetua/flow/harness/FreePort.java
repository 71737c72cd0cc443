package app.perpetua.flow.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Finds free ports for processes that are about to start, and ports without a listener. */
public final class FreePort {
  private static final int LOWEST = 20_000;
  private static final int BOUND = 32_000;

  private FreePort() {}

  /**
   * A port without a listener. It is below the range of ephemeral ports, so that no outgoing
   * connection takes it before it is used.
   */
  public static int find() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, BOUND);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (BindException e) {
        // In use; try another.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
