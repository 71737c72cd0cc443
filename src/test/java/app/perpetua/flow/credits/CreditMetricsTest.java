package app.perpetua.flow.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.observability.Metrics;
import app.perpetua.flow.parsing.Accept;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CreditMetricsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  @AutoClose private final Metrics metrics = new Metrics();
  private final Ids ids = new Ids();
  private final Json json = new Json();
  private final MutableClock clock = new MutableClock();
  private final Credits credits =
      new Credits(
          new CreditConfig(10, 100, 50), ids, json, new Events(ids, json), metrics.registry());
  private final Db db =
      new Db(
          database.pool(1),
          SqlCatalog.load(),
          clock,
          Duration.ofMinutes(1),
          now -> {
            database.makeDays(now);
            return true;
          });
  private final UUID user = database.newUser().onPro().save();

  private void write(Consumer<Tx> work) {
    db.write(
        Actor.user(user, null),
        tx -> {
          tx.lockOwner();
          work.accept(tx);
          return "";
        });
  }

  @Test
  void FR_066_credits_are_counted_by_operation_and_type() {
    write(tx -> credits.beginMonth(tx, "2026-03"));
    write(tx -> credits.spend(tx, 15, "call", "test"));
    write(tx -> credits.refund(tx, "call", 3));
    write(tx -> credits.endMonth(tx, "left"));
    clock.advance(Duration.ofDays(1));
    write(credits::refreshDaily);
    assertEquals(
        List.of(
            "credit_movements_total{operation=\"carryover\",type=\"subscription\"} 50.0",
            "credit_movements_total{operation=\"consume\",type=\"daily\"} 10.0",
            "credit_movements_total{operation=\"consume\",type=\"subscription\"} 5.0",
            "credit_movements_total{operation=\"expire\",type=\"subscription\"} 48.0",
            "credit_movements_total{operation=\"grant\",type=\"daily\"} 20.0",
            "credit_movements_total{operation=\"grant\",type=\"subscription\"} 100.0",
            "credit_movements_total{operation=\"refund\",type=\"subscription\"} 3.0"),
        moved());
  }

  @Test
  void rolled_back_credits_are_not_counted_and_retried_ones_once() {
    assertThrows(
        Refusal.class,
        () ->
            write(
                tx -> {
                  credits.spend(tx, 1, "call", "test");
                  credits.spend(tx, 1_000, "another", "test");
                }));
    assertEquals(List.of(), moved());
    write(
        tx -> {
          credits.spend(tx, 1, "call", "test");
          tx.optional(
              "odd",
              () -> {
                throw new IllegalStateException("as if it were broken");
              },
              _ -> {});
        });
    List<String> once =
        List.of(
            "credit_movements_total{operation=\"consume\",type=\"daily\"} 1.0",
            "credit_movements_total{operation=\"grant\",type=\"daily\"} 10.0");
    assertEquals(once, moved());
    // Only the commit detects that the month was granted before.
    write(tx -> credits.beginMonth(tx, "2026-03"));
    List<String> before = moved();
    assertThrows(RuntimeException.class, () -> write(tx -> credits.beginMonth(tx, "2026-03")));
    assertEquals(before, moved());
    assertTrue(before.containsAll(once), before::toString);
  }

  private List<String> moved() {
    String prefix = "perpetua_";
    return metrics
        .scrape(Accept.parse(List.of()))
        .text()
        .lines()
        .filter(line -> line.startsWith(prefix + "credit_movements"))
        .map(line -> line.substring(prefix.length()))
        .sorted()
        .toList();
  }
}
