package app.perpetua.flow.system;

import app.perpetua.flow.harness.process.Jar;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * Many connections to a server on this machine, each of which starts a request, never finishes it,
 * and reconnects some seconds after the server has closed it. They come from several loopback
 * addresses, none of which is 127.0.0.1.
 *
 * <p>They run in a separate process with a lower priority, because real attackers do not use the
 * server's processors. Uses the JDK alone.
 */
final class HostileClients implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final String STARTED = "started";
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final int PER_NETWORK = 250;
  private static final int MOST_READ = 5;

  private final int port;
  private final Attack attack;
  private final CountDownLatch starts;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicBoolean stopping = new AtomicBoolean();

  private HostileClients(int port, Attack attack) {
    this.port = port;
    this.attack = attack;
    this.starts = new CountDownLatch(attack.connections());
    for (int i = 0; i < attack.connections(); i++) {
      int number = i;
      threads.execute(() -> run(number));
    }
  }

  /**
   * Attacks until standard input ends. Prints a line when every connection has been used once.
   *
   * @param arguments the port, the number of the attack and an access token
   */
  public static void main(String[] arguments) throws Exception {
    Attack attack = Attack.all(arguments[2]).get(Integer.parseInt(arguments[1]));
    try (HostileClients clients = new HostileClients(Integer.parseInt(arguments[0]), attack)) {
      if (clients.starts.await(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        System.out.println(STARTED);
        System.in.read();
      }
    }
  }

  /** Starts an attack and returns when every connection has been used once. */
  static Process start(int port, int attack, String token) throws Exception {
    Path classes =
        Path.of(HostileClients.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> command =
        List.of(
            "nice",
            "-n",
            "5",
            Jar.java().resolve("bin/java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classes.toString(),
            HostileClients.class.getName(),
            Integer.toString(port),
            Integer.toString(attack),
            token);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String line = process.inputReader().readLine();
    if (!STARTED.equals(line)) {
      process.destroyForcibly();
      throw new IllegalStateException("attack " + attack + " did not start: " + line);
    }
    return process;
  }

  private void run(int number) {
    int address = number % attack.addresses();
    InetAddress from =
        InetAddress.ofLiteral(
            "127.0.%d.%d".formatted(1 + address / PER_NETWORK, 1 + address % PER_NETWORK));
    while (!stopping.get()) {
      try (Socket socket = new Socket()) {
        // A small buffer, so that an unread answer soon blocks the server.
        socket.setReceiveBufferSize(4 * 1024);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        attack.script().run(socket);
        starts.countDown();
        awaitEnd(socket);
      } catch (IOException e) {
        starts.countDown();
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /**
   * Waits until the server closes the connection. Reads a few bytes of the answer per second,
   * because an unread answer would hide the end of the connection.
   */
  private void awaitEnd(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    socket.setSoTimeout((int) SECOND.toMillis());
    int read = 0;
    while (!stopping.get() && read < MOST_READ) {
      try {
        if (in.read() < 0) {
          return;
        }
        read++;
        LockSupport.parkNanos(SECOND.toNanos());
      } catch (SocketTimeoutException e) {
        // The connection is open and has no data.
      }
    }
  }

  @Override
  public void close() {
    stopping.set(true);
    threads.shutdownNow();
    threads.close();
  }
}
