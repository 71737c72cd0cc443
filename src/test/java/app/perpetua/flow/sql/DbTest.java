package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import com.zaxxer.hikari.HikariDataSource;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DbTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private final MutableClock clock = new MutableClock();
  private final Db db =
      new Db(database.pool(4), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
  private final UUID user = database.newUser().save();
  private final Actor actor = Actor.user(user, "test");

  @Test
  void a_refusal_rolls_everything_back() {
    assertThrows(
        Refusal.class,
        () ->
            db.write(
                actor,
                tx -> {
                  rename(tx, "changed");
                  throw Refusal.of(ErrorCode.CONFLICT, "no");
                }));
    assertEquals("Ada Example", name());
  }

  @Test
  void deferred_statements_run_at_the_commit_in_order() {
    db.write(
        actor,
        tx -> {
          deferRename(tx, "first");
          deferRename(tx, "second");
          assertEquals("Ada Example", name());
          return "";
        });
    assertEquals("second", name());
  }

  @Test
  void flushed_statements_are_read_by_the_transaction_alone_and_end_with_it() {
    db.write(
        actor,
        tx -> {
          tx.lockOwner();
          tx.memoized(String.class, () -> "before");
          deferRename(tx, "flushed");
          tx.flush();
          assertEquals("flushed", names(tx).getFirst());
          assertEquals("Ada Example", name());
          assertEquals("after", tx.memoized(String.class, () -> "after"));
          assertThrows(IllegalStateException.class, tx::owner);
          deferRename(tx, "last");
          return "";
        });
    assertEquals("last", name());
    assertThrows(
        Refusal.class,
        () ->
            db.write(
                actor,
                tx -> {
                  deferRename(tx, "refused");
                  tx.flush();
                  throw Refusal.of(ErrorCode.CONFLICT, "no");
                }));
    assertEquals("last", name());
  }

  @Test
  void a_flush_without_deferred_statements_sends_the_opening() {
    List<String> order = new ArrayList<>();
    db.write(
        actor,
        tx -> {
          open(tx, order);
          tx.flush();
          order.add("flushed");
          return "";
        });
    assertEquals(List.of("opened", "flushed"), order);
  }

  @Test
  void an_optional_step_whose_statement_fails_at_a_flush_is_left_out() {
    List<String> order = new ArrayList<>();
    db.write(
        actor,
        tx -> {
          deferRename(tx, "without the step");
          if (!tx.optional(
              "step", () -> deferRename(tx, "x".repeat(300)), _ -> order.add("failed"))) {
            order.add("left out");
          }
          tx.flush();
          order.add("flushed");
          return "";
        });
    assertEquals(List.of("left out", "flushed", "failed"), order);
    assertEquals("without the step", name());
  }

  @Test
  void an_optional_step_that_was_flushed_is_not_why_the_commit_fails() {
    AtomicInteger attempts = new AtomicInteger();
    assertThrows(
        DatabaseException.class,
        () ->
            db.write(
                actor,
                tx -> {
                  attempts.incrementAndGet();
                  tx.optional("step", () -> deferRename(tx, "step"), _ -> {});
                  tx.flush();
                  deferRename(tx, "x".repeat(300));
                  return "";
                }));
    assertEquals(1, attempts.get());
    assertEquals("Ada Example", name());
  }

  @Test
  void a_constraint_violated_at_the_commit_rolls_back_and_is_named() {
    DatabaseException e =
        assertThrows(
            DatabaseException.class,
            () ->
                db.write(
                    actor,
                    tx -> {
                      deferRename(tx, "before");
                      deferRename(tx, "x".repeat(300));
                      deferRename(tx, "after");
                      return "";
                    }));
    assertEquals(DatabaseException.Kind.CONSTRAINT, e.kind());
    assertTrue(e.violates("users_name_length"));
    assertEquals("Ada Example", name());
    // The connection remains usable.
    db.write(actor, tx -> rename(tx, "later"));
    assertEquals("later", name());
  }

  @Test
  void a_transaction_of_one_deferred_statement_commits_or_fails_as_others_do() {
    List<String> log = new ArrayList<>();
    db.write(
        actor,
        tx -> {
          tx.afterCommit(() -> log.add(name()));
          deferRename(tx, "alone");
          return "";
        });
    assertEquals(List.of("alone"), log);
    DatabaseException e =
        assertThrows(
            DatabaseException.class,
            () ->
                db.write(
                    actor,
                    tx -> {
                      deferRename(tx, "x".repeat(300));
                      return "";
                    }));
    assertTrue(e.violates("users_name_length"));
    assertEquals("alone", name());
    // The connection remains usable, for transactions as well.
    assertThrows(
        Refusal.class,
        () ->
            db.write(
                actor,
                tx -> {
                  rename(tx, "changed");
                  throw Refusal.of(ErrorCode.CONFLICT, "no");
                }));
    assertEquals("alone", name());
  }

  @Test
  void after_commit_actions_run_after_the_commit_and_cannot_fail_it() {
    List<String> log = new ArrayList<>();
    db.write(
        actor,
        tx -> {
          deferRename(tx, "changed");
          tx.afterCommit(
              () -> {
                throw new IllegalStateException("too late");
              });
          tx.actingFor(user).afterCommit(() -> log.add(name()));
          return log.add("not yet");
        });
    assertEquals(List.of("not yet", "changed"), log);
  }

  @Test
  void after_commit_actions_do_not_run_if_the_commit_fails() {
    List<String> log = new ArrayList<>();
    assertThrows(
        DatabaseException.class,
        () ->
            db.write(
                actor,
                tx -> {
                  deferRename(tx, "x".repeat(300));
                  tx.afterCommit(() -> log.add("changed"));
                  return "";
                }));
    assertEquals(List.of(), log);
  }

  @Test
  void promise_27_no_failure_quotes_a_bound_value() {
    RuntimeException defect =
        assertThrows(
            RuntimeException.class,
            () ->
                db.write(
                    actor,
                    tx -> renaming(tx, "private words").bind("avatar_url", new Object()).run()));
    StringWriter trace = new StringWriter();
    defect.printStackTrace(new PrintWriter(trace));
    assertFalse(trace.toString().contains("private words"), trace.toString());
  }

  /** Two transactions that lock the same two users in opposite order. */
  private final class Deadlock {
    private final AtomicInteger attempts = new AtomicInteger();
    private final CyclicBarrier bothHoldOne = new CyclicBarrier(2);
    private final CountDownLatch committed = new CountDownLatch(1);

    void lockBoth(UUID first, UUID second) {
      db.write(
          Actor.system(null),
          tx -> {
            boolean again = attempts.incrementAndGet() > 2;
            if (again) {
              // Otherwise it could take the lock before the other transaction wakes, and deadlock
              // again.
              assertDoesNotThrow(() -> committed.await());
            }
            tx.actingFor(first).lockOwner();
            if (!again) {
              assertDoesNotThrow(() -> bothHoldOne.await());
            }
            tx.actingFor(second).lockOwner();
            return "";
          });
      committed.countDown();
    }
  }

  @Test
  void a_deadlock_is_run_again() throws Exception {
    UUID other = database.newUser().save();
    Deadlock deadlock = new Deadlock();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> one = executor.submit(() -> deadlock.lockBoth(user, other));
      Future<?> two = executor.submit(() -> deadlock.lockBoth(other, user));
      one.get();
      two.get();
    }
    assertEquals(3, deadlock.attempts.get());
  }

  @Test
  void the_first_read_sees_what_the_opening_lock_waited_for() throws Exception {
    CountDownLatch locked = new CountDownLatch(1);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> first =
          executor.submit(
              () ->
                  db.write(
                      actor,
                      tx -> {
                        tx.lockOwner();
                        locked.countDown();
                        Eventually.within(Duration.ofSeconds(20), DbTest::aSessionWaitsForALock);
                        return rename(tx, "by the first");
                      }));
      locked.await();
      List<String> read =
          db.write(
              actor,
              tx -> {
                tx.openWithOwner();
                return names(tx);
              });
      assertEquals(List.of("by the first"), read);
      first.get();
    }
  }

  @Test
  void an_opening_query_is_sent_before_anything_but_a_read() {
    List<String> order = new ArrayList<>();
    db.write(
        actor,
        tx -> {
          open(tx, order);
          order.add("update " + rename(tx, "changed"));
          return "";
        });
    db.write(
        actor,
        tx -> {
          open(tx, order);
          return tx.optional("step", () -> order.add("step"), _ -> {});
        });
    db.write(
        actor,
        tx -> {
          open(tx, order);
          deferRename(tx, "at the commit");
          return order.add("work");
        });
    assertEquals(List.of("opened", "update 1", "opened", "step", "work", "opened"), order);
  }

  @Test
  void a_refusal_of_the_opening_query_precedes_one_of_the_work() {
    Refusal refused =
        assertThrows(
            Refusal.class,
            () ->
                db.write(
                    Actor.user(UUID.randomUUID(), "test"),
                    tx -> {
                      tx.openWithOwner();
                      throw Refusal.of(ErrorCode.CONFLICT, "no");
                    }));
    assertEquals(ErrorCode.UNAUTHORIZED, refused.code());
  }

  @Test
  void a_refusal_of_the_opening_query_ends_the_transaction_before_the_read_is_mapped() {
    assertThrows(
        Refusal.class,
        () ->
            db.write(
                actor,
                tx -> {
                  deferRename(tx, "changed");
                  tx.sql("owner.lock")
                      .open(
                          LockedUser::of,
                          _ -> {
                            throw Refusal.of(ErrorCode.CONFLICT, "no");
                          });
                  return tx.sql("account.find_me")
                      .list(
                          _ -> {
                            throw new AssertionError("mapped");
                          });
                }));
    assertEquals("Ada Example", name());
  }

  private static void open(Tx tx, List<String> order) {
    tx.sql("owner.lock").open(LockedUser::of, _ -> order.add("opened"));
  }

  private static List<String> names(Tx tx) {
    return tx.sql("account.find_me").list(row -> row.text("name"));
  }

  private static boolean aSessionWaitsForALock() {
    try (var connection = database.dataSource().getConnection();
        var statement = connection.createStatement();
        var waiting =
            statement.executeQuery(
                "select exists (select from pg_stat_activity where datname = current_database()"
                    + " and wait_event_type = 'Lock') as waits")) {
      return waiting.next() && waiting.getBoolean(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void a_system_statement_is_refused_in_a_users_transaction() {
    assertThrows(
        IllegalStateException.class, () -> db.read(actor, tx -> tx.sql("events.create_partition")));
    assertThrows(
        IllegalStateException.class, () -> db.write(Actor.system(null), tx -> tx.lockOwner()));
  }

  @Test
  void now_is_one_instant_in_whole_milliseconds() {
    clock.set(MutableClock.START.plusNanos(1_234_567));
    assertEquals(MutableClock.START.plusMillis(1), db.now());
    db.write(
        actor,
        tx -> {
          clock.advance(Duration.ofHours(1));
          assertEquals(MutableClock.START.plusMillis(1), tx.now());
          return "";
        });
  }

  @Test
  void one_time_budget_covers_all_statements_of_a_request() {
    Db hasty = new Db(database.pool(1), SqlCatalog.load(), clock, Duration.ofMillis(1), _ -> false);
    DatabaseException e =
        assertThrows(
            DatabaseException.class,
            () ->
                hasty.write(
                    actor,
                    tx -> {
                      while (true) {
                        tx.lockOwner();
                      }
                    }));
    assertEquals(DatabaseException.Kind.UNAVAILABLE, e.kind());
  }

  @Test
  void FR_128_transactions_take_a_connection_in_the_order_of_arrival() throws Exception {
    HikariDataSource pool = database.pool(1);
    ConnectionQueue queue = ConnectionQueue.patient(pool);
    Db single = new Db(pool, queue, SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
    CountDownLatch end = new CountDownLatch(1);
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    List<Future<Boolean>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 10; i++) {
        int number = i;
        Function<Tx, Boolean> work =
            _ -> {
              try {
                order.add(number);
                return number > 0 || end.await(60, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            };
        all.add(
            threads.submit(
                () -> number % 2 == 0 ? single.write(actor, work) : single.read(actor, work)));
        Eventually.within(
            Duration.ofSeconds(60),
            () -> number == 0 ? order.size() == 1 : queue.queued() == number);
      }
      assertEquals(0, pool.getHikariPoolMXBean().getThreadsAwaitingConnection());
      end.countDown();
      for (Future<Boolean> one : all) {
        assertTrue(one.get());
      }
    }
    assertEquals(IntStream.range(0, 10).boxed().toList(), order);
  }

  private static int rename(Tx tx, String name) {
    return renaming(tx, name).run();
  }

  private static void deferRename(Tx tx, String name) {
    renaming(tx, name).atCommit();
  }

  private static Query renaming(Tx tx, String name) {
    return tx.sql("account.refresh_profile")
        .bind("email", "ada@example.com")
        .bind("name", name)
        .bind("avatar_url", null);
  }

  private String name() {
    return String.valueOf(
        database.row("select name from auth.users where id = ?", user).get("name"));
  }
}
