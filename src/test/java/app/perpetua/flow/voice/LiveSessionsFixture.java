package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static app.perpetua.flow.voice.VoiceFixture.movements;
import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.credits.CreditConfig;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.voice.FakeVoices.Client.Closed;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.ResourceLock;
import tools.jackson.databind.JsonNode;

/**
 * Live sessions between a scripted client, provider and database. Tests move the time and call
 * {@link LiveSessionRegistry#tick}.
 */
@ResourceLock("LiveSessionsFixture.database")
abstract class LiveSessionsFixture {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  static final VoiceConfig CONFIG =
      new VoiceConfig(
          true, 300, 5, Optional.of(new Secret("x")), URI.create("http://x.invalid"), List.of());

  static final Duration LEASE = Duration.ofSeconds(30);
  static final Duration TIMEOUT = Duration.ofSeconds(50);
  static final Duration SILENCE = Duration.ofMinutes(1);

  /** A pool whose next {@link #failures} connections fail. */
  static final class FaultyPool extends HikariDataSource {
    final AtomicInteger failures = new AtomicInteger();
    final AtomicInteger failed = new AtomicInteger();

    FaultyPool(HikariConfig config) {
      super(config);
    }

    @Override
    public Connection getConnection() throws SQLException {
      if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        failed.incrementAndGet();
        throw new SQLTransientConnectionException("simulated failure", "08001");
      }
      return super.getConnection();
    }
  }

  final AtomicLong nanos = new AtomicLong(Duration.ofDays(1).toNanos());

  /** Called whenever the sessions read the time. */
  volatile Runnable onTime = () -> {};

  final Ids ids = new Ids();
  final Json json = new Json();
  final FaultyPool pool = pool();
  final FakeVoices.Provider provider = new FakeVoices.Provider(nanos::get);
  final FakeVoices.Client client = new FakeVoices.Client(nanos::get);
  final LiveSessionRegistry live = registry(LIMIT, Optional.of(provider));
  UUID user = new UUID(0, 0);

  private static FaultyPool pool() {
    HikariConfig config = new HikariConfig();
    config.setDataSource(database.dataSource());
    config.setMaximumPoolSize(4);
    config.setMinimumIdle(0);
    return new FaultyPool(config);
  }

  LiveSessionRegistry registry(Duration drain, Optional<Transcriber> transcriber) {
    Db db =
        new Db(
            pool,
            SqlCatalog.load(),
            new MutableClock(),
            LIMIT,
            now -> {
              database.makeDays(now);
              return true;
            });
    Events events = new Events(ids, json);
    Credits credits =
        new Credits(new CreditConfig(10, 100, 50), ids, json, events, new SimpleMeterRegistry());
    return new LiveSessionRegistry(
        CONFIG,
        new VoiceTiming(
            Duration.ofSeconds(10),
            SILENCE,
            Duration.ofSeconds(2),
            TIMEOUT,
            drain,
            drain,
            LEASE,
            Duration.ofDays(1),
            () -> {
              onTime.run();
              return nanos.get();
            }),
        db,
        new VoiceSessionStore(CONFIG, LEASE, credits, new Jobs(ids, json), ids, events),
        transcriber,
        ids);
  }

  @BeforeEach
  void aProUser() {
    user = database.newUser().onPro().save();
  }

  @AfterEach
  void invariants() {
    pool.failures.set(0);
    live.close();
    pool.close();
    Invariants.check(database);
  }

  LiveSession open() {
    return live.open(Actor.user(user, "request-1"), client);
  }

  LiveSession connected() throws InterruptedException {
    LiveSession session = open();
    session.start();
    client.next("connected");
    return session;
  }

  /** Its first minute is charged. */
  LiveSession speaking() throws InterruptedException {
    LiveSession session = connected();
    session.audio(PIECES.getFirst());
    assertEquals(1, consumed());
    return session;
  }

  void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  /** Both sides have answered a ping, but there is no audio. */
  void advanceWithPongs(Duration time) {
    advance(time);
    provider.lastReceivedNanos = nanos.get();
    client.lastReceivedNanos = nanos.get();
  }

  long consumed() {
    return movements(database, user, "consume");
  }

  Map<String, @Nullable Object> record() {
    return database.row("select * from notes.voice_sessions where user_id = ?", user);
  }

  JsonNode complete(LiveSession session) throws InterruptedException {
    session.end(EndReason.CLIENT_DONE);
    JsonNode complete = client.next("complete");
    assertEquals(new Closed(1000, "end_stream"), client.closed());
    awaitNoSessions();
    return complete;
  }

  void awaitNoSessions() {
    Eventually.within(LIMIT, () -> live.count() == 0);
  }

  void assertEndsWith(String reason, int code, String error) throws InterruptedException {
    assertEquals(error, client.next("error").get("code").stringValue());
    assertEquals(new Closed(code, reason), client.closed());
    awaitNoSessions();
    assertEquals(reason, record().get("end_reason"));
  }
}
