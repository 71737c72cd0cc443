package app.perpetua.flow.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Browser;
import app.perpetua.flow.harness.NpmProject;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * The documentation page in Debian's Chromium, as a person uses it. Needs chromium, Node.js 18 or
 * later and npm, and is skipped without them.
 */
class DocsPageTest {
  private static final HttpServer tokens = tokens();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database)
          .with("DOCS_TOKEN_URL", "http://localhost:" + tokens.getAddress().getPort() + "/session");

  /** Gives tokens to pages of the service, as the development server does. */
  private static HttpServer tokens() {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/session",
          exchange -> {
            byte[] answer =
                "{\"access_token\": \"%s\"}"
                    .formatted(service.newUser().accessToken())
                    .getBytes(UTF_8);
            exchange.getResponseHeaders().set("Access-Control-Allow-Origin", origin());
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
          });
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String origin() {
    return "http://localhost:" + service.port();
  }

  @AfterAll
  static void stop() {
    tokens.stop(0);
  }

  @Test
  void a_person_can_try_every_operation_without_clearing_a_form() throws IOException {
    Browser.assumeAvailable();
    NpmProject npm = new NpmProject("docs-browser");
    npm.install();
    JsonNode seen =
        new Json()
            .parse(
                npm.run(
                    "",
                    "node",
                    "browse.mjs",
                    Browser.CHROMIUM.toString(),
                    origin() + "/api/v1/docs"));

    assertEquals("[]", seen.get("problems").toString(), "errors, violations and failed requests");
    assertEquals("Perpetua Flow API", seen.get("title").stringValue());
    assertEquals("en", seen.get("lang").stringValue());
    assertEquals("[]", seen.get("unlabelled").toString());
    assertEquals("[]", seen.get("filled").toString(), "fields that are filled from the start");
    assertEquals(
        "{\"names\":[\"bearerAuth\"],\"authorized\":false}", seen.get("before").toString());
    assertEquals("{\"names\":[\"bearerAuth\"],\"authorized\":true}", seen.get("after").toString());
    assertEquals("[\"operations-Reminders-updateReminder\"]", seen.get("filtered").toString());
    assertEquals(2, seen.get("created").size());
    assertNotEquals(
        seen.get("created").get(0).stringValue(), seen.get("created").get(1).stringValue());
    assertEquals(2, seen.get("total").intValue());
  }
}
