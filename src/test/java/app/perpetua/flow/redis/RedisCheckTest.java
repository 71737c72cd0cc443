package app.perpetua.flow.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.RedisServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RedisCheckTest {
  private static CheckResult check(String url) throws InterruptedException {
    return new RedisCheck(RedisUrl.parse(url), Duration.ofSeconds(8)).run();
  }

  private static void assertFailed(CheckResult result, String reason) {
    assertEquals(CheckResult.Status.FAILED, result.status());
    assertTrue(result.sentence().contains(reason), result::sentence);
    assertTrue(result.sentence().contains("REDIS_URL"), result::sentence);
    assertFalse(result.sentence().contains("hidden"), result::sentence);
  }

  @Test
  void FR_113_a_server_that_runs_scripts_is_all_right() throws Exception {
    try (RedisServer server = new RedisServer()) {
      CheckResult result = check("redis://127.0.0.1:" + server.port());
      assertEquals(CheckResult.Status.OK, result.status(), result::sentence);
      assertTrue(
          result.sentence().startsWith("runs scripts at 127.0.0.1:" + server.port()),
          result::sentence);
    }
  }

  @Test
  void FR_113_what_is_wrong_is_named_without_the_password() throws Exception {
    assertFailed(check("redis://:hidden@127.0.0.1:" + FreePort.find()), "refused");
    try (RedisServer closed = new RedisServer("--requirepass", "right")) {
      assertFailed(check("redis://:hidden@127.0.0.1:" + closed.port()), "WRONGPASS");
    }
    try (RedisServer full = new RedisServer("--maxmemory", "1")) {
      assertFailed(check("redis://127.0.0.1:" + full.port()), "OOM");
    }
  }
}
