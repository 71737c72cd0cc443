package app.perpetua.flow.http.cors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.Config;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CorsOriginTest {
  @ParameterizedTest
  @CsvSource({
    "http://localhost:3000, http://localhost:3000",
    "http://localhost:3000/, http://localhost:3000",
    "HTTPS://App.Example.COM, https://app.example.com",
    "https://app.example.com:443, https://app.example.com",
    "https://app.example.com:443/, https://app.example.com",
    "https://app.example.com:0443, https://app.example.com",
    "https://app.example.com:, https://app.example.com",
    "http://app.example.com:80, http://app.example.com",
    "http://app.example.com:443, http://app.example.com:443",
    "https://app.example.com:80, https://app.example.com:80",
    "https://bücher.example, https://xn--bcher-kva.example",
    "http://127.0.0.1:8080, http://127.0.0.1:8080",
    "http://[::1]:3000, http://[::1]:3000",
    "http://[0:0:0:0:0:0:0:1]:80/, http://[::1]",
    "http://[2001:DB8:0:1:0:0:0:1], http://[2001:db8:0:1::1]"
  })
  void an_entry_has_the_form_that_browsers_send(String entry, String origin) {
    assertEquals(origin, CorsOrigin.parse(entry));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "null",
        "localhost:3000",
        "app.example.com",
        "//app.example.com",
        "https://",
        "https:///",
        "https://*.example.com",
        "https://app.example.com:*",
        "https://app.example.com/path",
        "https://app.example.com//",
        "https://app.example.com?a=b",
        "https://app.example.com/?",
        "https://app.example.com#top",
        "ftp://app.example.com",
        "file:///index.html",
        "chrome-extension://abcdef",
        "https://app.example.com:0",
        "https://app.example.com:65536",
        "https://app.example.com:port",
        "https://app example.com",
        "https://-app.example.com",
        "https://[::1",
        "https://[1.2.3.4]",
        "https://app.example.com\\x"
      })
  void an_entry_that_no_browser_sends_is_refused_by_name(String entry) {
    String message =
        Objects.requireNonNull(
            assertThrows(IllegalArgumentException.class, () -> CorsOrigin.parse(entry))
                .getMessage());
    assertTrue(message.contains('"' + entry + '"'), message);
  }

  @Test
  void user_info_is_refused_and_not_repeated() {
    String message =
        Objects.requireNonNull(
            assertThrows(
                    IllegalArgumentException.class,
                    () -> CorsOrigin.parse("https://ada:secret@app.example.com"))
                .getMessage());
    assertFalse(message.contains("secret"), message);
    assertTrue(message.contains("app.example.com"), message);
  }

  @Test
  void each_wrong_entry_is_reported_at_start() {
    Config.InvalidException e =
        assertThrows(
            Config.InvalidException.class,
            () ->
                Config.load(
                    Map.of("CORS_ORIGINS", "https://a.example/, *, https://b.example/path")));
    assertEquals(2, e.errors().stream().filter(line -> line.startsWith("CORS_ORIGINS ")).count());
  }
}
