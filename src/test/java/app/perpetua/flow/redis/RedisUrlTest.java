package app.perpetua.flow.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.Secret;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedisUrlTest {
  @Test
  void all_parts_are_read() {
    RedisUrl url = RedisUrl.parse(" rediss://limits:p%40ss+word%3A@cache.example.com:6380/3 ");
    assertEquals(
        new RedisUrl(
            true,
            "cache.example.com",
            6380,
            Optional.of("limits"),
            Optional.of(new Secret("p@ss+word:")),
            3),
        url);
    assertEquals("cache.example.com:6380", url.address());
  }

  @Test
  void parts_have_defaults() {
    assertEquals(
        new RedisUrl(false, "cache", 6379, Optional.empty(), Optional.empty(), 0),
        RedisUrl.parse("redis://cache"));
    assertEquals(
        new RedisUrl(false, "cache", 6379, Optional.empty(), Optional.of(new Secret("secret")), 0),
        RedisUrl.parse("redis://:secret@cache/"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cache:6379",
        "http://cache:6379",
        "redis://",
        "redis:///0",
        "redis://secret@cache",
        "redis://:secret%zz@cache",
        "redis://cache/secret",
        "redis://cache/-1",
        "redis://cache/12345",
        "redis://cache?password=secret",
        "redis://cache#secret"
      })
  void an_invalid_url_is_refused_without_being_quoted(String text) {
    Exception refused = assertThrows(IllegalArgumentException.class, () -> RedisUrl.parse(text));
    assertFalse(String.valueOf(refused.getMessage()).contains("secret"));
  }

  @Test
  void the_password_is_not_printed() {
    assertFalse(RedisUrl.parse("redis://:hidden@cache").toString().contains("hidden"));
    assertFalse(Redis.uri(RedisUrl.parse("redis://:hidden@cache")).toString().contains("hidden"));
  }
}
