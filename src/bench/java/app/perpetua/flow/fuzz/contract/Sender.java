package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.fuzz.Wire;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends requests over one connection and has their answers judged. For one thread. */
final class Sender implements AutoCloseable {
  /** One accepted change in so many is read back with another request. */
  private static final int READ_BACK_EVERY = 3;

  private final Stage stage;
  private final Judge judge;
  private final Tally tally;
  private final Refusals refusals;
  private @Nullable Wire wire;
  private byte[] latest = {};
  private boolean endedAccount;
  private int accepted;

  Sender(Stage stage, Judge judge, Tally tally, Refusals refusals) {
    this.stage = stage;
    this.judge = judge;
    this.tally = tally;
    this.refusals = refusals;
  }

  /** The latest answer, for reports. */
  byte[] latest() {
    return latest;
  }

  /** Whether the latest request deleted the account. */
  boolean endedAccount() {
    return endedAccount;
  }

  /** Sends a request; returns whether it was accepted. */
  boolean send(String name, long index, Draft draft, Examples examples) {
    endedAccount = false;
    byte[] request = draft.bytes();
    Wire.Answer answer;
    try {
      answer = exchange(request);
    } catch (IOException e) {
      discard();
      latest = new byte[0];
      tally.count("closed");
      tally.violation(
          draft.operation + ": no well-formed answer: " + e.getMessage(),
          name,
          index,
          request,
          latest);
      return false;
    }
    latest = answer.bytes();
    tally.count(kind(answer.status()));
    List<String> faults = judge.faults(draft, answer);
    for (String fault : faults) {
      tally.violation(draft.operation + ": " + fault, name, index, request, latest);
    }
    boolean changed = answer.status() < 300 && !draft.method.equals("GET");
    if (changed) {
      examples.changed();
      endedAccount = draft.operation.name().equals("DELETE /api/v1/users/me");
      if (++accepted % READ_BACK_EVERY == 0) {
        readBack(name, index, draft, answer);
      }
    } else if (answer.status() >= 400 && answer.status() < 500) {
      refusals.sample(name, index, draft, request, answer.status());
    }
    return answer.status() < 300;
  }

  /** The resource that an answer names, as a later request sees it. */
  private void readBack(String name, long index, Draft draft, Wire.Answer answer) {
    String location = answer.header("Location").orElse("");
    if (!location.startsWith("/api/v1/")) {
      return;
    }
    String authorization =
        draft.headers.stream()
            .filter(line -> line.startsWith("Authorization:"))
            .findFirst()
            .orElse("");
    byte[] request =
        ("GET " + location + " HTTP/1.1\r\nHost: localhost\r\n" + authorization + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    try {
      Wire.Answer again = exchange(request);
      tally.count(kind(again.status()));
      if (again.status() == 405) {
        // A subtask has a path, and is read with its task.
        return;
      }
      for (String fault : judge.differences(answer, again)) {
        tally.violation(draft.operation + ": " + fault, name, index, draft.bytes(), again.bytes());
      }
    } catch (IOException e) {
      discard();
      tally.violation(draft.operation + ": no answer to " + location, name, index, request, latest);
    }
  }

  private Wire.Answer exchange(byte[] request) throws IOException {
    boolean reused = wire != null;
    try {
      return exchangeOnce(request);
    } catch (EOFException | SocketException e) {
      // A server may close an idle connection at any time; a new one must get an answer.
      discard();
      if (!reused) {
        throw e;
      }
      return exchangeOnce(request);
    }
  }

  private Wire.Answer exchangeOnce(byte[] request) throws IOException {
    Wire open = wire == null ? new Wire(stage.port()) : wire;
    wire = open;
    Wire.Answer answer = open.exchange(request);
    if (answer.isLast()) {
      discard();
    }
    return answer;
  }

  private void discard() {
    if (wire != null) {
      try {
        wire.close();
      } catch (IOException e) {
        // It is not used any more.
      }
      wire = null;
    }
  }

  static String kind(int status) {
    return status < 300 ? "2xx" : status >= 500 ? "5xx" : Integer.toString(status);
  }

  @Override
  public void close() {
    discard();
  }
}
