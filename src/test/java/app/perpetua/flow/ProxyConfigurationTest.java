package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ProxyConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyConfigurationTest {
  /** The errors about the header; other required settings are missing, too. */
  private static List<String> errors(String header) {
    return assertThrows(
            Config.InvalidException.class, () -> Config.load(Map.of("CLIENT_IP_HEADER", header)))
        .errors()
        .stream()
        .filter(error -> error.startsWith("CLIENT_IP_HEADER"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Forwarded-For",
        "X-Real-IP",
        "CF-Connecting-IP",
        "True-Client-IP",
        "Fly-Client-IP",
        " x-real-ip ",
        "client_address.v2"
      })
  void any_header_name_is_accepted(String name) {
    assertEquals(List.of(), errors(name));
    assertEquals(name.strip(), ProxyConfig.header(name));
  }

  @Test
  void only_X_Forwarded_For_is_a_list() {
    assertTrue(new ProxyConfig(List.of(), "x-forwarded-for").isList());
    assertFalse(new ProxyConfig(List.of(), "X-Original-Forwarded-For").isList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"X-Real-IP, X-Forwarded-For", "X-Real-IP:", "X Real IP", "X-R\u00e9al", "a\r\nb"})
  void anything_else_is_refused_at_start(String name) {
    assertEquals(
        List.of("CLIENT_IP_HEADER must be the name of one header such as X-Real-IP"), errors(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Forwarded", "forwarded"})
  void the_header_of_RFC_7239_is_refused_with_the_alternative(String name) {
    assertEquals(
        List.of(
            "CLIENT_IP_HEADER must not be Forwarded, whose format (RFC 7239) is not supported;"
                + " configure the proxy to send X-Forwarded-For"),
        errors(name));
  }
}
