package app.perpetua.flow.http.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Cidr;
import app.perpetua.flow.harness.CapturedLog;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientAddressTest {
  private final ClientAddress behindProxies =
      new ClientAddress(List.of(Cidr.parse("10.0.0.0/8"), Cidr.parse("fd00::/8")));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          203.0.113.9 |                                | 203.0.113.9
          203.0.113.9 | 1.2.3.4                        | 203.0.113.9
          10.0.0.1    |                                | 10.0.0.1
          10.0.0.1    | 1.2.3.4                        | 1.2.3.4
          10.0.0.1    | 6.6.6.6, 1.2.3.4               | 1.2.3.4
          10.0.0.1    | 6.6.6.6, 1.2.3.4, 10.9.9.9     | 1.2.3.4
          10.0.0.1    | 10.1.1.1, 10.2.2.2             | 10.1.1.1
          10.0.0.1    | 1.2.3.4:5678                   | 1.2.3.4
          10.0.0.1    | 1.2.3.4, unknown               | 10.0.0.1
          10.0.0.1    | 1.2.3.4, , 10.9.9.9            | 10.9.9.9
          10.0.0.1    | localhost                      | 10.0.0.1
          10.0.0.1    | 2001:db8:1:2:3:4:5:6           | 2001:db8:1:2::/64
          10.0.0.1    | [2001:db8:1:2:3:4:5:6]:443     | 2001:db8:1:2::/64
          10.0.0.1    | ::ffff:1.2.3.4                 | 1.2.3.4
          fd00::1     | 1.2.3.4                        | 1.2.3.4
          2001:db8::7 | 1.2.3.4                        | 2001:db8:0:0::/64
          """)
  void promise_22_forwarded_addresses_are_used_up_to_the_first_untrusted_proxy(
      String peer, String forwardedFor, String client) {
    assertEquals(
        client,
        behindProxies.of(
            InetAddress.ofLiteral(peer), forwardedFor == null ? List.of() : List.of(forwardedFor)));
  }

  @Test
  void promise_22_several_header_lines_form_one_list() {
    assertEquals(
        "1.2.3.4",
        behindProxies.of(
            InetAddress.ofLiteral("10.0.0.1"),
            List.of("6.6.6.6", "1.2.3.4, 10.0.0.2", "10.0.0.3")));
  }

  @Test
  void a_forwarded_header_without_trusted_proxies_is_logged_once() {
    try (CapturedLog log = new CapturedLog(ClientAddress.class.getName())) {
      ClientAddress alone = new ClientAddress(List.of());
      InetAddress peer = InetAddress.ofLiteral("127.0.0.1");
      alone.of(peer, List.of());
      assertEquals(0, log.records().size());
      alone.of(peer, List.of("1.2.3.4"));
      alone.of(peer, List.of("1.2.3.4"));
      assertEquals(1, log.records().size());
    }
  }
}
