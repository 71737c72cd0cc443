package app.perpetua.flow.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.PlainServer;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MovableNanos;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.limits.Admission;
import app.perpetua.flow.parsing.CursorKey;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.node.JsonNodeFactory;

/** When a batch ends before its last command. */
class BatchExecutorTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final MovableNanos nanos = new MovableNanos();
  private final MutableClock clock = new MutableClock();
  private final Json json = new Json();
  private final UUID user = database.newUser().save();
  private final Db db =
      new Db(database.pool(2), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
  private final Admission admission = new Admission(db.connections());
  private final BatchExecutor executor =
      new BatchExecutor(
          json,
          new Errors(json),
          db,
          new UserReads(db, PlainServer.SESSIONS, admission),
          new IdempotentWrites(json, db, PlainServer.SESSIONS, admission),
          nanos);
  private final List<String> executed = new ArrayList<>();
  private Batch.Results results = new Batch.Results(List.of(), Map.of());

  @Test
  void FR_147_after_20_seconds_no_command_is_started() {
    Runnable slow = () -> nanos.advance(Duration.ofSeconds(9));
    execute(false, slow, slow, slow, slow);
    assertEquals(List.of("0", "1", "2"), executed);
    assertEquals(List.of(204, 204, 204, 503), statuses());
    assertEquals(1, results.results().get(3).members().at("/error/retry_after").asInt());
  }

  @Test
  void FR_147_when_the_service_stops_no_command_is_started() {
    execute(false, () -> {}, executor::drain, () -> {});
    assertEquals(List.of("0", "1"), executed);
    assertEquals(List.of(204, 204, 503), statuses());
    execute(true, () -> {}, () -> {});
    assertEquals(List.of(503, 503), statuses());
  }

  @Test
  void FR_147_a_passing_failure_ends_the_batch_so_that_the_order_is_kept() {
    execute(
        false,
        () -> {},
        () -> refuse(Refusal.of(ErrorCode.RATE_LIMIT_EXCEEDED, "a").retryAfter(Duration.ZERO)),
        () -> {});
    assertEquals(List.of("0", "1"), executed);
    assertEquals(List.of(204, 429, 503), statuses());
    executed.clear();
    execute(false, () -> refuse(Refusal.of(ErrorCode.CONFLICT, "a")), () -> {});
    assertEquals(List.of("0", "1"), executed);
    assertEquals(List.of(409, 204), statuses());
  }

  private static void refuse(Refusal refusal) {
    throw refusal;
  }

  /** Each command runs one of these. */
  private void execute(boolean atomic, Runnable... works) {
    List<Batch.Command> commands = new ArrayList<>();
    for (int i = 0; i < works.length; i++) {
      Runnable work = works[i];
      String number = Integer.toString(i);
      Route route =
          Route.write(
                  Route.Verb.POST,
                  "/" + i,
                  _ ->
                      _ -> {
                        executed.add(number);
                        work.run();
                        return Reply.noContent();
                      })
              .command("command " + i);
      UUID key = UUID.randomUUID();
      commands.add(
          new Batch.Command(
              key.toString(), key, route, null, JsonNodeFactory.instance.objectNode(), null));
    }
    executor.answer(
        request(),
        Actor.user(user, "test"),
        new Batch(
            commands,
            atomic,
            _ ->
                all -> {
                  results = all;
                  return Reply.noContent();
                }));
  }

  private Request request() {
    return new Request(
        json,
        new RequestContext("test", "192.0.2.1", () -> false),
        new Principal(user, UUID.randomUUID(), null, user, clock.instant()),
        _ -> "",
        _ -> null,
        new QueryParameters(Set.of(), _ -> null, new CursorKey(new Secret("secret")).of("/", user)),
        new byte[0],
        clock.instant());
  }

  private List<Integer> statuses() {
    return results.results().stream().map(Batch.Result::status).toList();
  }
}
