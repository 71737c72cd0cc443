package app.perpetua.flow.bench.peers;

import app.perpetua.flow.bench.process.Service;
import app.perpetua.flow.harness.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The process of a peer and its workers, logging to a file. */
final class PeerServer implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(10);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(50);

  private final Process process;
  private final int port;

  /**
   * Starts the process and waits until it is alive.
   *
   * @param command in which {@code PORT} stands for the port
   * @param environment additional variables
   */
  PeerServer(List<String> command, Path directory, Map<String, String> environment, Path log)
      throws IOException {
    port = FreePort.find();
    List<String> words = new ArrayList<>(command);
    words.replaceAll(word -> word.equals("PORT") ? Integer.toString(port) : word);
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(log.toFile()));
    builder.environment().keySet().retainAll(List.of("PATH", "HOME", "LANG", "TMPDIR"));
    builder.environment().putAll(environment);
    builder.environment().put("PORT", Integer.toString(port));
    process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(this::kill));
    long begun = System.nanoTime();
    while (!Service.isOk(port, "/health/live")) {
      if (!process.isAlive() || System.nanoTime() - begun > START.toNanos()) {
        kill();
        throw new IOException(words.getFirst() + " did not start, " + log + " has the reason");
      }
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  private void kill() {
    List<ProcessHandle> workers = process.descendants().toList();
    process.destroyForcibly();
    workers.forEach(ProcessHandle::destroyForcibly);
  }

  /** Asks the process to end, and kills what is left of it and its workers after some time. */
  @Override
  public void close() {
    List<ProcessHandle> workers = process.descendants().toList();
    process.destroy();
    try {
      if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      workers.forEach(ProcessHandle::destroyForcibly);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      kill();
      throw new UncheckedIOException(new IOException("interrupted", e));
    }
  }
}
