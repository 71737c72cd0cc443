package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.LockedUser.Tier;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Accounts: first sign-in (FR-001), changes of the profile (FR-070) and deletion. */
class UsersTest {
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
  }

  @Test
  void FR_001_the_first_sign_in_creates_an_account_and_its_credits() {
    User user = account.signIn(identity("ada@example.com", "Ada")).user();
    assertEquals(
        new User(
            user.id(),
            subject,
            "ada@example.com",
            "Ada",
            "https://example.com/a",
            "UTC",
            "09:00",
            Tier.FREE,
            MutableClock.START,
            MutableClock.START),
        user);
    assertEquals(user, account.read(user.id(), account.users::me));
    assertEquals(
        Map.of("credit_type", "kickstart", "amount", 5, "remaining", 5),
        database.row(
            "select credit_type, amount, remaining from billing.ai_credit_grants where user_id = ?",
            user.id()));
    assertEquals(
        Map.of("operation", "grant", "amount", 5, "balance_after", 5),
        database.row(
            "select operation, amount, balance_after from billing.ai_credit_ledger where user_id = ?",
            user.id()));
    assertEquals(
        1,
        database.number(
            "select count(*) from achievements.user_achievement_states where user_id = ?",
            user.id()));
    assertEquals(
        List.of("credits_granted system", "user_logged_in user", "user_registered user"),
        entries(user.id()));
    assertEquals(
        "{\"ip\": \"192.0.2.7\", \"method\": \"google\", \"user_agent\": \"Firefox\"}",
        database
            .row(
                """
                select metadata, request_id from activity.activity_logs
                where user_id = ? and action = 'user_logged_in' and request_id = 'request-1'
                """,
                user.id())
            .get("metadata"));
  }

  @Test
  void FR_001_a_later_sign_in_updates_the_profile() {
    User first = account.signIn(identity("ada@example.com", "Ada")).user();
    account.clock.advance(Duration.ofDays(1));
    User same = account.signIn(identity("ada@example.com", "Ada")).user();
    assertEquals(first, same, "nothing changed");
    account.clock.advance(Duration.ofDays(1));
    User renamed =
        account.signIn(GoogleIdentity.of(subject, "ada@example.org", "Ada Lovelace", null)).user();
    assertEquals(
        new User(
            first.id(),
            subject,
            "ada@example.org",
            "Ada Lovelace",
            null,
            "UTC",
            "09:00",
            Tier.FREE,
            first.createdAt(),
            account.clock.instant()),
        renamed);
    assertEquals(renamed, account.read(first.id(), account.users::me));
    assertEquals(
        1,
        database.number(
            "select count(*) from billing.ai_credit_grants where user_id = ?", first.id()));
    assertEquals(3, entries(first.id()).stream().filter("user_logged_in user"::equals).count());
  }

  @Test
  void FR_001_the_same_address_in_another_google_account_is_another_user() {
    User ada = account.signIn(identity("shared@example.com", "Ada")).user();
    User other =
        account.signIn(GoogleIdentity.of(subject + "2", "shared@example.com", "Bob", null)).user();
    assertNotEquals(ada.id(), other.id());
  }

  @Test
  void FR_001_parallel_first_sign_ins_create_one_account() throws Exception {
    List<UUID> made =
        AccountFixture.atOnce(
            Collections.nCopies(
                20, (Callable<UUID>) () -> account.signIn(identity("a@b", "Ada")).user().id()));
    assertEquals(1, made.stream().distinct().count());
    UUID user = made.getFirst();
    assertEquals(
        1, database.number("select count(*) from auth.users where google_id = ?", subject));
    assertEquals(
        1,
        database.number("select count(*) from billing.ai_credit_ledger where user_id = ?", user));
    assertEquals(
        1,
        database.number(
            """
            select count(*) from auth.refresh_tokens
            where user_id = ? and rotated_at is null and revoked_at is null
            """,
            user));
    List<String> entries = entries(user);
    assertEquals(1, entries.stream().filter("user_registered user"::equals).count());
    assertEquals(20, entries.stream().filter("user_logged_in user"::equals).count());
  }

  @Test
  void a_sign_in_that_fails_midway_leaves_no_account() {
    assertThrows(
        IllegalStateException.class,
        () ->
            account.system(
                tx -> {
                  account.users.signIn(tx, identity("a@b", "Ada"), AccountFixture.CLIENT, null);
                  throw new IllegalStateException("crash before the commit");
                }));
    assertEquals(
        0, database.number("select count(*) from auth.users where google_id = ?", subject));
  }

  @Test
  void FR_070_a_name_that_the_user_set_survives_the_next_sign_in() {
    User user = account.signIn(identity("a@b", "Ada")).user();
    account.clock.advance(Duration.ofMinutes(1));
    User changed = update(user.id(), "Countess", null);
    assertEquals("Countess", changed.name());
    assertEquals("UTC", changed.timezone());
    assertEquals(account.clock.instant(), changed.updatedAt());
    assertEquals("Countess", account.signIn(identity("new@b", "Ada L.")).user().name());
    User now = account.read(user.id(), account.users::me);
    assertEquals("Countess", now.name());
    assertEquals("new@b", now.email());
  }

  @Test
  void FR_070_a_name_set_to_googles_value_stays_too() {
    User user = account.signIn(identity("a@b", "Ada")).user();
    update(user.id(), "Ada", null);
    assertEquals("Ada", account.signIn(identity("a@b", "Someone")).user().name());
  }

  @Test
  void FR_070_a_time_zone_can_change_without_the_name() {
    User user = account.signIn(identity("a@b", "Ada")).user();
    assertEquals("Europe/Berlin", update(user.id(), null, "Europe/Berlin").timezone());
    assertEquals("Someone", account.signIn(identity("a@b", "Someone")).user().name());
  }

  @Test
  void a_change_without_effect_adds_no_activity_entry() {
    User user = account.signIn(identity("a@b", "Ada")).user();
    User changed = update(user.id(), "Ada", "Europe/Berlin");
    long before = entries(user.id()).size();
    account.clock.advance(Duration.ofMinutes(1));
    assertEquals(changed, update(user.id(), "Ada", "Europe/Berlin"));
    assertEquals(changed, update(user.id(), null, null));
    assertEquals(before, entries(user.id()).size());
  }

  @Test
  void deleting_an_account_requires_its_address_and_leaves_no_row() {
    User user = account.signIn(identity("ada@example.com", "Ada")).user();
    for (String wrong : List.of("eve@example.com", "ADA@example.com", "ada@example.com.")) {
      Refusal refusal = assertThrows(Refusal.class, () -> delete(user.id(), wrong));
      assertEquals(ErrorCode.VALIDATION_ERROR, refusal.code());
      assertEquals("confirm", refusal.fieldErrors().getFirst().field());
    }
    delete(user.id(), "ada@example.com");
    for (Map<String, @Nullable Object> table :
        database.rows(
            """
            select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
            from information_schema.columns
            where column_name = 'user_id'
              and table_schema in
                ('auth', 'tasks', 'notes', 'billing', 'achievements', 'activity', 'ops')
            """)) {
      assertEquals(
          0,
          database.number(
              "select count(*) from " + table.get("name") + " where user_id = ?", user.id()),
          String.valueOf(table));
    }
    Refusal refusal = assertThrows(Refusal.class, () -> account.read(user.id(), account.users::me));
    assertEquals(ErrorCode.UNAUTHORIZED, refusal.code());
    assertNotEquals(
        user.id(), account.signIn(identity("ada@example.com", "Ada")).user().id(), "starts afresh");
  }

  private GoogleIdentity identity(String email, String name) {
    return GoogleIdentity.of(subject, email, name, "https://example.com/a");
  }

  private User update(UUID userId, @Nullable String name, @Nullable String timezone) {
    return account.write(userId, tx -> account.users.update(tx, name, timezone, null));
  }

  private void delete(UUID userId, String confirm) {
    account.write(
        userId,
        tx -> {
          account.users.delete(tx, confirm);
          return "";
        });
  }

  private static List<String> entries(UUID userId) {
    return database
        .rows(
            """
            select action || ' ' || source as entry from activity.activity_logs
            where user_id = ? order by 1
            """,
            userId)
        .stream()
        .map(row -> String.valueOf(row.get("entry")))
        .toList();
  }
}
