package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Tx;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Races, the check of access tokens, and sessions over a long time (FR-137 to FR-139). */
class SessionsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static @Nullable HikariDataSource pool;

  private final AccountFixture account = new AccountFixture(database, pool());
  private final GoogleIdentity ada = AccountFixture.identity(UUID.randomUUID().toString());

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
  void FR_137_twenty_parallel_refreshes_of_two_devices_have_one_successor_each() throws Exception {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    Users.SignedIn laptop = account.signIn(ada, device("laptop"));
    List<Callable<Optional<String>>> calls = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      calls.add(() -> account.refresh(phone.refreshToken()));
      calls.add(() -> account.refresh(laptop.refreshToken()));
    }
    List<Optional<String>> answers =
        AccountFixture.atOnceBehind(database, phone.user().id(), calls);
    assertEquals(2, answers.stream().distinct().count(), answers.toString());
    assertTrue(answers.stream().allMatch(Optional::isPresent));
    assertEquals(2, active(phone.user().id()));
  }

  @Test
  void FR_137_twelve_parallel_sign_ins_with_different_devices_leave_ten() throws Exception {
    UUID userId = account.signIn(ada).user().id();
    List<Callable<Users.SignedIn>> calls = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      Device device = device("device " + i);
      calls.add(() -> account.signIn(ada, device));
    }
    List<Users.SignedIn> signedIn = AccountFixture.atOnceBehind(database, userId, calls);
    assertEquals(Sessions.MAX, active(userId));
    assertEquals(3, evicted(userId));
    assertEquals(
        Sessions.MAX,
        signedIn.stream().filter(one -> account.refresh(one.refreshToken()).isPresent()).count());
  }

  @Test
  void FR_137_a_sign_in_never_ends_its_own_session_even_if_the_clock_was_set_back() {
    for (int i = 0; i < Sessions.MAX; i++) {
      account.signIn(ada, device("device " + i));
    }
    account.clock.advance(Duration.ofHours(-1));
    Users.SignedIn last = account.signIn(ada, device("last"));
    assertTrue(account.refresh(last.refreshToken()).isPresent());
    assertEquals(Sessions.MAX, active(last.user().id()));
  }

  /** Two processes share nothing but the database. */
  @Test
  void FR_138_another_process_refuses_an_ended_session_within_ten_seconds() {
    AccountFixture other = new AccountFixture(database, pool());
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    require(account, phone);
    other.realNanos.addAndGet(Duration.ofSeconds(3).toNanos());
    require(other, phone);
    end(account, phone);
    assertRefused(account, phone);
    other.realNanos.addAndGet(CachedSessionCheck.LIFETIME.toNanos() - 1);
    require(other, phone);
    other.realNanos.addAndGet(1);
    assertRefused(other, phone);
    assertEquals(Duration.ofSeconds(10), CachedSessionCheck.LIFETIME);
  }

  @Test
  void FR_138_a_sign_in_and_a_refresh_are_remembered_until_the_session_ends() {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    String next = account.refresh(phone.refreshToken()).orElseThrow();
    withoutTokens(() -> require(account, phone));
    account.realNanos.addAndGet(CachedSessionCheck.LIFETIME.toNanos());
    assertTrue(account.refresh(next).isPresent());
    withoutTokens(() -> require(account, phone));
    end(account, phone);
    assertRefused(account, phone);
  }

  @Test
  void FR_138_an_end_that_is_rolled_back_refuses_nothing() {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    assertThrows(
        IllegalStateException.class,
        () ->
            account.write(
                phone.user().id(),
                tx -> {
                  account.sessions.end(tx, phone.session());
                  throw new IllegalStateException("before the commit");
                }));
    require(account, phone);
  }

  @Test
  void FR_138_a_session_is_looked_up_once_in_ten_seconds() {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    AccountFixture other = new AccountFixture(database, pool());
    require(other, phone);
    other.realNanos.addAndGet(CachedSessionCheck.LIFETIME.toNanos() - 1);
    withoutTokens(() -> require(other, phone));
    other.realNanos.addAndGet(1);
    withoutTokens(() -> assertThrows(DatabaseException.class, () -> require(other, phone)));
  }

  /** The query leaves with the work's first statement; without one, by itself. */
  @Test
  void FR_138_a_transaction_of_an_ended_session_is_refused_whatever_it_does() {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    UUID userId = phone.user().id();
    end(account, phone);
    Principal token =
        new Principal(userId, UUID.randomUUID(), phone.session(), userId, Instant.MAX);
    List<Consumer<Tx>> works =
        List.of(
            _ -> {},
            tx -> account.users.me(tx),
            _ -> {
              throw Refusal.of(ErrorCode.NOT_FOUND, "after the session");
            });
    for (Consumer<Tx> work : works) {
      Function<Tx, String> checked =
          tx -> {
            account.sessionCheck.requireActive(tx, token);
            work.accept(tx);
            return "";
          };
      Actor actor = Actor.user(userId, "request-1");
      assertUnauthorized(() -> account.db.read(actor, checked));
      account.sessionCheck.forget(phone.session());
      assertUnauthorized(() -> account.db.write(actor, checked));
      account.sessionCheck.forget(phone.session());
    }
    assertUnauthorized(
        () ->
            account.db.write(
                Actor.user(userId, "request-1"),
                tx -> {
                  account.sessionCheck.requireActive(tx, token);
                  tx.openWithOwner();
                  return account.users.update(tx, "changed", null, null);
                }));
    assertEquals("Ada Example", account.read(userId, account.users::me).name());
  }

  @Test
  void FR_138_a_look_up_that_failed_is_not_remembered() {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    try (HikariDataSource closed = database.pool(1)) {
      AccountFixture unlucky = new AccountFixture(database, closed);
      for (int i = 0; i < 2; i++) {
        withoutTokens(() -> assertThrows(DatabaseException.class, () -> require(unlucky, phone)));
      }
      require(unlucky, phone);
    }
  }

  @Test
  void FR_138_an_unknown_session_is_refused() {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    UUID userId = phone.user().id();
    assertUnauthorized(() -> account.sessionCheck.requireActive(userId, UUID.randomUUID()));
    account.sessionCheck.requireActive(userId, null);
  }

  /** Its statements, as of version 0.1.0 of the service. */
  @Test
  void FR_137_a_rotation_by_the_previous_release_keeps_the_device() throws Exception {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    Users.SignedIn laptop = account.signIn(ada, device("laptop"));
    Instant start = account.clock.instant();
    account.clock.advance(Duration.ofMinutes(10));
    String rotated = rotateAsBefore(phone);
    rotateAsBefore(laptop);
    account.clock.advance(Duration.ofMinutes(10));
    assertTrue(account.refresh(rotated).isPresent());
    List<Session> listed = account.read(phone.user().id(), tx -> account.sessions.list(tx, null));
    assertEquals(List.of("phone", "laptop"), listed.stream().map(Session::name).toList());
    assertEquals(List.of(start, start), listed.stream().map(Session::createdAt).toList());
  }

  /** A session that was started by the previous release goes on, and starts when that began. */
  @Test
  void FR_137_a_session_of_the_previous_release_goes_on() {
    Users.SignedIn signedIn = account.signIn(ada);
    Instant start = account.clock.instant();
    database.run(
        "update auth.refresh_tokens set started_at = null, address = null where user_id = ?",
        signedIn.user().id());
    account.clock.advance(Duration.ofMinutes(10));
    String next = account.refresh(signedIn.refreshToken()).orElseThrow();
    account.clock.advance(Duration.ofMinutes(10));
    assertTrue(account.refresh(next).isPresent());
    Session listed =
        account.read(signedIn.user().id(), tx -> account.sessions.list(tx, null)).getFirst();
    assertEquals(start, listed.createdAt());
    assertEquals(account.clock.instant(), listed.lastUsedAt());
  }

  @Test
  void FR_139_thirty_days_of_a_phone_and_a_laptop() {
    Users.SignedIn phone = account.signIn(ada, device("phone"));
    Users.SignedIn laptop = account.signIn(ada, device("laptop"));
    UUID userId = phone.user().id();
    String onPhone = phone.refreshToken();
    String onLaptop = laptop.refreshToken();
    Instant end = account.clock.instant().plus(Duration.ofDays(30));
    Instant cleanUp = account.clock.instant().plus(Duration.ofDays(1));
    String stolen = onPhone;
    while (account.clock.instant().isBefore(end)) {
      account.clock.advance(Duration.ofMinutes(12));
      stolen = onPhone;
      onPhone = account.refresh(onPhone).orElseThrow();
      // The laptop's response is lost, and its second attempt gets the same answer.
      String sent = onLaptop;
      onLaptop = account.refresh(sent).orElseThrow();
      account.clock.advance(Duration.ofSeconds(9));
      assertEquals(Optional.of(onLaptop), account.refresh(sent));
      if (account.clock.instant().isAfter(cleanUp)) {
        cleanUp = cleanUp.plus(Duration.ofDays(1));
        require(account, phone);
        require(account, laptop);
        account.realNanos.addAndGet(CachedSessionCheck.LIFETIME.toNanos());
        assertEquals(
            List.of("laptop", "phone"),
            account.read(userId, tx -> account.sessions.list(tx, null)).stream()
                .map(Session::name)
                .sorted()
                .toList());
        while (account.system(tx -> account.refreshTokens.deleteSpent(tx, 1_000)) > 0) {
          // The next batch.
        }
      }
    }
    account.clock.advance(Duration.ofMinutes(1));
    assertEquals(Optional.empty(), account.refresh(stolen));
    assertEquals(Optional.empty(), account.refresh(onPhone));
    assertRefused(account, phone);
    assertTrue(account.refresh(onLaptop).isPresent());
    require(account, laptop);
    assertEquals(
        1,
        database.number("select count(*) from activity.notifications where user_id = ?", userId));
  }

  /** Runs work while every look-up fails. */
  private static void withoutTokens(Runnable work) {
    database.run("alter table auth.refresh_tokens rename to refresh_tokens_away");
    try {
      work.run();
    } finally {
      database.run("alter table auth.refresh_tokens_away rename to refresh_tokens");
    }
  }

  private static Device device(String name) {
    return new Device(UUID.randomUUID(), name);
  }

  private static void require(AccountFixture process, Users.SignedIn signedIn) {
    process.sessionCheck.requireActive(signedIn.user().id(), signedIn.session());
  }

  private static void assertRefused(AccountFixture process, Users.SignedIn signedIn) {
    assertUnauthorized(
        () -> process.sessionCheck.requireActive(signedIn.user().id(), signedIn.session()));
  }

  private static void assertUnauthorized(Runnable check) {
    assertEquals(ErrorCode.UNAUTHORIZED, assertThrows(Refusal.class, check::run).code());
  }

  private static void end(AccountFixture process, Users.SignedIn signedIn) {
    process.write(
        signedIn.user().id(),
        tx -> {
          process.sessions.end(tx, signedIn.session());
          return "";
        });
  }

  /** Rotates a session's first token without the columns of the session; returns the successor. */
  private String rotateAsBefore(Users.SignedIn signedIn) {
    String successor = signedIn.user().id() + "." + "A".repeat(7) + signedIn.session();
    database.run(
        "update auth.refresh_tokens set rotated_at = ? where user_id = ? and family = ?",
        account.clock.instant(),
        signedIn.user().id(),
        signedIn.session());
    database.run(
        """
        insert into auth.refresh_tokens
          (user_id, token_hash, family, seq, created_at, expires_at, device_info)
        values (?, ?, ?, 1, ?, ?, 'Firefox')
        """,
        signedIn.user().id(),
        Sha256.hash(successor),
        signedIn.session(),
        account.clock.instant(),
        account.clock.instant().plus(Duration.ofDays(7)));
    return successor;
  }

  private static long active(UUID userId) {
    return database.number(
        """
        select count(*) from auth.refresh_tokens
        where user_id = ? and rotated_at is null and revoked_at is null
        """,
        userId);
  }

  private static long evicted(UUID userId) {
    return database.number(
        "select count(*) from auth.refresh_tokens where user_id = ? and reason = 'evicted'",
        userId);
  }
}
