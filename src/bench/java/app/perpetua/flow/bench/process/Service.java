package app.perpetua.flow.bench.process;

import app.perpetua.flow.harness.FreePort;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The packaged JAR as a process, logging to a file. */
public final class Service implements AutoCloseable {
  /** Only catches a hang: a start migrates the database, and other programs may use the cores. */
  private static final Duration START = Duration.ofMinutes(3);

  private static final Duration STOP = Duration.ofSeconds(60);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(5);
  private static final int LOOK_TIMEOUT_MILLIS = 1_000;

  private final Process process;
  private final int port;
  private final Path log;
  private final Duration startToReady;

  /**
   * Starts the service and waits until it is ready.
   *
   * @param environment configuration, without the port
   * @param log file to which output is appended
   */
  public Service(Path jar, List<String> jvm, String role, Map<String, String> environment, Path log)
      throws IOException {
    this.log = log;
    this.port = FreePort.find();
    List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
    command.addAll(jvm);
    command.addAll(List.of("-jar", jar.toString(), "--role=" + role));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    builder.environment().keySet().retainAll(List.of("PATH", "HOME", "LANG", "TMPDIR"));
    builder.environment().putAll(environment);
    builder.environment().put("PORT", Integer.toString(port));
    long begun = System.nanoTime();
    this.process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    while (!isOk(port, "/health/ready")) {
      if (!process.isAlive() || System.nanoTime() - begun > START.toNanos()) {
        process.destroyForcibly();
        throw new IOException("the service did not start, " + log + " has the reason");
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
    this.startToReady = Duration.ofNanos(System.nanoTime() - begun);
  }

  public int port() {
    return port;
  }

  public long pid() {
    return process.pid();
  }

  /** Time from the start of the process to the first successful readiness probe. */
  public Duration startToReady() {
    return startToReady;
  }

  /** Resident memory, in MB. */
  public long residentMegabytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
        .findFirst()
        .orElseThrow(() -> new IOException("the service has ended, " + log + " has the reason"));
  }

  /** Bytes of heap in use after a full collection. */
  public long heapBytes() throws IOException {
    String jcmd = System.getProperty("java.home") + "/bin/jcmd";
    if (!Programs.run(jcmd, Long.toString(pid()), "GC.run")) {
      throw new IOException("jcmd GC.run failed");
    }
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    try (InputStream body = uri.toURL().openStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\""))
          .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' '))))
          .sum();
    }
  }

  /** Whether a server on this machine answers 200 to a GET. */
  public static boolean isOk(int port, String path) {
    try {
      URI uri = URI.create("http://127.0.0.1:" + port + path);
      HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
      connection.setConnectTimeout(LOOK_TIMEOUT_MILLIS);
      connection.setReadTimeout(LOOK_TIMEOUT_MILLIS);
      int status = connection.getResponseCode();
      connection.disconnect();
      return status == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** Stops the service gracefully and waits for its end. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new UncheckedIOException(new IOException("the service did not stop; " + log));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
