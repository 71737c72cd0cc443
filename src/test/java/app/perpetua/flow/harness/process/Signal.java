package app.perpetua.flow.harness.process;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A signal that Java itself cannot send. */
public enum Signal {
  STOP,
  CONT,
  KILL;

  /** Sends the signal; does nothing if the process has ended. */
  public void to(ProcessHandle process) {
    try {
      new ProcessBuilder("kill", "-" + name(), Long.toString(process.pid()))
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
