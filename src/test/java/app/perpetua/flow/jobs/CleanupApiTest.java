package app.perpetua.flow.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CleanupApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private long rows(UUID user, String table) {
    return database.number("select count(*) from " + table + " where user_id = ?", user);
  }

  private void sweepAfter(Duration duration) {
    service.clock().advance(duration);
    database.makeDays(service.clock().instant());
    service.runDueJobs();
    service.clock().advance(duration.negated());
    Invariants.check(database);
  }

  @Test
  void cleanup_deletes_expired_rows_only() {
    String subject = "google-" + UUID.randomUUID();
    TestService.Session user = service.signIn(subject);
    String task = user.api().createTask("a");
    user.api().delete("/api/v1/tasks/" + task).expect(200);
    service.api().post("/api/v1/auth/refresh", Map.of("refresh_token", user.refreshToken()));
    UUID id = user.userId();
    List<String> tables =
        List.of("ops.idempotency_keys", "tasks.deletion_tombstones", "auth.refresh_tokens");
    assertEquals(List.of(1L, 1L, 2L), tables.stream().map(table -> rows(id, table)).toList());

    sweepAfter(Duration.ZERO);
    assertEquals(List.of(1L, 1L, 2L), tables.stream().map(table -> rows(id, table)).toList());
    sweepAfter(Duration.ofHours(24));
    assertEquals(List.of(0L, 1L, 2L), tables.stream().map(table -> rows(id, table)).toList());
    sweepAfter(Duration.ofDays(8));
    assertEquals(List.of(0L, 0L, 1L), tables.stream().map(table -> rows(id, table)).toList());
    sweepAfter(Duration.ofDays(15));
    assertEquals(List.of(0L, 0L, 0L), tables.stream().map(table -> rows(id, table)).toList());
  }
}
