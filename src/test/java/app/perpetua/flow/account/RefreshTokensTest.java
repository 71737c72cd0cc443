package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.sql.LockedUser;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rotation, expiry and theft of refresh tokens (FR-003, promise 9). */
class RefreshTokensTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static @Nullable HikariDataSource pool;

  private static final Pattern FORM =
      Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.[A-Za-z0-9_-]{43}");

  private final AccountFixture account = new AccountFixture(database, pool());
  private final GoogleIdentity ada = AccountFixture.identity(UUID.randomUUID().toString());
  private UUID userId = new UUID(0, 0);
  private String first = "";

  @BeforeEach
  void sign_in() {
    Users.SignedIn signedIn = account.signIn(ada);
    userId = signedIn.user().id();
    first = signedIn.refreshToken();
  }

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
  void FR_003_a_token_names_its_user_and_only_its_hash_is_stored() throws Exception {
    assertTrue(FORM.matcher(first).matches(), first);
    assertTrue(first.startsWith(userId + "."));
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(first.getBytes(StandardCharsets.UTF_8));
    Map<String, @Nullable Object> row =
        database.row(
            """
            select encode(token_hash, 'hex') as hash, seq, expires_at, device_info
            from auth.refresh_tokens where user_id = ?
            """,
            userId);
    assertEquals(HexFormat.of().formatHex(hash), row.get("hash"));
    assertEquals(account.clock.instant().plus(Duration.ofDays(7)), row.get("expires_at"));
    assertEquals("Firefox", row.get("device_info"));
  }

  @Test
  void FR_003_every_use_yields_another_token() {
    String second = refreshed(first);
    String third = refreshed(second);
    assertEquals(3, List.of(first, second, third).stream().distinct().count());
    assertTrue(FORM.matcher(third).matches(), third);
    assertEquals(1, active());
  }

  @Test
  void a_refresh_returns_the_current_tier() {
    database.run("update auth.users set tier = 'pro' where id = ?", userId);
    RefreshTokens.Rotated rotated =
        account
            .system(tx -> account.refreshTokens.rotate(tx, first, AccountFixture.CLIENT))
            .orElseThrow();
    assertEquals(LockedUser.Tier.PRO, rotated.owner().tier());
    assertEquals(ada.email(), rotated.owner().email());
    assertEquals(userId, rotated.userId());
  }

  @Test
  void a_repeat_within_ten_seconds_yields_the_same_successor() {
    String second = refreshed(first);
    account.clock.advance(Duration.ofSeconds(10));
    assertEquals(second, refreshed(first));
    assertEquals(2, rows());
    assertEquals(1, active());
  }

  @Test
  void promise_9_a_repeat_after_a_crash_yields_the_same_successor() {
    String second = refreshed(first);
    // Another process: nothing is shared but the database and the configured secret.
    AccountFixture restarted = new AccountFixture(database, pool());
    assertEquals(Optional.of(second), restarted.refresh(first));
    assertEquals(1, active());
  }

  @Test
  void a_refresh_that_was_rolled_back_has_no_effect() {
    assertThrows(
        IllegalStateException.class,
        () ->
            account.system(
                tx -> {
                  account.refreshTokens.rotate(tx, first, AccountFixture.CLIENT);
                  throw new IllegalStateException("crash before the commit");
                }));
    assertEquals(1, rows());
    account.clock.advance(Duration.ofHours(1));
    refreshed(first);
  }

  @Test
  void FR_003_a_repeat_after_a_change_of_the_secret_is_refused_and_revokes_nothing() {
    String second = refreshed(first);
    AccountFixture changed = new AccountFixture(database, pool(), "another secret");
    assertEquals(Optional.empty(), changed.refresh(first));
    assertEquals(1, active());
    assertTrue(changed.refresh(second).isPresent());
  }

  @Test
  void promise_9_twenty_parallel_refreshes_have_one_successor() throws Exception {
    List<Optional<String>> answers =
        AccountFixture.atOnceBehind(
            database,
            userId,
            Collections.nCopies(20, (Callable<Optional<String>>) () -> account.refresh(first)));
    assertEquals(1, answers.stream().distinct().count(), answers.toString());
    assertTrue(answers.getFirst().isPresent());
    assertEquals(2, rows());
    assertEquals(1, active());
  }

  @Test
  void promise_9_a_repeat_after_the_grace_period_revokes_the_family() {
    String second = refreshed(first);
    account.clock.advance(Duration.ofSeconds(10).plusMillis(1));
    assertRefused(first);
    assertEquals(List.of("theft", "theft"), reasons());
    assertRefused(second);
    assertRefused(first);
    AccountFixture restarted = new AccountFixture(database, pool());
    assertEquals(Optional.empty(), restarted.refresh(second));
    assertEquals(1, entries("user_session_revoked"));
    assertEquals(
        "system",
        database
            .row(
                "select source from activity.activity_logs where user_id = ? and action = ?",
                userId,
                "user_session_revoked")
            .get("source"));
  }

  @Test
  void promise_9_reuse_of_an_older_token_revokes_the_family_even_within_the_grace_period() {
    String second = refreshed(first);
    String third = refreshed(second);
    assertRefused(first);
    assertRefused(third);
    assertEquals(List.of("theft", "theft", "theft"), reasons());
  }

  @Test
  void a_thief_who_refreshes_first_loses_the_session_when_the_owner_refreshes() {
    String stolen = refreshed(first);
    account.clock.advance(Duration.ofMinutes(15));
    assertRefused(first);
    assertRefused(stolen);
    refreshed(account.signIn(ada).refreshToken());
  }

  @Test
  void FR_003_a_token_that_a_new_sign_in_replaced_is_refused() {
    String second = refreshed(first);
    String elsewhere = account.signIn(ada).refreshToken();
    assertEquals(1, active());
    account.clock.advance(Duration.ofMinutes(1));
    assertRefused(first);
    assertRefused(second);
    assertEquals(0, entries("user_session_revoked"));
    refreshed(elsewhere);
  }

  @Test
  void FR_003_a_token_that_was_not_used_for_seven_days_is_refused() {
    account.clock.advance(Duration.ofDays(7).minusMillis(1));
    String second = refreshed(first);
    account.clock.advance(Duration.ofDays(7));
    assertRefused(second);
    assertRefused(first);
    assertEquals(0, entries("user_session_revoked"));
    refreshed(account.signIn(ada).refreshToken());
  }

  @Test
  void logout_with_any_token_of_a_session_ends_it() {
    account.logout(first);
    assertRefused(first);
    assertEquals(List.of("logged_out"), reasons());
    account.logout(first);
    assertEquals(1, entries("user_logged_out"));

    String other = account.signIn(ada).refreshToken();
    String second = refreshed(other);
    account.logout(other);
    assertRefused(second);
    assertEquals(2, entries("user_logged_out"));
    assertEquals(0, entries("user_session_revoked"));
  }

  @Test
  void unknown_tokens_are_refused_and_change_nothing() {
    List<String> strange =
        List.of(
            "",
            "x",
            userId.toString(),
            userId + ".",
            userId + "." + "A".repeat(43),
            userId + "." + "A".repeat(42),
            UUID.randomUUID() + first.substring(36),
            first + "A",
            first + "\n",
            first.replace('.', ':'),
            "\0".repeat(80));
    for (String token : strange) {
      assertRefused(token);
      account.logout(token);
    }
    assertEquals(1, rows());
    assertEquals(1, active());
    refreshed(first);
  }

  @Test
  void a_token_of_a_deleted_account_is_refused() {
    database.run("delete from auth.users where id = ?", userId);
    assertRefused(first);
    account.logout(first);
  }

  @Test
  void one_users_token_does_not_open_another_account() {
    UUID other = account.signIn(AccountFixture.identity(userId + "x")).user().id();
    assertRefused(other + first.substring(36));
    assertNotEquals(other, userId);
  }

  @Test
  void promise_9_sign_in_and_refresh_at_once_leave_one_session_that_works() throws Exception {
    for (int round = 0; round < 10; round++) {
      String token = account.signIn(ada).refreshToken();
      List<Callable<Optional<String>>> calls = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        calls.add(() -> account.refresh(token));
        calls.add(() -> Optional.of(account.signIn(ada).refreshToken()));
      }
      List<String> got =
          AccountFixture.atOnce(calls).stream().flatMap(Optional::stream).distinct().toList();
      assertEquals(1, active());
      assertEquals(
          1, got.stream().filter(found -> account.refresh(found).isPresent()).count(), "round");
      assertEquals(0, entries("user_session_revoked"));
    }
  }

  private String refreshed(String token) {
    return account.refresh(token).orElseThrow();
  }

  private void assertRefused(String token) {
    assertEquals(Optional.empty(), account.refresh(token), token);
  }

  private long rows() {
    return database.number("select count(*) from auth.refresh_tokens where user_id = ?", userId);
  }

  private long active() {
    return database.number(
        """
        select count(*) from auth.refresh_tokens
        where user_id = ? and rotated_at is null and revoked_at is null
        """,
        userId);
  }

  private List<@Nullable Object> reasons() {
    return database
        .rows("select reason from auth.refresh_tokens where user_id = ? order by seq", userId)
        .stream()
        .<@Nullable Object>map(row -> row.get("reason"))
        .toList();
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        userId,
        action);
  }
}
