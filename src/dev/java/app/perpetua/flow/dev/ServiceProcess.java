package app.perpetua.flow.dev;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One process of the service: the same class path in another JVM, so that it can be killed. A
 * second after it died it is restarted, until it is closed. Thread-safe.
 */
final class ServiceProcess implements AutoCloseable {
  /** Prefix of the line that reports that the process is ready; its port follows. */
  static final String READY = "perpetua-flow-dev ready on port ";

  /** The line on the process's standard input that requests a run of all due jobs. */
  static final String RUN_DUE = "run-due";

  /** Prefix of the answer: true if no job is due any longer, false if the run failed. */
  static final String NOTHING_DUE = "perpetua-flow-dev has nothing due: ";

  /** Prefix of the line that reports a job that ran: its kind and outcome follow. */
  static final String RAN = "perpetua-flow-dev ran ";

  /** Longer than the process itself waits for other workers. */
  private static final Duration RUN = Duration.ofSeconds(90);

  private static final Duration PAUSE = Duration.ofSeconds(1);

  /** A first start migrates, which takes long on a busy machine. */
  private static final Duration START = Duration.ofMinutes(2);

  /** More than the service gives to requests in flight. */
  private static final Duration STOP = Duration.ofSeconds(25);

  /** The exit code of a process that a signal ended is this plus the signal's number. */
  private static final int SIGNALLED = 128;

  /** Enough for a list of configuration errors or the top of a stack trace. */
  private static final int LAST_LINES = 12;

  private final String name;
  private final ProcessBuilder builder;
  private final Consumer<String> log;
  private final Consumer<String> terminal;
  private final Consumer<String> ran;
  private final ReentrantLock runLock = new ReentrantLock();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final CompletableFuture<@Nullable Void> ready = new CompletableFuture<>();
  private final Deque<String> lastLines = new ArrayDeque<>();
  private final Thread keeper;
  private @Nullable Process process;
  private volatile int port;
  private CompletableFuture<Boolean> answer = new CompletableFuture<>();

  /**
   * Starts the process.
   *
   * @param name name in messages
   * @param arguments of {@link DevInstance}
   * @param environment the complete environment
   * @param log receives each line that the process writes
   * @param terminal receives messages for the user, such as a restart
   * @param ran receives the kind and outcome of each job that ran in it
   */
  ServiceProcess(
      String name,
      List<String> arguments,
      Map<String, String> environment,
      Consumer<String> log,
      Consumer<String> terminal,
      Consumer<String> ran) {
    this.name = name;
    this.ran = ran;
    this.log = log;
    this.terminal = terminal;
    this.builder = new ProcessBuilder(command(arguments)).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    this.keeper = Thread.ofPlatform().daemon().name(name).start(this::keepAlive);
  }

