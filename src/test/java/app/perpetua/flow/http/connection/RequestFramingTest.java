package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.RawClient.Answer;
import app.perpetua.flow.http.server.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What RFC 9112 forbids runs nothing, and what it allows is understood. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RequestFramingTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final String SMUGGLED = RawClient.head("GET", TASKS + "/smuggled");
  private static final String CHUNKED =
      RawClient.head("POST", TASKS, "Transfer-Encoding: chunked", "Origin: " + TestServer.ORIGIN);

  private TestServer server;

  @BeforeAll
  void start() {
    server = new TestServer();
  }

  @AfterAll
  void stop() {
    server.close();
  }

  /** The answer to a request that must run nothing and close the connection. */
  private Answer refused(int status, String bytes) throws IOException {
    server.handled.clear();
    try (RawClient client = server.client()) {
      Answer answer = client.send(bytes).answer();
      assertEquals(status, answer.status(), answer.body());
      assertEquals("close", answer.header("Connection"));
      assertTrue(answer.body().startsWith("{\"error\":{\"code\":\""), answer.body());
      assertTrue(answer.body().contains(answer.header("X-Request-ID")));
      assertEquals("nosniff", answer.header("X-Content-Type-Options"));
      client.sendsNoMore();
      assertEquals("", client.rest());
      assertTrue(server.handled.isEmpty(), server.handled.toString());
      return answer;
    }
  }

  static Stream<String> invalidChunks() {
    return Stream.of(
        // Sizes.
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3\t\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "3h\r\nabc\r\n0\r\n\r\n",
        "3_0\r\nabc\r\n0\r\n\r\n",
        "3,3\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        ";ext\r\nabc\r\n0\r\n\r\n",
        "\u00b3\r\nabc\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "0".repeat(9_000) + "3\r\nabc\r\n0\r\n\r\n",
        // Line ends.
        "3\nabc\r\n0\r\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "3\r\r\nabc\r\n0\r\n\r\n",
        "3;a=b\nabc\r\n0\r\n\r\n",
        "3;a\0\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc\r0\r\n\r\n",
        "3\r\nabcXX0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nab\r\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\r\nabc\r\n0\r\n\n",
        "3\r\nabc\r\n0\r\n\rX",
        // Trailers.
        "0\r\nno colon\r\n\r\n",
        "0\r\n: empty\r\n\r\n",
        "0\r\nA : b\r\n\r\n",
        "0\r\nA: b\r\n folded\r\n\r\n",
        "0\r\nA: b\nB: c\r\n\r\n",
        "0\r\nA: \0\r\n\r\n",
        // Limits.
        "3;" + "x".repeat(20_000) + "\r\nabc\r\n0\r\n\r\n",
        "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n".repeat(1_000) + "0\r\n\r\n",
        "0\r\n" + "A: 0123456789\r\n".repeat(1_000) + "\r\n");
  }

  @ParameterizedTest
  @MethodSource("invalidChunks")
  void invalid_chunks_are_400_and_close_the_connection(String chunks) throws Exception {
    Answer answer = refused(400, CHUNKED + chunks + SMUGGLED);
    assertEquals(TestServer.ORIGIN, answer.header("Access-Control-Allow-Origin"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3\r\nabc\r\n0\r\n\r\n",
        "03\r\nabc\r\n000\r\n\r\n",
        "3;ext\r\nabc\r\n0\r\n\r\n",
        "3;ext=1;other=\"a;b\"\r\nabc\r\n0;last\r\n\r\n",
        "3 ; ext = 1\r\nabc\r\n0\r\n\r\n",
        "1\r\na\r\n2\r\nbc\r\n0\r\nTrailer: x\r\nContent-Length: 7\r\n\r\n",
        "3\r\nabc\r\n0\r\nX-Checksum: 1\r\n\r\n"
      })
  void chunk_extensions_and_trailers_are_ignored(String chunks) throws Exception {
    try (RawClient client = server.client()) {
      assertEquals("POST /api/v1/tasks - 3", client.send(CHUNKED + chunks).answer().body());
      assertEquals(200, client.request("GET", TASKS).status());
      // One byte at a time.
      for (byte each : (CHUNKED + chunks + SMUGGLED).getBytes(StandardCharsets.ISO_8859_1)) {
        client.send(new byte[] {each});
      }
      assertEquals("POST /api/v1/tasks - 3", client.answer().body());
      assertEquals("GET /api/v1/tasks/{id} smuggled 0", client.answer().body());
    }
  }

  @Test
  void a_client_that_accepts_trailers_gets_none() throws Exception {
    try (RawClient client = server.client()) {
      client.send(RawClient.head("GET", "/stream", "TE: trailers", "Connection: TE") + SMUGGLED);
      Answer stream = client.answer();
      assertEquals("x".repeat(30), stream.body());
      assertEquals("(none)", stream.header("Trailer"));
      assertEquals("GET /api/v1/tasks/{id} smuggled 0", client.answer().body());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: 5 5",
        "Content-Length: 5a",
        "Content-Length: \u0665",
        "Content-Length: 9999999999999999999",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip",
        "Transfer-Encoding:\u000bchunked",
        "Transfer-Encoding\t: chunked",
        "Authorization: Bearer a\r\nAuthorization: Bearer a",
        "Authorization: Bearer a\r\nX-Between: 1\r\nauthorization: Bearer b",
        "Content-Type: application/json\r\nContent-Type: application/json",
        "Idempotency-Key: 1\r\nIDEMPOTENCY-KEY: 2",
        "Origin: https://app.example\r\nOrigin: https://app.example",
        "X-Task-Id: 1\r\nX-Task-Id: 2",
        "Last-Event-ID: 1\r\nLast-Event-ID: 2",
        "Cko-Signature: 1\r\nCko-Signature: 2",
        "Host: localhost",
        "Upgrade: websocket",
        "Upgrade: h2c\r\nConnection: keep-alive",
        "Upgrade: websocket\r\nConnection: close, upgraded",
        ": empty",
        " : empty",
        "X Y: 1",
        "X(Y): 1",
        "X\u00e4: 1",
        "X-Folded: a\r\n b",
        "X-Folded: a\r\n\tb",
        "X-Control: a\u0001b",
        "X-Control: a\u007fb",
        "X-Control: a\0"
      })
  void invalid_headers_are_400_and_close_the_connection(String headers) throws Exception {
    refused(400, RawClient.head("POST", TASKS, headers) + "0\r\n\r\n" + SMUGGLED);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a b", "a:b", "a:80:80", "user@a", "a/b", "[::1", "a\tb", "a,b/", "<"})
  void an_invalid_host_is_400(String host) throws Exception {
    refused(400, "GET /api/v1/tasks HTTP/1.1\r\nHost: " + host + "\r\n\r\n" + SMUGGLED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"get", "Get", "gET", "pOST", "post", "Delete", "patch", "brew"})
  void methods_are_case_sensitive(String method) throws Exception {
    refused(400, RawClient.head(method, TASKS, "Content-Length: 0") + SMUGGLED);
  }

  @ParameterizedTest
  @CsvSource({"G(T,400", "GE\u00c4,400", "CONNECT,501", "G\"T,400", "BREW,405", "TRACE,405"})
  void a_method_that_is_unknown_does_not_run(String method, int status) throws Exception {
    server.handled.clear();
    try (RawClient client = server.client()) {
      Answer answer = client.send(RawClient.head(method, TASKS)).answer();
      assertEquals(status, answer.status(), answer.body());
      assertTrue(server.handled.isEmpty());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET http://localhost/api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET HTTP://localhost:8000/api/v1/tasks?a=b HTTP/1.1\r\nHost: elsewhere\r\n\r\n",
        "GET https://[::1]:8000/api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\r\nGET /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /api/v1/tasks? HTTP/1.1\r\nhost:localhost\r\nEmpty:\r\nX-Many: a\r\nX-Many: b\r\n\r\n"
      })
  void absolute_targets_and_one_empty_line_are_accepted(String request) throws Exception {
    try (RawClient client = server.client()) {
      for (int i = 0; i < 2; i++) {
        Answer answer = client.send(request).answer();
        assertEquals("GET /api/v1/tasks - 0", answer.body());
      }
    }
  }

  @Test
  void the_host_of_an_absolute_target_replaces_the_header() throws Exception {
    RequestHead head =
        RequestHead.parse(
            new RequestLine("GET", "http://real.example:81?q=1"),
            List.of("host: other.example", "Accept:  a "));
    assertEquals(
        "GET /?q=1 HTTP/1.1\r\nHost: real.example:81\r\nAccept: a\r\n\r\n",
        new String(head.bytes(), StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tasks",
        "ftp://localhost/api/v1/tasks",
        "http:/api/v1/tasks",
        "http:///api/v1/tasks",
        "http://user@localhost/api/v1/tasks",
        "http://a b/",
        "*",
        "localhost:80",
        "/api/v1/tasks#top",
        "?q=1"
      })
  void other_targets_are_400(String target) throws Exception {
    refused(400, RawClient.head("GET", target) + SMUGGLED);
  }

  // Content-Encoding

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "GZIP", "identity, gzip", "deflate", "x", "zstd"})
  void a_compressed_body_is_415_with_Accept_Encoding(String coding) throws Exception {
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head("POST", TASKS, "Content-Length: 3", "Content-Encoding: " + coding)
              + "abc");
      Answer answer = client.answer();
      assertEquals(415, answer.status(), answer.body());
      assertEquals("identity", answer.header("Accept-Encoding"));
      assertEquals(200, client.request("GET", TASKS).status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "Identity", "", "identity, identity"})
  void a_body_without_an_encoding_is_accepted(String coding) throws Exception {
    try (RawClient client = server.client()) {
      client.send(
          RawClient.head("POST", TASKS, "Content-Length: 3", "Content-Encoding: " + coding)
              + "abc");
      assertEquals("POST /api/v1/tasks - 3", client.answer().body());
    }
  }

  // Characters of the target

  @ParameterizedTest
  @ValueSource(strings = {"|", "[", "]", "{", "}", "^", "`", "\"", "<", ">", "\\", "'", "?", "/"})
  void characters_that_browsers_leave_in_queries_are_accepted(String c) throws Exception {
    try (RawClient client = server.client()) {
      String path = TASKS + "?q=a" + c + "b&ids[]=" + c;
      assertEquals("GET /api/v1/tasks - 0", client.request("GET", path).body());
    }
    String encoded = "%" + Integer.toHexString(c.charAt(0)).toUpperCase(Locale.ROOT);
    String value = RequestTarget.parse("GET", "/a?q=" + c).value();
    assertTrue(value.equals("/a?q=" + encoded) || value.equals("/a?q=" + c), value);
  }

  @Test
  void unencoded_UTF_8_in_a_query_is_accepted() throws Exception {
    String query = new String("ü€".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    assertEquals("/a?q=%C3%BC%E2%82%AC", RequestTarget.parse("GET", "/a?q=" + query).value());
    try (RawClient client = server.client()) {
      assertEquals(200, client.request("GET", TASKS + "?q=" + query).status());
    }
  }

  static Stream<String> invalidTargets() {
    Stream<String> paths =
        Stream.of("|", "[", "]", "{", "}", "^", "`", "\"", "<", ">", "\\")
            .map(c -> TASKS + "/a" + c + "b" + ' ' + "the path has the character " + c);
    Stream<String> others =
        Stream.of(
            TASKS + "?q=100% the query has the character %",
            TASKS + "?q=%zz the query has the character %",
            TASKS + "?q=%1 the query has the character %",
            TASKS + "?q=50%-60% the query has the character %",
            TASKS + "?q=%u00e4 the query has the character %",
            TASKS + "/% the path has the character %",
            TASKS + "/%g1 the path has the character %",
            TASKS + "?q=a#b the query has the character #",
            TASKS + "#a the path has the character #",
            TASKS + "?q=%ff the query is not valid UTF-8",
            TASKS + "?q=%c3 the query is not valid UTF-8",
            TASKS + "?q=%c3&b=%bc the query is not valid UTF-8",
            TASKS + "?q=%ed%a0%80 the query is not valid UTF-8",
            TASKS + "?q=%c0%80 the query is not valid UTF-8",
            TASKS + "?q=\u00fc the query is not valid UTF-8",
            TASKS + "/%ff%fe the path is not valid UTF-8",
            TASKS + "/\u00c3\u00bc the path has the byte 0xC3",
            TASKS + "?q=a\tb the query has the byte 0x09");
    return Stream.concat(paths, others);
  }

  @ParameterizedTest
  @MethodSource("invalidTargets")
  void other_characters_are_400_that_names_them_and_that_a_page_may_read(String text)
      throws Exception {
    String[] parts = text.split(" ", 2);
    String message = parts[1].replace("\\", "\\\\").replace("character \"", "character \\\"");
    Answer answer =
        refused(
            400,
            RawClient.head("GET", parts[0], "Origin: " + TestServer.ORIGIN, "X-Request-ID: mine"));
    assertTrue(answer.body().contains("\"message\":\"" + message), answer.body());
    assertEquals(TestServer.ORIGIN, answer.header("Access-Control-Allow-Origin"));
    assertTrue(answer.header("Access-Control-Expose-Headers").contains("X-Request-ID"));
    assertEquals("mine", answer.header("X-Request-ID"));
  }

  @Test
  void a_page_may_read_that_its_URL_or_headers_are_too_long() throws Exception {
    String origin = "Origin: " + TestServer.ORIGIN;
    String longUrl = TASKS + "?q=" + "x".repeat(20_000);
    Answer uri = refused(414, RawClient.head("GET", longUrl, origin));
    assertEquals(TestServer.ORIGIN, uri.header("Access-Control-Allow-Origin"));
    String big = "X-Big: " + "x".repeat(40_000);
    Answer headers = refused(431, RawClient.head("GET", TASKS, big, origin));
    assertEquals(TestServer.ORIGIN, headers.header("Access-Control-Allow-Origin"));
    Answer malformed = refused(400, RawClient.head("GET", TASKS, origin, ": empty"));
    assertEquals(TestServer.ORIGIN, malformed.header("Access-Control-Allow-Origin"));
    Answer endless = refused(431, RawClient.head("GET", TASKS, origin, big, big, big, big));
    assertEquals(TestServer.ORIGIN, endless.header("Access-Control-Allow-Origin"));
    refused(414, "GET /" + "x".repeat(100_000));
  }

  // Clients that are still sending

  @ParameterizedTest
  @CsvSource({
    "POST /api/v1/tasks, 413, 413",
    "POST /unread, 413, 401",
    "POST /nowhere, 413, 404",
    "DELETE /api/v1/tasks, 413, 405",
    "post /api/v1/tasks, 400, 400"
  })
  void the_answer_reaches_a_client_that_sends_10_MB_first(String line, int announced, int chunks)
      throws Exception {
    int length = 10_000_000;
    byte[] part = "x".repeat(100_000).getBytes(StandardCharsets.US_ASCII);
    String[] parts = line.split(" ", -1);
    for (boolean chunked : new boolean[] {false, true}) {
      try (RawClient client = server.client()) {
        client.send(
            RawClient.head(
                parts[0],
                parts[1],
                chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + length,
                "Origin: " + TestServer.ORIGIN));
        for (int sent = 0; sent < length; sent += part.length) {
          client.send(chunked ? Integer.toHexString(part.length) + "\r\n" : "");
          client.send(part);
          client.send(chunked ? "\r\n" : "");
        }
        Answer answer = client.answer();
        assertEquals(chunked ? chunks : announced, answer.status(), answer.body());
        assertEquals("close", answer.header("Connection"));
        assertEquals(TestServer.ORIGIN, answer.header("Access-Control-Allow-Origin"));
        client.sendsNoMore();
        assertFalse(client.rest().contains("reset"));
      }
    }
  }
}
