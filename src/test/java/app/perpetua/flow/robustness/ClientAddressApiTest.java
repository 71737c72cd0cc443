package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.RawClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Limits per address behind an edge like Railway's: it connects from many addresses of one block
 * (here 127.64.0.0/10 for 100.64.0.0/10), names the client in X-Real-IP, and ends X-Forwarded-For
 * with an address of its own, which changes between requests.
 */
class ClientAddressApiTest {
  private static final int LIMIT = 3;
  private static final String PEERS = "127.64.0.0/10";
  private static final String EDGES = "152.233.33.0/24";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService realIp = limited("X-Real-IP", PEERS);

  @Order(3)
  @RegisterExtension
  static final TestService forwardedFor = limited("X-Forwarded-For", PEERS + ", " + EDGES);

  private static final AtomicInteger request = new AtomicInteger();

  private static TestService limited(String header, String trusted) {
    return new TestService(database)
        .with("RATE_LIMIT_AUTH", Integer.toString(LIMIT))
        .with("RATE_LIMIT_GENERAL", Integer.toString(LIMIT))
        .with("TRUSTED_PROXIES", trusted)
        .with("CLIENT_IP_HEADER", header);
  }

  static List<Named<TestService>> bothShapes() {
    return List.of(Named.of("X-Real-IP", realIp), Named.of("X-Forwarded-For", forwardedFor));
  }

  /** A connection of the edge, each from another address. */
  private static RawClient edge(TestService service) throws IOException {
    int n = request.incrementAndGet();
    return new RawClient(service.port(), "127.64." + n / 200 + "." + (1 + n % 200));
  }

  /**
   * The headers that the edge adds.
   *
   * @param forged what the client itself sent, which the edge passes on
   */
  private static String[] headers(String client, String... forged) {
    List<String> headers = new ArrayList<>(List.of(forged));
    headers.add("X-Forwarded-For: " + client + ", 152.233.33." + request.incrementAndGet() % 250);
    headers.add("X-Real-IP: " + client);
    headers.add("X-Forwarded-Proto: https");
    headers.add("X-Railway-Edge: railway/europe-west4");
    return headers.toArray(String[]::new);
  }

  private static int signOut(RawClient connection, String... headers) throws IOException {
    String body = "{\"refresh_token\": \"x\"}";
    String[] all =
        Stream.concat(
                Stream.of(headers),
                Stream.of("Content-Type: application/json", "Content-Length: " + body.length()))
            .toArray(String[]::new);
    try (connection) {
      return connection
          .send(RawClient.head("POST", "/api/v1/auth/logout", all) + body)
          .answer()
          .status();
    }
  }

  /** A new client's address for each test. */
  private static String client() {
    return "198.51." + request.incrementAndGet() % 250 + ".7";
  }

  @ParameterizedTest
  @MethodSource("bothShapes")
  void promise_22_behind_an_edge_each_client_has_its_own_limit_and_cannot_escape_it(
      TestService service) throws IOException {
    String client = client();
    for (int i = 0; i < LIMIT; i++) {
      assertEquals(204, signOut(edge(service), headers(client)));
    }
    List<String> escapes =
        List.of(
            "X-Forwarded-For: 6.6.6.6",
            "X-Forwarded-For: 127.64.0.1, 152.233.33.1",
            "X-Forwarded-For: unknown, ,",
            "x-forwarded-for: " + "6.6.6.6,".repeat(500),
            "CF-Connecting-IP: 6.6.6.6",
            "True-Client-IP: 6.6.6.6",
            "X-Client-IP: 6.6.6.6",
            "X-Envoy-External-Address: 6.6.6.6",
            "Forwarded: for=6.6.6.6");
    for (String forged : escapes) {
      assertEquals(429, signOut(edge(service), headers(client, forged)), forged);
    }
    assertEquals(204, signOut(edge(service), headers(client())), "another client is served");
  }

  @ParameterizedTest
  @MethodSource("bothShapes")
  void promise_22_other_notations_of_an_address_are_the_same_client(TestService service)
      throws IOException {
    String client = client();
    assertEquals(204, signOut(edge(service), headers(client)));
    assertEquals(204, signOut(edge(service), headers(client + ":50123")));
    assertEquals(204, signOut(edge(service), headers("::ffff:" + client)));
    assertEquals(429, signOut(edge(service), headers("[::ffff:" + client + "]:443")));
    String network = "2001:db8:" + request.incrementAndGet();
    assertEquals(204, signOut(edge(service), headers(network + ":2:3::4")));
    assertEquals(204, signOut(edge(service), headers("[" + network + ":2:ffff::1]:443")));
    assertEquals(204, signOut(edge(service), headers(network + ":2::")));
    assertEquals(429, signOut(edge(service), headers(network + ":2:1:2:3:4")));
    assertEquals(204, signOut(edge(service), headers(network + ":3::4")), "another /64");
  }

  @ParameterizedTest
  @MethodSource("bothShapes")
  void promise_22_headers_of_an_untrusted_peer_are_ignored(TestService service) throws IOException {
    for (int i = 0; i < LIMIT + 2; i++) {
      assertEquals(
          i < LIMIT ? 204 : 429,
          signOut(new RawClient(service.port(), "127.0.0.77"), headers(client())));
    }
    RawClient connection = new RawClient(service.port(), "127.0.0.78");
    try (connection) {
      assertEquals(
          "(none)",
          connection
              .request("GET", "/health/live", headers(client()))
              .header("Strict-Transport-Security"));
    }
  }

  @ParameterizedTest
  @MethodSource("bothShapes")
  void promise_22_requests_for_a_WebSocket_count_for_the_client(TestService service)
      throws IOException {
    String client = client();
    for (int i = 0; i <= LIMIT; i++) {
      assertEquals(i < LIMIT ? 401 : 429, upgrade(service, client, "6.6.6." + i));
    }
    assertEquals(401, upgrade(service, client(), client));
  }

  private static int upgrade(TestService service, String client, String forged) throws IOException {
    try (RawClient connection = edge(service)) {
      return connection
          .request(
              "GET",
              "/api/v1/ws/voice/transcribe?ticket=x",
              headers(
                  client,
                  "X-Forwarded-For: " + forged,
                  "Connection: Upgrade",
                  "Upgrade: websocket",
                  "Sec-WebSocket-Version: 13",
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
          .status();
    }
  }

  @Test
  void promise_22_without_one_address_in_the_header_the_peer_counts() throws IOException {
    List<String[]> unusable =
        List.of(
            new String[] {"X-Real-IP: 198.51.100.1", "X-Real-IP: 198.51.100.2"},
            new String[] {"X-Real-IP: 198.51.100.3, 198.51.100.4"},
            new String[] {"X-Real-IP:"},
            new String[] {"X-Real-IP: localhost"},
            new String[] {"X-Forwarded-For: 198.51.100.5"});
    for (int i = 0; i < unusable.size(); i++) {
      assertEquals(
          i < LIMIT ? 204 : 429,
          signOut(new RawClient(realIp.port(), "127.64.250.1"), unusable.get(i)));
    }
  }
}
