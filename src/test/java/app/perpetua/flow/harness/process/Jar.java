package app.perpetua.flow.harness.process;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A process of the packaged service. Thread-safe. */
public final class Jar implements AutoCloseable {
  /** A first start migrates the database, and the machine may be busy. */
  private static final Duration START = Duration.ofMinutes(2);

  private static final String MAIN = "app.perpetua.flow.Main";
  private static final Duration PAUSE = Duration.ofMillis(50);

  private final Process process;
  private final int port;
  private final List<String> out = new CopyOnWriteArrayList<>();
  private final List<String> err = new CopyOnWriteArrayList<>();
  private final List<Thread> readers;

  /**
   * Starts the process with only this environment.
   *
   * @param java home directory of the JVM
   * @param options JVM options
   * @param port port on which the service listens
   */
  public Jar(
      Path java,
      List<String> options,
      Map<String, String> environment,
      int port,
      String... arguments) {
    this(java, options, List.of("-jar", file().toString()), environment, port, null, arguments);
  }

  /** As above on the tests' JVM, with its log and output appended to a file instead of kept. */
  public static Jar logging(
      Path log,
      List<String> options,
      Map<String, String> environment,
      int port,
      String... arguments) {
    List<String> program = List.of("-jar", file().toString());
    return new Jar(java(), options, program, environment, port, log, arguments);
  }

  /** As above, with a directory of further resources. */
  public static Jar withResources(Path resources, Map<String, String> environment, int port) {
    String classPath = file() + File.pathSeparator + resources;
    List<String> program = List.of("-cp", classPath, MAIN);
    return new Jar(java(), List.of(), program, environment, port, null);
  }

  private Jar(
      Path java,
      List<String> options,
      List<String> program,
      Map<String, String> environment,
      int port,
      @Nullable Path log,
      String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(java.resolve("bin/java").toString());
    // Halves the time of a start, as the tests start many processes.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    if (java.equals(java())) {
      command.addAll(AotCache.options());
    }
    command.addAll(options);
    command.addAll(program);
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().clear();
    builder.environment().putAll(environment);
    if (log != null) {
      builder.redirectErrorStream(true).redirectOutput(Redirect.appendTo(log.toFile()));
      err.add("its log is " + log);
    }
    this.port = port;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    readers =
        log != null
            ? List.of()
            : List.of(
                reader(() -> collect(process.inputReader(StandardCharsets.UTF_8), out)),
                reader(() -> collect(process.errorReader(StandardCharsets.UTF_8), err)));
  }

  /**
   * Not a virtual thread: those wait for each other's reads, and what is not read when the process
   * ends can be lost.
   */
  private static Thread reader(Runnable collecting) {
    return Thread.ofPlatform().daemon().start(collecting);
  }

  /** The home directory of the JVM that runs the tests. */
  public static Path java() {
    return Path.of(System.getProperty("java.home"));
  }

  /** The packaged JAR. */
  public static Path file() {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .filter(file -> file.getFileName().toString().matches("perpetua-flow-[0-9.]+\\.jar"))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no JAR: this suite runs after package"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void collect(BufferedReader from, List<String> lines) {
    try (from) {
      for (String line = from.readLine(); line != null; line = from.readLine()) {
        lines.add(line);
      }
    } catch (IOException e) {
      lines.add("can no longer be read: " + e);
    }
  }

  /** Waits until it reports that it is ready. */
  public Jar awaitReady() {
    long deadline = System.nanoTime() + START.toNanos();
    try (HttpClient http = HttpClient.newHttpClient()) {
      while (System.nanoTime() < deadline) {
        if (!process.isAlive()) {
          throw new AssertionError("it ended with " + process.exitValue() + "\n" + all());
        }
        if (ready(http)) {
          return this;
        }
        process.waitFor(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError("not ready within " + START + "\n" + all());
  }

  private boolean ready(HttpClient http) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri().resolve("/health/ready")).timeout(START).build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  /** True if its port accepts connections. */
  public boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The port on which it listens. */
  public int port() {
    return port;
  }

  /** Its origin. */
  public URI uri() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** SIGKILL; returns when it has ended. */
  public void kill() {
    process.toHandle().destroyForcibly();
    awaitExit(Duration.ofSeconds(30));
  }

  /** SIGSTOP: suspends the process until it is thawed. */
  public void freeze() {
    Signal.STOP.to(process.toHandle());
  }

  /** SIGCONT. */
  public void thaw() {
    Signal.CONT.to(process.toHandle());
  }

  /** SIGTERM; returns at once. */
  public void terminate() {
    // Through the handle: Process.destroy would close the pipes and lose the last output.
    process.toHandle().destroy();
  }

  /** True until the process has ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for the end and returns the exit code; all output has been read. */
  public int awaitExit(Duration patience) {
    try {
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("still running after " + patience + "\n" + all());
      }
      for (Thread reader : readers) {
        reader.join();
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Its log. */
  public List<String> out() {
    return out;
  }

  /** Its output. */
  public List<String> err() {
    return err;
  }

  /** Its log and its output. */
  public String all() {
    return String.join("\n", out) + "\n" + String.join("\n", err);
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
  }
}
