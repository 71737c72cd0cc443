package app.perpetua.flow.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CreditsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Instant MIDNIGHT = Instant.parse("2026-03-11T00:00:00Z");

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final Json json = new Json();
  private final Credits credits =
      new Credits(
          new CreditConfig(10, 100, 50),
          ids,
          json,
          new Events(ids, json),
          new SimpleMeterRegistry());
  private final HikariDataSource pool = database.pool(10);
  private final Db db =
      new Db(
          pool,
          SqlCatalog.load(),
          clock,
          Duration.ofMinutes(1),
          now -> {
            database.makeDays(now);
            return true;
          });

  private UUID user = new UUID(0, 0);

  @BeforeEach
  void aProUser() {
    user = database.newUser().onPro().save();
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  private void write(Consumer<Tx> work) {
    db.write(
        Actor.user(user, null),
        tx -> {
          tx.lockOwner();
          work.accept(tx);
          return "";
        });
  }

  private void spend(int amount, String ref) {
    write(tx -> credits.spend(tx, amount, ref, "test"));
  }

  private void refund(String ref, int most) {
    write(tx -> credits.refund(tx, ref, most));
  }

  private Balance balance() {
    return db.read(Actor.user(user, null), tx -> credits.statement(tx).balance());
  }

  private UUID purchase(int amount) {
    UUID purchase = ids.next();
    database.run(
        """
        insert into billing.purchases
          (id, user_id, kind, credits, amount_cents, currency, status, created_at, updated_at)
        values (?, ?, 'credits', ?, ?, 'USD', 'captured', ?, ?)
        """,
        purchase,
        user,
        amount,
        amount * 5,
        clock.instant(),
        clock.instant());
    write(tx -> credits.grantPurchased(tx, purchase, amount));
    return purchase;
  }

  /** The ledger entries of one charge, in order. */
  private List<String> lines(String ref) {
    return database
        .rows(
            """
            select credit_type || ' ' || operation || ' ' || amount || ' ' || balance_after as line
            from billing.ai_credit_ledger where user_id = ? and operation_ref = ? order by seq
            """,
            user,
            ref)
        .stream()
        .map(row -> String.valueOf(row.get("line")))
        .toList();
  }

  @Test
  void FR_042_spends_daily_then_monthly_then_bought_then_kickstart_credits() {
    write(tx -> credits.grantKickstart(tx, 5));
    purchase(20);
    write(tx -> credits.beginMonth(tx, "2026-03"));
    assertEquals(new Balance(10, 100, 20, 5, 135), balance());
    spend(132, "call");
    assertEquals(
        List.of(
            "daily consume -10 125",
            "subscription consume -100 25",
            "purchased consume -20 5",
            "kickstart consume -2 3"),
        lines("call"));
    assertEquals(new Balance(0, 0, 0, 3, 3), balance());
  }

  @Test
  void FR_042_within_a_type_the_oldest_credits_are_spent_first() {
    UUID first = purchase(3);
    clock.advance(Duration.ofMinutes(1));
    purchase(3);
    spend(11, "call");
    assertEquals(
        2,
        database.number(
            "select remaining from billing.ai_credit_grants where purchase_id = ?", first));
  }

  @Test
  void spending_more_than_the_balance_is_refused_and_changes_nothing() {
    Refusal refused = assertThrows(Refusal.class, () -> spend(11, "call"));
    assertEquals(ErrorCode.INSUFFICIENT_CREDITS, refused.code());
    assertEquals(Map.of("required", 11, "available", 10), refused.extras());
    assertEquals(List.of(), lines("call"));
    assertEquals(10, balance().total());
  }

  @Test
  void FR_040_daily_credits_expire_at_midnight_and_are_granted_once_a_day() {
    spend(4, "before");
    clock.set(MIDNIGHT.minusMillis(1));
    assertEquals(6, balance().daily());
    clock.set(MIDNIGHT);
    assertEquals(10, balance().daily());
    spend(1, "after");
    write(credits::refreshDaily);
    assertEquals(9, balance().daily());
    assertEquals(List.of("daily expire -6 0"), lines("expire:2026-03-11"));
    assertEquals(List.of("daily grant 10 10"), lines("daily:2026-03-11:10"));
  }

  @Test
  void FR_038_a_perk_earned_during_the_day_adds_the_difference() {
    spend(10, "all");
    database.run("update auth.users set perk_daily_credits = 2 where id = ?", user);
    write(credits::refreshDaily);
    assertEquals(2, balance().daily());
    // Leaving Pro revokes nothing, and returning grants nothing again.
    database.run("update auth.users set tier = 'free' where id = ?", user);
    write(credits::refreshDaily);
    database.run("update auth.users set tier = 'pro' where id = ?", user);
    write(credits::refreshDaily);
    assertEquals(2, balance().daily());
    database.run("update auth.users set perk_daily_credits = 0 where id = ?", user);
  }

  @Test
  void a_charge_is_refunded_once_to_the_grants_that_it_spent() {
    write(tx -> credits.beginMonth(tx, "2026-03"));
    spend(15, "call");
    refund("call", 15);
    refund("call", 15);
    refund("never", 15);
    assertEquals(new Balance(10, 100, 0, 0, 110), balance());
    assertEquals(
        List.of(
            "daily consume -10 100",
            "subscription consume -5 95",
            "subscription refund 5 100",
            "daily refund 10 110"),
        lines("call"));
  }

  @Test
  void part_of_a_charge_can_be_refunded() {
    write(tx -> credits.beginMonth(tx, "2026-03"));
    spend(15, "call");
    refund("call", 7);
    assertEquals(new Balance(2, 100, 0, 0, 102), balance());
  }

  @Test
  void a_refund_after_midnight_goes_to_todays_credits() {
    spend(3, "call");
    clock.set(MIDNIGHT.plusSeconds(1));
    refund("call", 3);
    refund("call", 3);
    assertEquals(13, balance().daily());
    clock.advance(Duration.ofDays(1));
    assertEquals(10, balance().daily());
  }

  @Test
  void FR_041_half_of_a_months_credits_are_carried_over_and_the_rest_expires() {
    write(tx -> credits.beginMonth(tx, "2026-03"));
    spend(30, "call");
    clock.advance(Duration.ofDays(31));
    write(tx -> credits.beginMonth(tx, "2026-04"));
    assertEquals(150, balance().subscription());
    assertEquals(
        List.of("subscription carryover -50 10", "subscription carryover 50 60"),
        lines("carryover:2026-04"));
    // Credits carried over before are included: still 50 at most.
    clock.advance(Duration.ofDays(30));
    write(tx -> credits.beginMonth(tx, "2026-05"));
    assertEquals(150, balance().subscription());
  }

  @Test
  void FR_041_a_user_who_leaves_pro_keeps_at_most_fifty() {
    write(tx -> credits.beginMonth(tx, "2026-03"));
    write(tx -> credits.endMonth(tx, "left"));
    assertEquals(50, balance().subscription());
    spend(30, "call");
    write(tx -> credits.endMonth(tx, "left again"));
    assertEquals(30, balance().subscription());
  }

  @Test
  void a_month_is_granted_once() {
    write(tx -> credits.beginMonth(tx, "2026-03"));
    assertThrows(RuntimeException.class, () -> write(tx -> credits.beginMonth(tx, "2026-03")));
    assertEquals(100, balance().subscription());
  }

  @Test
  void refunding_a_purchase_expires_its_remaining_credits() {
    UUID purchase = purchase(20);
    spend(15, "call");
    database.run("update billing.purchases set status = 'refunded' where id = ?", purchase);
    write(tx -> credits.revokePurchased(tx, purchase));
    write(tx -> credits.revokePurchased(tx, purchase));
    assertEquals(0, balance().total());
  }

  @Test
  void every_description_of_the_service_is_a_phrase_that_begins_with_a_capital() {
    write(tx -> credits.beginMonth(tx, "2026-03"));
    UUID purchase = purchase(20);
    spend(3, "call");
    refund("call", 3);
    clock.set(MIDNIGHT);
    write(credits::refreshDaily);
    write(tx -> credits.beginMonth(tx, "2026-04"));
    database.run("update billing.purchases set status = 'refunded' where id = ?", purchase);
    write(tx -> credits.revokePurchased(tx, purchase));
    List<String> descriptions =
        database
            .rows(
                "select distinct description from billing.ai_credit_ledger"
                    + " where user_id = ? and operation <> 'consume'",
                user)
            .stream()
            .map(row -> String.valueOf(row.get("description")))
            .toList();
    assertTrue(
        descriptions.containsAll(
            List.of(
                "Expired at the end of the day", "Expired with the month", "Purchase refunded")),
        descriptions::toString);
    assertEquals(
        List.of(), descriptions.stream().filter(text -> !text.matches("[A-Z].*[a-z]")).toList());
  }

  @Test
  void every_ledger_entry_has_an_activity_entry() {
    spend(3, "call");
    refund("call", 3);
    clock.set(MIDNIGHT);
    write(credits::refreshDaily);
    assertEquals(
        List.of(
            "credits_granted system",
            "credits_consumed user",
            "credits_refunded system",
            "credits_expired system",
            "credits_granted system"),
        database
            .rows(
                """
                select action || ' ' || source as entry from activity.activity_logs
                where user_id = ? order by created_at, id
                """,
                user)
            .stream()
            .map(row -> String.valueOf(row.get("entry")))
            .toList());
  }

  @Test
  void promise_15_a_thousand_parallel_spends_over_mixed_grants_are_exact() throws Exception {
    write(tx -> credits.grantKickstart(tx, 5));
    purchase(200);
    write(tx -> credits.beginMonth(tx, "2026-03"));
    int there = balance().total();
    AtomicInteger spent = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    try (ExecutorService callers = Executors.newFixedThreadPool(10)) {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        String ref = "call " + i;
        calls.add(
            callers.submit(
                () -> {
                  try {
                    spend(1, ref);
                    spent.incrementAndGet();
                  } catch (Refusal e) {
                    refused.incrementAndGet();
                  }
                }));
      }
      for (Future<?> call : calls) {
        call.get();
      }
    }
    assertEquals(there, spent.get());
    assertEquals(1000 - there, refused.get());
    assertEquals(0, balance().total());
    assertEquals(
        List.of("daily", "subscription", "purchased", "kickstart"),
        database
            .rows(
                """
                select credit_type from billing.ai_credit_ledger
                where user_id = ? and operation = 'consume' group by credit_type order by min(seq)
                """,
                user)
            .stream()
            .map(row -> row.get("credit_type"))
            .toList());
  }

  @Test
  void promise_15_at_midnight_nothing_is_granted_twice_and_nothing_expired_is_spent()
      throws Exception {
    spend(1, "the day before");
    clock.set(MIDNIGHT);
    try (ExecutorService callers = Executors.newFixedThreadPool(10)) {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        String ref = "call " + i;
        calls.add(
            callers.submit(i % 2 == 0 ? () -> write(credits::refreshDaily) : () -> spend(1, ref)));
      }
      for (Future<?> call : calls) {
        call.get();
      }
    }
    assertEquals(0, balance().daily());
    assertEquals(
        1,
        database.number(
            "select count(*) from billing.ai_credit_grants where user_id = ? and entitled_on = ?",
            user,
            java.time.LocalDate.of(2026, 3, 11)));
  }

  @Test
  void random_operations_keep_the_ledger_balanced() {
    SplittableRandom random = new SplittableRandom(7);
    List<String> charges = new ArrayList<>();
    for (int step = 0; step < 200; step++) {
      String ref = "step " + step;
      switch (random.nextInt(8)) {
        case 0 -> clock.advance(Duration.ofHours(random.nextInt(30)));
        case 1 -> write(credits::refreshDaily);
        case 2 -> purchase(1 + random.nextInt(20));
        case 3 -> write(tx -> credits.beginMonth(tx, ref));
        case 4 -> {
          if (!charges.isEmpty()) {
            Collections.shuffle(charges, new java.util.Random(random.nextLong()));
            refund(charges.removeLast(), random.nextInt(1, 30));
          }
        }
        default -> {
          int amount = 1 + random.nextInt(30);
          if (amount <= balance().total()) {
            spend(amount, ref);
            charges.add(ref);
          } else {
            assertThrows(Refusal.class, () -> spend(amount, ref));
          }
        }
      }
      int shown = balance().total();
      write(credits::refreshDaily);
      assertEquals(
          shown,
          database.number(
              "select coalesce(sum(remaining), 0) from billing.ai_credit_grants where user_id = ?",
              user),
          "seed 7, step " + step);
    }
  }

  @Test
  void the_daily_job_expires_and_grants_the_credits_of_all_users() {
    UUID free = database.newUser().save();
    List<UUID> pros = new ArrayList<>(List.of(user));
    for (int i = 0; i < CreditExpireJob.BATCH; i++) {
      pros.add(database.newUser().onPro().save());
    }
    UUID proOfBefore = user;
    for (UUID pro : pros) {
      user = pro;
      spend(1, "call");
    }
    user = proOfBefore;
    database.run("update auth.users set tier = 'free' where id = ?", user);
    clock.set(MIDNIGHT.plusSeconds(5));
    CreditExpireJob job = new CreditExpireJob(credits);
    String cursor = "";
    int batches = 0;
    while (true) {
      String from = cursor;
      var next =
          db.write(
              Actor.system(null), tx -> job.run(tx, java.time.LocalDate.of(2026, 3, 11), from));
      batches++;
      if (next.isEmpty()) {
        break;
      }
      cursor = next.get();
    }
    assertTrue(batches > 3, "in batches");
    assertEquals(0, balance().total());
    for (UUID pro : pros.subList(1, pros.size())) {
      assertEquals(
          10,
          database.number(
              "select sum(remaining) from billing.ai_credit_grants where user_id = ?", pro));
    }
    assertEquals(
        0,
        database.number("select count(*) from billing.ai_credit_grants where user_id = ?", free));
    assertEquals(
        0,
        database.number(
            """
            select count(*) from billing.ai_credit_grants
            where remaining > 0 and expires_at <= timestamptz '2026-03-11T00:00:05Z'
            """));
  }

  @Test
  void a_missed_day_grants_nothing() {
    CreditExpireJob job = new CreditExpireJob(credits);
    db.write(
        Actor.system(null),
        tx -> job.run(tx, java.time.LocalDate.of(2026, 3, 9), new UUID(0, 0).toString()));
    assertEquals(
        0,
        database.number("select count(*) from billing.ai_credit_grants where user_id = ?", user));
  }
}
