package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.movements;
import static app.perpetua.flow.voice.VoiceFixture.onlyEnded;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakeDeepgram.Step;
import app.perpetua.flow.harness.Browser;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.NpmProject;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MovableNanos;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * Live voice from Debian's Chromium, with its own MediaRecorder and WebSocket: every close is clean
 * and has the documented code. Needs chromium, Node.js 18 or later and npm, and is skipped without
 * them.
 */
class VoiceBrowserTest {
  /** A browser starts slowly while other tests run. */
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  private static final MovableNanos nanos = new MovableNanos();
  private static final Json json = new Json();
  private static final BlockingQueue<JsonNode> received = new LinkedBlockingQueue<>();
  private static final HttpServer page = page();
  private static @Nullable Process browser;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  /** Nine credits pay for one minute. */
  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("VOICE_MAX_SECONDS", "90")
          .with("PRO_DAILY_CREDITS", "4")
          .with("CORS_ORIGINS", origin())
          .with(VoiceFixture.timing(nanos));

  private final TestService.Session user = service.newPro();

  /** An empty page at an origin of its own. */
  private static HttpServer page() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            byte[] html = "<!doctype html><title>Recorder</title>".getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/html");
            exchange.sendResponseHeaders(200, html.length);
            exchange.getResponseBody().write(html);
            exchange.close();
          });
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String origin() {
    return "http://127.0.0.1:" + page.getAddress().getPort();
  }

  @BeforeAll
  static void start() throws Exception {
    Browser.assumeAvailable();
    NpmProject npm = new NpmProject("voice-browser");
    npm.install();
    Process started =
        new ProcessBuilder("node", "speak.mjs", Browser.CHROMIUM.toString())
            .directory(npm.home().toFile())
            .redirectError(npm.home().resolve("errors").toFile())
            .start();
    browser = started;
    Thread.ofVirtual().start(() -> read(started.inputReader()));
    // While a starting browser loads its recorder, it may answer a close frame later than the two
    // seconds after which the server aborts the connection.
    speak("?token=" + service.newPro().accessToken(), Map.of("act", "end"));
    next("complete");
    next("closed");
  }

  private static void read(BufferedReader out) {
    try (out) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        received.add(json.parse(line));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void stop() throws Exception {
    page.stop(0);
    Process running = browser;
    if (running != null) {
      running.outputWriter().close();
      if (!running.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        running.descendants().forEach(ProcessHandle::destroyForcibly);
        running.destroyForcibly();
      }
    }
  }

  @AfterEach
  void invariants() {
    service.deepgram().recover();
    Invariants.check(database);
  }

  private void speak(String act) throws IOException {
    speak("?token=" + user.accessToken(), Map.of("act", act));
  }

  private static void speak(String query, Map<String, String> more) throws IOException {
    Map<String, String> command = new HashMap<>(more);
    command.put("page", origin() + "/");
    command.put("url", "ws://127.0.0.1:" + service.port() + "/api/v1/ws/voice/transcribe" + query);
    BufferedWriter in = Objects.requireNonNull(browser).outputWriter();
    in.write(json.text(command) + "\n");
    in.flush();
  }

  /** The next message of that type; others are skipped. */
  private static JsonNode next(String type) throws Exception {
    while (true) {
      JsonNode message = received.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      if (message == null) {
        throw new AssertionError(
            "no " + type + ": " + Files.readString(Path.of("target/npm/voice-browser/errors")));
      }
      String found = message.get("type").stringValue();
      if (found.equals(type)) {
        return message;
      }
      if (found.equals("closed")) {
        throw new AssertionError("no " + type + " but " + message);
      }
    }
  }

  private static JsonNode closed(int code, String reason) throws Exception {
    JsonNode closed = next("closed");
    assertEquals(code, closed.get("code").intValue());
    assertEquals(reason, closed.get("reason").stringValue());
    assertTrue(closed.get("clean").booleanValue(), "wasClean");
    return closed;
  }

  @Test
  void end_stream_closes_with_1000() throws Exception {
    speak("end");
    assertEquals(5, next("complete").get("credits_used").intValue());
    closed(1000, "end_stream");
    assertEquals("end_stream", onlyEnded(user).get("end_reason").stringValue());
    assertTrue(service.deepgram().latest().wasFinished());
    assertEquals(1, movements(database, user.userId(), "consume"));
  }

  @Test
  void a_lost_provider_closes_with_4502() throws Exception {
    service.deepgram().script(new Step.Final("This was heard."), new Step.Reset());
    speak("speak");
    assertEquals("TRANSCRIPTION_FAILED", next("error").get("code").stringValue());
    closed(4502, "provider_gone");
  }

  @Test
  void running_out_of_credits_closes_with_4402() throws Exception {
    speak("speak");
    next("transcript");
    nanos.advance(Duration.ofSeconds(61));
    assertEquals("INSUFFICIENT_CREDITS", next("error").get("code").stringValue());
    assertEquals(5, next("complete").get("credits_used").intValue());
    closed(4402, "insufficient_credits");
  }

  @Test
  void the_maximum_duration_closes_with_4408() throws Exception {
    speak("speak");
    next("transcript");
    nanos.advance(Duration.ofSeconds(91));
    assertEquals("MAX_DURATION_EXCEEDED", next("error").get("code").stringValue());
    closed(4408, "max_duration");
  }

  @Test
  void an_invalid_token_closes_with_4401() throws Exception {
    speak("", Map.of("act", "speak", "token", "nonsense"));
    assertEquals("UNAUTHORIZED", next("error").get("code").stringValue());
    closed(4401, "refused");
  }

  @Test
  void the_client_closes_with_a_code_of_its_own() throws Exception {
    speak("close");
    closed(3001, "");
    assertEquals("client_gone", onlyEnded(user).get("end_reason").stringValue());
  }
}
