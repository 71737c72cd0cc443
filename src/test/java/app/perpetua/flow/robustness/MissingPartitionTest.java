package app.perpetua.flow.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MissingPartitionTest {
  private static final int USERS = 8;
  private static final int ROUNDS = 5;

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  @Test
  void FR_095_writes_that_meet_at_a_missing_partition_all_succeed() throws Exception {
    List<Api> users = IntStream.range(0, USERS).mapToObj(_ -> service.newUser().api()).toList();
    String day = UtcDay.of(service.clock().instant()).format(DateTimeFormatter.BASIC_ISO_DATE);
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int round = 0; round < ROUNDS; round++) {
        database.run("drop table activity.activity_logs_" + day);
        List<Future<Api.Answer>> answers =
            users.stream()
                .map(api -> clients.submit(() -> api.post("/api/v1/tasks", Map.of("title", "a"))))
                .toList();
        for (Future<Api.Answer> answer : answers) {
          assertEquals(201, answer.get().status(), answer.get()::toString);
        }
      }
    }
  }
}
