package app.perpetua.flow.dev;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Finds the ports that are used later.
 *
 * @param patience how long to wait for a port that is in use
 * @param terminal receives a message before a wait
 */
record Ports(Duration patience, Consumer<String> terminal) {
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /**
   * A port that can be opened.
   *
   * @param port 0 for any
   * @param option the command-line option that sets it
   * @throws StartupException if it is in use
   */
  int free(int port, String option) {
    long deadline = System.nanoTime() + patience.toNanos();
    boolean isWaiting = false;
    while (true) {
      try (ServerSocket probe = new ServerSocket(port)) {
        return probe.getLocalPort();
      } catch (IOException e) {
        if (System.nanoTime() - deadline > 0) {
          throw new StartupException(
              "port "
                  + port
                  + " cannot be opened ("
                  + e.getMessage()
                  + "); choose another with "
                  + option,
              e);
        }
        if (!isWaiting) {
          terminal.accept("Waiting until the earlier run has released port " + port + " ...");
          isWaiting = true;
        }
        LockSupport.parkNanos(LOOK_AGAIN.toNanos());
      }
    }
  }
}
