package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.Eventually;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** FR-071: what outlives a deleted account, and for how long. */
class FormerAccountsTest {
  private static final Duration YEAR = Duration.ofDays(365);

  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static @Nullable HikariDataSource pool;

  private final AccountFixture account = new AccountFixture(database, pool());
  private final String subject = UUID.randomUUID().toString();

  @BeforeAll
  static void open_pool() throws SQLException {
    pool = AccountFixture.warmPool(database);
  }

  private static HikariDataSource pool() {
    return Objects.requireNonNull(pool);
  }

  @AfterEach
  void invariants() {
    Invariants.check(database);
    database.run("delete from auth.former_accounts");
  }

  @Test
  void FR_071_kickstart_credits_are_granted_once_however_often_the_account_is_deleted() {
    assertEquals(5, credits(signIn(account)));
    for (int i = 0; i < 3; i++) {
      delete(account);
      assertEquals(0, credits(signIn(account)), "deletion " + i);
    }
    assertEquals(5, credits(account.signIn(AccountFixture.identity(subject + "x")).user().id()));
  }

  @Test
  void FR_071_parallel_sign_ins_after_a_deletion_create_one_account_without_credits()
      throws Exception {
    signIn(account);
    delete(account);
    List<UUID> made =
        AccountFixture.atOnce(Collections.nCopies(20, (Callable<UUID>) () -> signIn(account)));
    assertEquals(1, Set.copyOf(made).size());
    assertEquals(0, credits(made.getFirst()));
    assertEquals(0, remembered());
  }

  @Test
  void FR_071_sign_ins_that_wait_for_the_deletion_find_it_remembered() throws Exception {
    UUID deleted = signIn(account);
    List<Callable<UUID>> calls =
        new ArrayList<>(
            Collections.nCopies(
                AccountFixture.CONNECTIONS - 1, (Callable<UUID>) () -> signIn(account)));
    calls.add(
        () -> {
          delete(account);
          return deleted;
        });
    // Sign-ins that are served before the deletion still find the account.
    AccountFixture.atOnceBehind(database, deleted, calls);
    UUID current = signIn(account);
    assertNotEquals(deleted, current);
    assertEquals(0, credits(current));
  }

