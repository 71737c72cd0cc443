package app.perpetua.flow.system;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
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

/** A process of the packaged service. Thread-safe. */
final class Jar implements AutoCloseable {
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
  Jar(
      Path java,
      List<String> options,
      Map<String, String> environment,
      int port,
      String... arguments) {
    this(java, options, List.of("-jar", file().toString()), environment, port, arguments);
  }

  /** As above, with a directory of further resources. */
  static Jar withResources(Path resources, Map<String, String> environment, int port) {
    String classPath = file() + File.pathSeparator + resources;
    return new Jar(java(), List.of(), List.of("-cp", classPath, MAIN), environment, port);
  }

  private Jar(
      Path java,
      List<String> options,
      List<String> program,
      Map<String, String> environment,
      int port,
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
    this.port = port;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    readers =
        List.of(
            Thread.ofVirtual()
                .start(() -> collect(process.inputReader(StandardCharsets.UTF_8), out)),
            Thread.ofVirtual()
                .start(() -> collect(process.errorReader(StandardCharsets.UTF_8), err)));
  }

  /** The home directory of the JVM that runs the tests. */
  static Path java() {
    return Path.of(System.getProperty("java.home"));
  }

  static Path file() {
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
  Jar awaitReady() {
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
  boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (ConnectException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  int port() {
    return port;
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** SIGKILL; returns when it has ended. */
  void kill() {
    process.toHandle().destroyForcibly();
    awaitExit(Duration.ofSeconds(30));
  }

  /** SIGSTOP: suspends the process until it is thawed. */
  void freeze() {
    Signal.STOP.to(process.toHandle());
  }

  /** SIGCONT. */
  void thaw() {
    Signal.CONT.to(process.toHandle());
  }

  /** SIGTERM; returns at once. */
  void terminate() {
    // Through the handle: Process.destroy would close the pipes and lose the last output.
    process.toHandle().destroy();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for the end and returns the exit code; all output has been read. */
  int awaitExit(Duration patience) {
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
  List<String> out() {
    return out;
  }

  /** Its output. */
  List<String> err() {
    return err;
  }

  String all() {
    return String.join("\n", out) + "\n" + String.join("\n", err);
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      kill();
    }
  }
}
