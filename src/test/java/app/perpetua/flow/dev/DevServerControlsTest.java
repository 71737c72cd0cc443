package app.perpetua.flow.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.dev.DevProcess.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A running dev server: its first requests, clock, jobs, push inbox and payments. */
@Tag("system")
class DevServerControlsTest {
  private static DevProcess dev;

  @BeforeAll
  static void start(@TempDir Path directory) throws IOException {
    dev = new DevProcess(directory);
    dev.startAndAwait();
  }

  @AfterAll
  static void stop() throws Exception {
    dev.stopAll();
  }

  /**
   * Runs a script with dash, which knows POSIX syntax only, and with the programs that every system
   * has.
   */
  private static String shell(Path directory, String script) throws Exception {
    Path bin = Files.createDirectories(directory.resolve("bin"));
    for (String program : List.of("cat", "curl", "cut", "grep", "head", "sed")) {
      Path link = bin.resolve(program);
      if (!Files.exists(link)) {
        Files.createSymbolicLink(link, Path.of("/usr/bin", program));
      }
    }
    ProcessBuilder builder = new ProcessBuilder("/usr/bin/dash", "-c", script);
    builder.environment().clear();
    builder.environment().put("PATH", bin.toString());
    Process process = builder.redirectErrorStream(true).start();
    try (BufferedReader output = process.inputReader()) {
      return output.readAllAsString();
    }
  }

  private static String readme() throws IOException {
    String page = Files.readString(Path.of("README.md"));
    String section = page.substring(page.indexOf("## A first request"));
    int start = section.indexOf("```sh\n") + "```sh\n".length();
    return section
        .substring(start, section.indexOf("```", start))
        .replace("localhost:8000", "localhost:" + dev.port())
        .replace("localhost:8001", "localhost:" + dev.controlPort());
  }

  @Test
  void the_first_requests_of_the_README_run_in_any_shell(@TempDir Path directory) throws Exception {
    String output = shell(directory, readme());
    assertFalse(output.contains("error"), output);
    assertEquals("auto", output.lines().toList().getLast(), output);
  }

  @Test
  void the_first_requests_of_the_README_show_errors(@TempDir Path directory) throws Exception {
    String output = shell(directory, readme().replaceFirst("TOKEN=.*", "TOKEN=wrong"));
    assertTrue(output.lines().findFirst().orElse("").contains("\"UNAUTHORIZED\""), output);
  }

  @Test
  void the_requests_of_the_greeting_run_in_any_shell(@TempDir Path directory) throws Exception {
    String greeting = dev.output();
    String script =
        greeting.substring(
            greeting.indexOf("  TOKEN="), greeting.indexOf("\n\n", greeting.indexOf("  TOKEN=")));
    String output = shell(directory, script);
    assertFalse(output.contains("error"), output);
    assertEquals(2, output.split("\"Water the plants\"", -1).length - 1, output);
  }

  @Test
  void the_greeting_begins_with_the_console() {
    String greeting = dev.output();
    String running = "Perpetua Flow is running.\n\n";
    String first = greeting.substring(greeting.indexOf(running) + running.length());
    assertEquals(
        "  console   http://localhost:" + dev.controlPort() + "/",
        first.lines().findFirst().orElse(""));
  }

  @Test
  void FR_056_a_reminder_arrives_in_the_inbox() throws Exception {
    String token =
        dev.control("POST", "/session", "{\"email\": \"grace@example.com\"}").text("access_token");
    assertEquals(201, dev.subscribe(token).status());
    Instant now = Instant.parse(dev.control("GET", "/clock", "").text("now"));
    String task =
        dev.post(
                token,
                "/tasks",
                "{\"title\": \"Water\", \"due_date\": \"" + now.plusSeconds(7_200) + "\"}")
            .text("data", "id");
    String reminder = "{\"type\": \"before\", \"offset_minutes\": 60, \"method\": \"push\"}";
    assertEquals(201, dev.post(token, "/tasks/" + task + "/reminders", reminder).status());
    assertEquals(200, dev.control("POST", "/clock", "{\"advance\": \"PT1H\"}").status());
    dev.control("POST", "/jobs/run-due", "");
    JsonNode messages = dev.control("GET", "/push/inbox", "").body().path("messages");
    assertEquals(1, messages.size(), messages::toString);
    assertEquals("Water", messages.path(0).at("/message/title").stringValue());
  }

