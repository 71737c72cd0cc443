package app.perpetua.flow.events;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** Fails as often as told, then leaves its mark: a job that nobody runs. */
final class Marking implements EventListener {
  private final String name;
  private final Predicate<Event> concerned;
  private final BiConsumer<Tx, Event> failing;
  private final AtomicInteger failures;

  Marking(String name, Predicate<Event> concerned, int failures, BiConsumer<Tx, Event> failing) {
    this.name = name;
    this.concerned = concerned;
    this.failing = failing;
    this.failures = new AtomicInteger(failures);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean handles(Event event) {
    return concerned.test(event);
  }

  @Override
  public void handle(Tx tx, Event event) {
    if (failures.getAndDecrement() > 0) {
      failing.accept(tx, event);
    } else {
      tx.sql("jobs.enqueue")
          .bind("id", new Ids().next())
          .bind("kind", "mark")
          .bind("key", name + UUID.randomUUID())
          .bind("payload", "{}")
          .bind("run_at", tx.now())
          .atCommit();
    }
  }
}
