package app.perpetua.flow.harness.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.sql.Eventually;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** A process of HAProxy with {@code deploy/haproxy.cfg} in front of two API processes. */
public final class HaProxy implements AutoCloseable {
  private static final String PROGRAM = "/usr/sbin/haproxy";
  private static final Duration START = Duration.ofSeconds(60);

  private final int port = FreePort.find();
  private final Process process;

  /** Starts it, or skips the test if Debian's package is not installed. */
  public HaProxy(Jar first, Jar second) throws IOException {
    assumeTrue(new File(PROGRAM).canExecute(), "apt-get install haproxy");
    Path log = Files.createTempFile("haproxy", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(PROGRAM, "-db", "-f", "deploy/haproxy.cfg")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("LISTEN", "127.0.0.1:" + port);
    builder.environment().put("API_1", "127.0.0.1:" + first.port());
    builder.environment().put("API_2", "127.0.0.1:" + second.port());
    process = builder.start();
    Eventually.within(
        START,
        () -> {
          if (!process.isAlive()) {
            throw new AssertionError("haproxy ended: " + log);
          }
          try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
          } catch (IOException e) {
            return false;
          }
        });
  }

  public int port() {
    return port;
  }

  /** Its origin. */
  public URI uri() {
    return URI.create("http://127.0.0.1:" + port);
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