  @Test
  void FR_071_a_sign_in_during_the_deletion_waits_and_gets_no_credits() throws Exception {
    UUID deleted = signIn(account);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<UUID> waiting =
          account.write(
              deleted,
              tx -> {
                account.users.delete(tx, subject + "@example.com");
                Future<UUID> started = threads.submit(() -> signIn(account));
                Eventually.within(
                    Duration.ofSeconds(30),
                    () ->
                        database.number(
                                """
                                select count(*) from pg_stat_activity
                                where datname = current_database() and wait_event_type = 'Lock'
                                """)
                            == 1);
                return started;
              });
      assertNotEquals(deleted, waiting.get());
      assertEquals(0, credits(waiting.get()));
    }
  }

  @Test
  void FR_071_a_deletion_that_is_rolled_back_is_not_remembered() {
    UUID user = signIn(account);
    assertThrows(
        IllegalStateException.class,
        () ->
            account.write(
                user,
                tx -> {
                  account.users.delete(tx, subject + "@example.com");
                  throw new IllegalStateException("crash before the commit");
                }));
    assertEquals(0, remembered());
    assertEquals(user, signIn(account));
  }

  @Test
  void FR_071_an_account_is_remembered_for_a_year() {
    signIn(account);
    delete(account);
    account.clock.advance(YEAR.minusMillis(1));
    assertEquals(0, sweep());
    assertEquals(0, credits(signIn(account)));
    delete(account);
    account.clock.advance(YEAR);
    // Forgotten on time, even if the clean-up has not run yet.
    assertEquals(5, credits(signIn(account)));
    delete(account);
    account.clock.advance(YEAR.plusMillis(1));
    assertEquals(1, sweep());
    assertEquals(0, remembered());
    assertEquals(5, credits(signIn(account)));
  }

  @Test
  void FR_071_daily_credits_of_today_are_not_granted_again() {
    account.clock.set(Instant.parse("2026-03-10T09:30:00Z"));
    UUID first = pro(signIn(account));
    refreshDaily(first);
    assertEquals(15, credits(first));
    delete(account);
    UUID second = pro(signIn(account));
    refreshDaily(second);
    assertEquals(0, credits(second));
    delete(account);
    UUID third = pro(signIn(account));
    database.run("update auth.users set perk_daily_credits = 2 where id = ?", third);
    refreshDaily(third);
    assertEquals(2, credits(third), "only what exceeds the credits of before");
    database.run("update auth.users set perk_daily_credits = 0 where id = ?", third);
    delete(account);
    account.clock.set(Instant.parse("2026-03-11T00:00:00Z"));
    UUID nextDay = pro(signIn(account));
    refreshDaily(nextDay);
    assertEquals(10, credits(nextDay));
  }

  @Test
  void FR_071_a_previous_key_recognizes_accounts_and_another_one_does_not() {
    AccountFixture rotated = with("new key", "hash key");
    AccountFixture foreign = with("foreign key");
    signIn(account);
    delete(account);
    assertEquals(0, credits(signIn(rotated)));
    delete(rotated);
    assertEquals(0, credits(signIn(rotated)));
    delete(rotated);
    assertEquals(5, credits(signIn(foreign)));
  }

  @Test
  void FR_071_nothing_but_a_keyed_hash_and_counts_remains() {
    signIn(account);
    delete(account);
    Map<String, @Nullable Object> row = database.row("select * from auth.former_accounts");
    assertEquals(
        Set.of("subject_hash", "deleted_at", "daily_credits", "bought_credits"), row.keySet());
    byte[] message = ("former account:" + subject).getBytes(StandardCharsets.UTF_8);
    assertArrayEquals(
        Sha256.hmac("hash key".getBytes(StandardCharsets.UTF_8), message),
        (byte[]) row.get("subject_hash"));
  }

  @Test
  void FR_071_the_key_of_rate_limits_depends_on_subject_and_key() {
    SubjectHashes hashes = new SubjectHashes(List.of(new Secret("a"), new Secret("b")));
    assertEquals(hashes.limitId("1"), new SubjectHashes(List.of(new Secret("a"))).limitId("1"));
    assertNotEquals(hashes.limitId("1"), hashes.limitId("2"));
    assertNotEquals(hashes.limitId("1"), new SubjectHashes(List.of(new Secret("b"))).limitId("1"));
  }

  private AccountFixture with(String... keys) {
    return new AccountFixture(
        database, pool(), "secret", List.of(keys).stream().map(Secret::new).toList());
  }

  private UUID signIn(AccountFixture service) {
    return service.signIn(AccountFixture.identity(subject)).user().id();
  }

  private void delete(AccountFixture service) {
    UUID user =
        UUID.fromString(
            String.valueOf(
                database.row("select id from auth.users where google_id = ?", subject).get("id")));
    service.write(
        user,
        tx -> {
          service.users.delete(tx, subject + "@example.com");
          return "";
        });
  }

  private UUID pro(UUID user) {
    database.run("update auth.users set tier = 'pro' where id = ?", user);
    return user;
  }

  private void refreshDaily(UUID user) {
    account.write(
        user,
        tx -> {
          account.credits.refreshDaily(tx);
          return "";
        });
  }

  private static long credits(UUID user) {
    return database.number(
        """
        select coalesce(sum(remaining), 0)::int from billing.ai_credit_grants where user_id = ?
        """,
        user);
  }

  private static long remembered() {
    return database.number("select count(*) from auth.former_accounts");
  }

  private int sweep() {
    return account.system(tx -> account.formerAccounts.deleteExpired(tx, 1_000));
  }
}
