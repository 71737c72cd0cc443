package app.perpetua.flow.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The worker processes of one {@link Contender}. Confined to one thread. */
final class QueueWorkers implements AutoCloseable {
  static final int COUNT = 2;

  private static final int STOP_SECONDS = 20;

  private record Running(Process process, BufferedReader out, BufferedWriter in) {}

  private final Contender contender;
  private final List<Running> running = new ArrayList<>();

  /**
   * Starts the processes one after the other, because each may create the tables.
   *
   * @param log file for their errors
   */
  QueueWorkers(Contender contender, Path log) throws IOException {
    this.contender = contender;
    for (int i = 0; i < COUNT; i++) {
      Process process =
          new ProcessBuilder(contender.worker())
              .redirectError(Redirect.appendTo(log.toFile()))
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
      Running worker = new Running(process, process.inputReader(), process.outputWriter());
      running.add(worker);
      if (!"ready".equals(worker.out().readLine())) {
        close();
        throw new IOException(contender.title() + " did not start, " + log + " has the reason");
      }
    }
  }

  Contender contender() {
    return contender;
  }

  List<Long> pids() {
    return running.stream().map(worker -> worker.process().pid()).toList();
  }

  /** Sends a signal to all workers: {@code STOP} or {@code CONT}. */
  void signal(String name) throws IOException {
    List<String> command = new ArrayList<>(List.of("kill", "-" + name));
    pids().forEach(pid -> command.add(Long.toString(pid)));
    try {
      if (new ProcessBuilder(command).start().waitFor() != 0) {
        throw new IOException(contender.title() + ": " + command);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /** The keys of the jobs that ran since the last call, each as often as it ran. */
  List<Integer> ran() throws IOException {
    List<Integer> keys = new ArrayList<>();
    for (Running worker : running) {
      worker.in().write(".\n");
      worker.in().flush();
      for (String line = worker.out().readLine(); !".".equals(line); ) {
        if (line == null) {
          throw new IOException("a worker of " + contender.title() + " has ended");
        }
        keys.add(Integer.parseInt(line));
        line = worker.out().readLine();
      }
    }
    return keys;
  }

  /** Stops the workers. */
  @Override
  public void close() throws IOException {
    try {
      for (Running worker : running) {
        worker.in().close();
        if (!worker.process().waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
          worker.process().destroyForcibly();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }
}
