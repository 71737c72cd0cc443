package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.base.ProxyConfig;
import app.perpetua.flow.harness.CapturedLog;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.WritableHeaders;
import java.net.InetAddress;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAddressTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final String PROXY = "10.0.0.1";
  private static final String FORWARDED_FOR = "X-Forwarded-For";
  private static final String REAL_IP = "X-Real-IP";

  private static ClientAddress behind(String header, String... trusted) {
    return new ClientAddress(new ProxyConfig(Stream.of(trusted).map(Cidr::parse).toList(), header));
  }

  private static ClientAddress behindProxies(String header) {
    return behind(header, "10.0.0.0/8", "100.64.0.0/10", "fd00::/8");
  }

  private static String of(ClientAddress addresses, String peer, Headers headers) {
    return addresses.of(InetAddress.ofLiteral(peer), headers, TASKS);
  }

  /** Name and value in turn; a null value is a header that is not sent. */
  private static Headers headers(@Nullable String... namesAndValues) {
    WritableHeaders<?> headers = WritableHeaders.create();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (namesAndValues[i + 1] != null) {
        headers.add(HeaderNames.create(namesAndValues[i]), namesAndValues[i + 1]);
      }
    }
    return headers;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          203.0.113.9 |                                | 203.0.113.9
          203.0.113.9 | 1.2.3.4                        | 203.0.113.9
          10.0.0.1    |                                | 10.0.0.1
          10.0.0.1    | ''                             | 10.0.0.1
          10.0.0.1    | ','                            | 10.0.0.1
          10.0.0.1    | 1.2.3.4                        | 1.2.3.4
          10.0.0.1    | 6.6.6.6, 1.2.3.4               | 1.2.3.4
          10.0.0.1    | '6.6.6.6,1.2.3.4'              | 1.2.3.4
          10.0.0.1    | 6.6.6.6, 1.2.3.4, 10.9.9.9     | 1.2.3.4
          10.0.0.1    | 10.1.1.1, 10.2.2.2             | 10.1.1.1
          10.0.0.1    | 1.2.3.4:5678                   | 1.2.3.4
          10.0.0.1    | 1.2.3.4:http                   | 10.0.0.1
          10.0.0.1    | 1.2.3.4, unknown               | 10.0.0.1
          10.0.0.1    | 1.2.3.4, , 10.9.9.9            | 10.9.9.9
          10.0.0.1    | localhost                      | 10.0.0.1
          10.0.0.1    | 1.2.3                          | 10.0.0.1
          10.0.0.1    | 16909060                       | 10.0.0.1
          10.0.0.1    | 1.2.3.400                      | 10.0.0.1
          10.0.0.1    | 2001:db8:1:2:3:4:5:6           | 2001:db8:1:2::/64
          10.0.0.1    | [2001:db8:1:2:3:4:5:6]:443     | 2001:db8:1:2::/64
          10.0.0.1    | [2001:db8:1:2:3:4:5:6]         | 2001:db8:1:2::/64
          10.0.0.1    | [2001:db8:1:2:3:4:5:6]443      | 10.0.0.1
          10.0.0.1    | 2001:db8:1:2::                 | 2001:db8:1:2::/64
          10.0.0.1    | 2001:db8::1:2::3               | 10.0.0.1
          10.0.0.1    | fe80::1%eth0                   | 10.0.0.1
          10.0.0.1    | ::ffff:1.2.3.4                 | 1.2.3.4
          10.0.0.1    | 1.2.3.4, [::ffff:10.0.0.7]:80  | 1.2.3.4
          fd00::1     | 1.2.3.4                        | 1.2.3.4
          2001:db8::7 | 1.2.3.4                        | 2001:db8:0:0::/64
          """)
  void promise_22_forwarded_addresses_are_used_up_to_the_first_untrusted_proxy(
      String peer, @Nullable String forwardedFor, String client) {
    ClientAddress addresses = behindProxies(FORWARDED_FOR);
    assertEquals(client, of(addresses, peer, headers(FORWARDED_FOR, forwardedFor)));
    Headers both = headers(FORWARDED_FOR, forwardedFor, REAL_IP, "198.51.100.1");
    assertEquals(client, of(addresses, peer, both), "no header but the configured one counts");
  }

  @Test
  void promise_22_several_header_lines_form_one_list() {
    assertEquals(
        "1.2.3.4",
        of(
            behindProxies("x-forwarded-for"),
            PROXY,
            headers(
                FORWARDED_FOR, "6.6.6.6",
                FORWARDED_FOR, "1.2.3.4, 10.0.0.2",
                FORWARDED_FOR, "10.0.0.3")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          203.0.113.9 | 1.2.3.4                    | 203.0.113.9
          10.0.0.1    | 1.2.3.4                    | 1.2.3.4
          100.64.0.3  | ' 1.2.3.4 '                | 1.2.3.4
          10.0.0.1    | 1.2.3.4:5678               | 1.2.3.4
          10.0.0.1    | ::ffff:1.2.3.4             | 1.2.3.4
          10.0.0.1    | 2001:db8:1:2:3:4:5:6       | 2001:db8:1:2::/64
          10.0.0.1    | [2001:db8:1:2:3:4:5:6]:443 | 2001:db8:1:2::/64
          10.0.0.1    | 10.0.0.9                   | 10.0.0.9
          """)
  void promise_22_a_header_with_a_single_address_is_used_from_trusted_peers_only(
      String peer, String value, String client) {
    for (String name : List.of(REAL_IP, "CF-Connecting-IP", "Fly-Client-IP", "Client")) {
      Headers headers = headers(FORWARDED_FOR, "6.6.6.6, 152.233.33.7", name, value);
      assertEquals(client, of(behindProxies(name), peer, headers));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      textBlock =
          """
          none             | none    | no X-Real-IP, but X-Forwarded-For
          1.2.3.4          | 6.6.6.6 | an unusable X-Real-IP (repeated)
          1.2.3.4          | 1.2.3.4 | an unusable X-Real-IP (repeated)
          ''               | none    | an unusable X-Real-IP (empty)
          1.2.3.4, 6.6.6.6 | none    | an unusable X-Real-IP (a list)
          unknown          | none    | an unusable X-Real-IP (not an address)
          1.2.3.4/32       | none    | an unusable X-Real-IP (not an address)
          """)
  void promise_22_without_one_address_in_the_header_the_peer_counts_and_that_is_logged_once(
      @Nullable String value, @Nullable String second, String problem) {
    Headers unusable = headers(FORWARDED_FOR, "6.6.6.6", REAL_IP, value, REAL_IP, second);
    ClientAddress addresses = behindProxies(REAL_IP);
    try (CapturedLog log = new CapturedLog(ClientAddress.class.getName())) {
      assertEquals(PROXY, of(addresses, PROXY, unusable));
      assertEquals("100.64.0.3", of(addresses, "100.64.0.3", unusable));
      assertEquals(PROXY, of(addresses, PROXY, headers(REAL_IP, "another")));
      assertEquals(1, log.lines().size());
      assertTrue(log.lines().getFirst().contains("has " + problem + ": "), log.lines()::toString);
    }
  }

  @Test
  void a_health_probe_that_passes_no_proxy_is_not_logged() {
    ClientAddress addresses = behindProxies(REAL_IP);
    try (CapturedLog log = new CapturedLog(ClientAddress.class.getName())) {
      assertEquals(PROXY, addresses.of(InetAddress.ofLiteral(PROXY), headers(), "/health/ready"));
      assertEquals(List.of(), log.lines());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        FORWARDED_FOR,
        REAL_IP,
        "CF-Connecting-IP",
        "True-Client-IP",
        "Fly-Client-IP",
        "X-Envoy-External-Address",
        "Forwarded",
        "My-Client"
      })
  void a_forwarded_header_without_trusted_proxies_is_logged_once(String name) {
    try (CapturedLog log = new CapturedLog(ClientAddress.class.getName())) {
      ClientAddress alone = behind(name.equals("My-Client") ? name : FORWARDED_FOR);
      assertEquals("203.0.113.9", of(alone, "203.0.113.9", headers("Via", "1.1 cache")));
      assertEquals(List.of(), log.lines());
      assertEquals("203.0.113.9", of(alone, "203.0.113.9", headers(name, "1.2.3.4")));
      assertEquals("203.0.113.9", of(alone, "203.0.113.9", headers(name, "1.2.3.4")));
      assertEquals(1, log.lines().size());
      assertTrue(
          log.lines().getFirst().startsWith("requests have " + name + ", but TRUSTED_PROXIES is"),
          log.lines()::toString);
    }
  }

  @Test
  void a_forwarded_header_from_a_private_address_that_is_not_trusted_is_logged_once() {
    try (CapturedLog log = new CapturedLog(ClientAddress.class.getName())) {
      ClientAddress addresses = behind(REAL_IP, "10.0.0.0/8");
      Headers headers = headers(FORWARDED_FOR, "1.2.3.4", REAL_IP, "1.2.3.4");
      of(addresses, "203.0.113.9", headers);
      assertEquals(List.of(), log.lines(), "any client can forge a header");
      of(addresses, "100.64.0.3", headers);
      of(addresses, "100.64.0.4", headers);
      assertEquals(1, log.lines().size());
      assertTrue(
          log.lines()
              .getFirst()
              .startsWith("requests from 100.64.0.3 have X-Real-IP and X-Forwarded-For, but"),
          log.lines()::toString);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      textBlock =
          """
          none                  | X-Real-IP        | 1.2.3.4 | has X-Real-IP, but no client's
          10.1.1.1, 10.2.2.2    | X-Real-IP        | 1.2.3.4 | has X-Real-IP, but no client's
          none                  | CF-Connecting-IP | 1.2.3.4 | has CF-Connecting-IP, but no client's
          unknown               | Forwarded        | for=a   | has Forwarded, but no client's
          1.2.3.4, 152.233.33.7 | X-Real-IP        | 1.2.3.4 | X-Real-IP names another client
          """)
  void a_client_in_another_header_than_the_configured_one_is_logged_once(
      @Nullable String forwardedFor, String name, String value, String expected) {
    try (CapturedLog log = new CapturedLog(ClientAddress.class.getName())) {
      ClientAddress addresses = behindProxies(FORWARDED_FOR);
      of(addresses, PROXY, headers(FORWARDED_FOR, "1.2.3.4", name, "10.0.0.5"));
      of(addresses, PROXY, headers(FORWARDED_FOR, "1.2.3.4", REAL_IP, "1.2.3.4"));
      of(addresses, PROXY, headers());
      assertEquals(List.of(), log.lines());
      Headers headers = headers(FORWARDED_FOR, forwardedFor, name, value);
      of(addresses, PROXY, headers);
      of(addresses, PROXY, headers);
      assertEquals(1, log.lines().size());
      assertTrue(log.lines().getFirst().contains(expected), log.lines()::toString);
      assertTrue(log.lines().getFirst().contains("set CLIENT_IP_HEADER"), log.lines()::toString);
    }
  }

  @Test
  void the_configured_header_shows_that_a_proxy_forwarded_the_request() {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    Headers headers = headers("Client", "1.2.3.4");
    assertTrue(behind(FORWARDED_FOR).isLocal(loopback, headers));
    assertFalse(behind("Client").isLocal(loopback, headers));
    assertFalse(behind("client").isLocal(loopback, headers));
  }

  @Test
  void promise_22_no_header_makes_the_address_fail_or_lets_a_client_choose_it() {
    ClientAddress list = behindProxies(FORWARDED_FOR);
    ClientAddress realIp = behindProxies(REAL_IP);
    Random random = new Random(13);
    String alphabet = "0123456789abcdefABCDEF:.[]%, \t\"/x=;-\u00e9\u20ac";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(random.nextInt(10) == 0 ? 300 : 45);
      for (int c = 0; c < length; c++) {
        text.append(
            random.nextInt(20) == 0
                ? (char) random.nextInt(256)
                : alphabet.charAt(random.nextInt(alphabet.length())));
      }
      String forged = text.toString();
      Headers headers = headers(FORWARDED_FOR, forged + ", 1.2.3.4, 10.0.0.9", REAL_IP, forged);
      assertEquals("1.2.3.4", of(list, PROXY, headers), forged);
      String single = of(realIp, PROXY, headers);
      assertTrue(single.matches("[0-9.]{7,15}|[0-9a-f:]+::/64"), forged + " became " + single);
    }
  }
}