  @Test
  void a_session_of_a_named_device_is_listed_as_such() throws Exception {
    String device = "{\"id\": \"6b1f0c52-8d3e-4a97-b2c4-90e7d15f3a68\", \"name\": \"Phone\"}";
    String token =
        dev.control(
                "POST",
                "/session",
                "{\"email\": \"ida@example.com\", \"tier\": \"pro\", \"device\": " + device + "}")
            .text("access_token");
    JsonNode listed = dev.get(token, "/sessions").body().path("data");
    assertEquals(1, listed.size(), listed::toString);
    assertEquals("Phone", listed.path(0).path("name").stringValue());
    Answer nameless =
        dev.control(
            "POST", "/session", "{\"device\": {\"id\": \"6b1f0c52-8d3e-4a97-b2c4-90e7d15f3a68\"}}");
    assertEquals(400, nameless.status());
  }

  @Test
  void FR_047_Pro_and_credits_are_bought_through_the_payment_page() throws Exception {
    Answer session =
        dev.control(
            "POST",
            "/session",
            "{\"email\": \"ada@example.com\", \"tier\": \"pro\", \"credits\": {\"purchased\": 40}}");
    assertEquals("pro", session.text("user", "tier"), session::toString);
    String token = session.text("access_token");
    String user = session.text("user", "id");
    assertEquals("active", dev.get(token, "/subscription").text("data", "status"));
    assertEquals(40, purchased(token));
    String page =
        dev.post(token, "/credits/purchase", "{\"amount\": 10}").text("data", "checkout_url");
    HttpResponse<String> shown = dev.browse("GET", page);
    assertTrue(shown.body().contains("0.50 USD"), shown::body);
    HttpResponse<String> paid = dev.browse("POST", page + "/pay");
    assertEquals(303, paid.statusCode());
    HttpResponse<String> result = dev.browse("GET", page + "/paid");
    assertTrue(result.body().contains("has accepted the webhooks"), result::body);
    assertTrue(result.body().contains("/?checkout=success"), result::body);
    assertEquals(50, purchased(token));

    String event = "{\"user_id\": \"" + user + "\", \"kind\": \"%s\", \"type\": \"%s\"%s}";
    Answer refused =
        dev.control(
            "POST",
            "/checkout/event",
            event.formatted("credits", "payment_captured", ", \"bad_signature\": true"));
    assertEquals(1, refused.body().at("/statuses/400").intValue(), refused::toString);
    assertEquals(50, purchased(token));
    dev.control(
        "POST",
        "/checkout/event",
        event.formatted(
            "credits",
            "payment_approved, payment_captured",
            ", \"credits\": 20, \"repeat\": 10, \"shuffle\": true"));
    // The rejected event left its order of 50 credits open.
    assertEquals(100, purchased(token));
    dev.control("POST", "/checkout/event", event.formatted("subscription", "payment_declined", ""));
    assertEquals("past_due", dev.get(token, "/subscription").text("data", "status"));
    dev.control("POST", "/checkout/event", event.formatted("subscription", "payment_captured", ""));
    assertEquals("active", dev.get(token, "/subscription").text("data", "status"));
    assertEquals(
        200,
        dev.control("POST", "/checkout/script", "{\"steps\": [{\"decline\": true}]}").status());
    dev.control("POST", "/clock", "{\"advance\": \"P62D\"}");
    dev.control("POST", "/jobs/run-due", "");
    String later =
        dev.control("POST", "/session", "{\"email\": \"ada@example.com\"}").text("access_token");
    assertEquals("past_due", dev.get(later, "/subscription").text("data", "status"));
    dev.control("POST", "/checkout/event", event.formatted("subscription", "dispute_received", ""));
    assertEquals("expired", dev.get(later, "/subscription").text("data", "status"));
  }

  private static int purchased(String token) throws Exception {
    return dev.get(token, "/credits/balance").body().at("/data/purchased").intValue();
  }
}
