package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.DevServer;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.sql.Eventually;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import tools.jackson.databind.JsonNode;

/** The dev server as a separate process, as {@code ./dev} starts it, and clients of it. */
final class DevProcess {
  static final Duration LIMIT = Duration.ofMinutes(2);

  record Answer(int status, JsonNode body) {
    String text(String... path) {
      JsonNode node = body;
      for (String name : path) {
        node = node.path(name);
      }
      return node.stringValue();
    }
  }

  private final Json json = new Json();
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Process> processes = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private final Path directory;
  private final int port = FreePort.find();
  private final int controlPort = FreePort.find();

  /**
   * @param directory where it stores its data and output; empty
   */
  DevProcess(Path directory) {
    this.directory = directory;
  }

  void stopAll() throws Exception {
    for (Process process : processes) {
      process.destroy();
      process.waitFor();
    }
    DevDatabase.stopLeftover(directory.resolve(".dev/postgres"));
    http.close();
  }

  /** Sets a variable in the environment of dev servers that are started after that. */
  void set(String variable, String value) {
    environment.put(variable, value);
  }

  Process start(String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                // A process group of its own, which receives Ctrl-C even if the tests ignore it.
                "setsid",
                "env",
                "--default-signal=INT",
                System.getProperty("java.home") + "/bin/java",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                DevServer.class.getName(),
                "--port=" + port,
                "--control-port=" + controlPort));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(outputFile().toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  Process startAndAwait(String... arguments) throws IOException {
    Process process = start(arguments);
    Eventually.within(LIMIT, () -> printed("Ready after") || !process.isAlive());
    assertTrue(process.isAlive(), () -> "it ended:\n" + output());
    return process;
  }

  boolean hasDatabase() {
    return DevDatabase.hasLeftover(directory.resolve(".dev/postgres"));
  }

  /** The dev server that was started last. */
  Process server() {
    return processes.getLast();
  }

  private Path outputFile() {
    return directory.resolve("output");
  }

  boolean printed(String text) {
    return output().contains(text);
  }

  String output() {
    try {
      return Files.readString(outputFile());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The address of the console. */
  String console() {
    return "http://localhost:" + controlPort + "/";
  }

  Answer control(String method, String path, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controlPort + path))
            .method(method, BodyPublishers.ofString(body)));
  }

  Answer tasks(String token) throws Exception {
    return send(toTasks(token).GET());
  }

  Answer createTask(String token, String title) throws Exception {
    return send(
        toTasks(token)
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString("{\"title\": \"" + title + "\"}")));
  }

  /** Subscribes an inbox of the fake push service. */
  Answer subscribe(String token) throws Exception {
    return post(
        token,
        "/notifications/push-subscription",
        json.text(control("POST", "/push/subscription", "").body()));
  }

  Answer post(String token, String path, String body) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1" + path))
            .header("Authorization", "Bearer " + token)
            .header("Idempotency-Key", UUID.randomUUID().toString())
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body)));
  }

  private HttpRequest.Builder toTasks(String token) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/tasks"))
        .header("Authorization", "Bearer " + token);
  }

  private Answer send(HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
    return new Answer(answer.statusCode(), json.parse(answer.body()));
  }

  /** Sends a request without a body to any page. */
  HttpResponse<String> browse(String method, String url) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(url)).method(method, BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }

  int port() {
    return port;
  }

  int controlPort() {
    return controlPort;
  }

  /** Sends SIGINT to a process that {@code setsid} started, and to its children, as Ctrl-C does. */
  static void interrupt(Process process) throws Exception {
    String command = "kill -INT -" + process.pid();
    assertEquals(0, new ProcessBuilder("sh", "-c", command).start().waitFor());
  }

  long pid(String name) throws Exception {
    return control("GET", "/", "").body().path("pids").path(name).longValue();
  }

  /** False for a zombie. */
  static boolean lives(long pid) {
    return ProcessHandle.of(pid).flatMap(process -> process.info().command()).isPresent();
  }

  Answer get(String token, String path) throws Exception {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1" + path))
            .header("Authorization", "Bearer " + token)
            .GET());
  }
}
