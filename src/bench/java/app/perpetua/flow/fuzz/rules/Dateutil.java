package app.perpetua.flow.fuzz.rules;

import app.perpetua.flow.base.Json;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** A Python process with python-dateutil. For one thread. */
final class Dateutil implements AutoCloseable {
  private final Process process;
  private final BufferedReader answers;
  private final BufferedWriter requests;
  private final Json json = new Json();

  private Dateutil(Process process) {
    this.process = process;
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.requests =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
  }

  /** Starts it; empty if Python 3.9 or dateutil is not installed. */
  static Optional<Dateutil> start() {
    try {
      Process process =
          new ProcessBuilder("python3", "-u", "src/bench/fuzz/rules.py")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      Dateutil started = new Dateutil(process);
      started.version();
      return Optional.of(started);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Its version. */
  String version() throws IOException {
    return ask(Map.of("version", true)).asString();
  }

  /**
   * Sends a request and returns its answer.
   *
   * @throws IOException if the process has ended or reports an error
   */
  JsonNode ask(Map<String, Object> request) throws IOException {
    requests.write(new String(json.bytes(request), StandardCharsets.UTF_8));
    requests.newLine();
    requests.flush();
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("python3 has ended");
    }
    JsonNode answer = json.parse(line);
    if (answer.has("error")) {
      throw new IOException(answer.get("error").asString());
    }
    return answer.required("answer");
  }

  @Override
  public void close() {
    process.destroy();
  }
}
