package app.perpetua.flow.events;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/** Fails a number of times, then enqueues a job that no worker runs, as a mark. */
final class Marking implements EventListener {
  private final String name;
  private final Predicate<Event> handled;
  private final BiConsumer<Tx, Event> failing;
  private final AtomicInteger failures;

  Marking(String name, Predicate<Event> handled, int failures, BiConsumer<Tx, Event> failing) {
    this.name = name;
    this.handled = handled;
    this.failing = failing;
    this.failures = new AtomicInteger(failures);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean handles(Event event) {
    return handled.test(event);
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
