package app.perpetua.flow.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.PlainServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

final class DocsTest {
  private static final Pattern ADDRESS = Pattern.compile("(?:src|href)=\"(?!data:)([^\"]+)\"");

  @AutoClose
  private final PlainServer server =
      new PlainServer(new Docs(new Json(), Optional.empty()).routes(), _ -> {});

  @AutoClose private final Api api = server.api();

  @Test
  void the_contract_is_served_as_YAML_and_as_JSON() throws IOException {
    Api.Answer yaml = api.get("/api/v1/openapi.yaml").expect(200);
    assertEquals("application/yaml", yaml.header("Content-Type").orElseThrow());
    try (InputStream file = DocsTest.class.getResourceAsStream("/openapi.yaml")) {
      assertEquals(new String(Objects.requireNonNull(file).readAllBytes(), UTF_8), yaml.text());
    }
    JsonNode json = api.get("/api/v1/openapi.json").expect(200).json();
    assertEquals("3.1.0", json.path("openapi").stringValue());
    JsonNode docs = json.path("paths").path("/api/v1/docs").path("get");
    assertEquals("getDocs", docs.path("operationId").stringValue());
    assertTrue(docs.path("responses").has("200"));
    JsonNode reset = json.path("components").path("headers").path("XRateLimitReset");
    assertEquals(1_768_896_960, reset.path("example").intValue());
    assertTrue(reset.path("required").booleanValue());
    assertEquals("ok", json.at("/components/schemas/CheckResult/enum/0").stringValue());
  }

  @Test
  void each_file_is_sent_completely_with_its_length() throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (String target :
          List.of(
              "/api/v1/openapi.yaml",
              "/api/v1/openapi.json",
              "/api/v1/docs/swagger-ui.css",
              "/api/v1/docs/swagger-ui-bundle.js")) {
        HttpResponse<byte[]> whole = send(client, "GET", target);
        HttpResponse<byte[]> head = send(client, "HEAD", target);
        assertEquals(200, whole.statusCode(), target);
        assertTrue(whole.body().length > 100_000, target);
        assertEquals(whole.body().length, length(whole), target);
        assertEquals(200, head.statusCode(), target);
        assertEquals(0, head.body().length, target);
        assertEquals(whole.body().length, length(head), target);
      }
    }
  }

  private HttpResponse<byte[]> send(HttpClient client, String method, String target)
      throws Exception {
    return client.send(
        HttpRequest.newBuilder(server.uri().resolve(target))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  private static long length(HttpResponse<byte[]> answer) {
    return answer.headers().firstValueAsLong("Content-Length").orElseThrow();
  }

  @Test
  void every_link_of_the_page_is_served() throws Exception {
    String page = api.get("/api/v1/docs").expect(200).text();
    Matcher address = ADDRESS.matcher(page);
    int found = 0;
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (address.find()) {
        HttpResponse<String> answer =
            client.send(
                HttpRequest.newBuilder(
                        server.uri().resolve("/api/v1/docs").resolve(address.group(1)))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), address.group(1));
        boolean asset = address.group(1).startsWith("docs/");
        assertEquals(
            asset ? "public, max-age=31536000, immutable" : "no-cache",
            answer.headers().firstValue("Cache-Control").orElseThrow());
        assertEquals(asset, address.group(1).contains("?v="), address.group(1));
        found++;
      }
    }
    assertEquals(4, found);
    assertFalse(page.contains("{version}"));
    assertFalse(page.contains("${"));
  }

  @Test
  void only_a_configured_token_URL_is_in_the_page_and_its_origin_in_the_policy() {
    Api.Answer without = api.get("/api/v1/docs").expect(200);
    assertTrue(without.text().contains(" data-url=\"\""), without.text());
    assertTrue(policy(without).contains("connect-src 'self';"), policy(without));
    Docs.TokenUrl url = Docs.TokenUrl.parse("http://localhost:8001/session");
    try (PlainServer development =
        new PlainServer(new Docs(new Json(), Optional.of(url)).routes(), _ -> {})) {
      Api.Answer page = development.api().get("/api/v1/docs").expect(200);
      assertTrue(page.text().contains(" data-url=\"http://localhost:8001/session\""), page.text());
      assertTrue(policy(page).contains("connect-src 'self' http://localhost:8001;"), policy(page));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost:8001/session",
        "http://localhost:8001",
        "http://localhost:8001/session?a=b",
        "http://localhost:8001/\"><script>",
        "http://a b/session",
        "http://*/session",
        "http://user@localhost/session",
        "ftp://localhost/session",
        "http://localhost; script-src */session"
      })
  void a_token_URL_that_could_end_the_attribute_or_the_policy_is_refused(String url) {
    assertThrows(IllegalArgumentException.class, () -> Docs.TokenUrl.parse(url));
  }

  private static String policy(Api.Answer page) {
    return page.header("Content-Security-Policy").orElseThrow();
  }

  @Test
  void the_page_allows_no_inline_scripts() {
    Api.Answer page = api.get("/api/v1/docs").expect(200);
    String policy = policy(page);
    assertTrue(policy.contains("default-src 'none'; script-src 'self';"), policy);
    assertTrue(policy.contains("frame-ancestors 'none'"), policy);
    assertFalse(Pattern.compile("<script(?![^>]* src=)").matcher(page.text()).find());
  }
}