  private static List<String> command(List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                System.getProperty("java.home") + "/bin/java",
                // A fast start matters here, not the highest throughput.
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                // As in the image.
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                // JDBC uses it as the session time zone, which reveals code that relies on UTC.
                "-Duser.timezone=Pacific/Auckland",
                // Read as UTF-8 below, whatever the terminal's encoding is.
                "-Dstdout.encoding=UTF-8",
                "-Dstderr.encoding=UTF-8",
                "-cp",
                System.getProperty("java.class.path"),
                DevInstance.class.getName()));
    command.addAll(arguments);
    return command;
  }

  /**
   * Waits until the process is ready.
   *
   * @throws StartupException if it ends before; the message has its last lines
   */
  void awaitReady() {
    try {
      ready.get(START.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new StartupException(
          "the " + name + " is not ready after " + START.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new StartupException(
          String.valueOf(Objects.requireNonNull(e.getCause()).getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartupException("interrupted", e);
    }
  }

  String name() {
    return name;
  }

  /** The port of the process that became ready last; waits until one is. */
  int port() {
    ready.join();
    return port;
  }

  /** Whether a process has become ready. */
  boolean isReady() {
    return ready.isDone() && !ready.isCompletedExceptionally();
  }

  /** Id of the current process, or of the one that has just ended. */
  synchronized long pid() {
    return process == null ? 0 : process.pid();
  }

  /** Runs all due jobs. True once no job is due in any process; false if the run failed. */
  boolean runDue() throws InterruptedException {
    runLock.lockInterruptibly();
    try {
      CompletableFuture<Boolean> awaited = new CompletableFuture<>();
      synchronized (this) {
        if (process == null || !process.isAlive()) {
          return false;
        }
        answer = awaited;
        BufferedWriter in = process.outputWriter(StandardCharsets.UTF_8);
        in.write(RUN_DUE + "\n");
        in.flush();
      }
      return awaited.get(RUN.toSeconds(), TimeUnit.SECONDS);
    } catch (IOException | ExecutionException | TimeoutException e) {
      log.accept(name + " cannot run jobs: " + e);
      return false;
    } finally {
      runLock.unlock();
    }
  }

  private synchronized void answered(boolean done) {
    answer.complete(done);
  }

  private void keepAlive() {
    try {
      while (true) {
        Process started = launch();
        if (started == null) {
          return;
        }
        listen(started);
        int exit = started.waitFor();
        answered(false);
        if (!ready.isDone()) {
          ready.completeExceptionally(
              new IllegalStateException("the " + name + " ended " + how(exit) + lastLines()));
          return;
        }
        if (closing.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS)) {
          return;
        }
        terminal.accept(
            "The %s, pid %d, ended %s. Restarting.%s"
                .formatted(name, started.pid(), how(exit), exit < SIGNALLED ? lastLines() : ""));
      }
    } catch (IOException e) {
      if (!ready.completeExceptionally(e)) {
        terminal.accept("The " + name + " cannot be started again: " + e.getMessage());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable Process launch() throws IOException {
    if (closing.getCount() == 0) {
      return null;
    }
    lastLines.clear();
    process = builder.start();
    return process;
  }

  private void listen(Process started) {
    try (BufferedReader lines = started.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(READY)) {
          becameReady(started, Integer.parseInt(line.substring(READY.length())));
        } else if (line.startsWith(RAN)) {
          ran.accept(line.substring(RAN.length()));
        } else if (line.startsWith(NOTHING_DUE)) {
          answered(Boolean.parseBoolean(line.substring(NOTHING_DUE.length())));
        } else {
          log.accept(line);
          remember(line);
        }
      }
    } catch (IOException | UncheckedIOException e) {
      log.accept(name + ": cannot read its output: " + e);
    }
  }

  private void becameReady(Process started, int itsPort) {
    // A worker gets another port with each start.
    port = itsPort;
    if (!ready.complete(null)) {
      terminal.accept("The " + name + " is running again, pid " + started.pid() + ".");
    }
  }

  /** Lines that are not JSON are messages for people. */
  private void remember(String line) {
    if (!line.startsWith("{")) {
      lastLines.addLast(line);
      if (lastLines.size() > LAST_LINES) {
        lastLines.removeFirst();
      }
    }
  }

  private static String how(int exit) {
    return switch (exit) {
      case 130 -> "by SIGINT";
      case 137 -> "by SIGKILL";
      case 143 -> "by SIGTERM";
      default -> "with exit code " + exit;
    };
  }

  private String lastLines() {
    return lastLines.stream().map(line -> "\n  " + line).collect(Collectors.joining());
  }

  /** Sends SIGTERM and prevents a restart; does not wait. */
  synchronized void stop() {
    closing.countDown();
    if (process != null) {
      // Through the handle: Process.destroy would close the pipe and lose the last log lines.
      process.toHandle().destroy();
    }
  }

  /** Stops the process and waits for its end. */
  @Override
  public void close() {
    stop();
    Process last;
    synchronized (this) {
      last = process;
    }
    try {
      if (last != null && !last.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
        terminal.accept("The " + name + " did not stop in " + STOP.toSeconds() + " s; killed.");
        last.destroyForcibly().waitFor();
      }
      keeper.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
