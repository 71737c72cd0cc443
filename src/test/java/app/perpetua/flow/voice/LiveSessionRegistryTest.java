package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.FakeVoices.await;
import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.voice.FakeVoices.Client.Closed;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Live sessions and the database: first bytes, leases, minutes, transcripts. */
class LiveSessionRegistryTest extends LiveSessionsFixture {
  // First bytes

  @Test
  void the_first_message_may_be_one_byte_as_recorders_send_it() throws Exception {
    LiveSession session = connected();
    byte[] first = PIECES.getFirst();
    session.audio(Arrays.copyOf(first, 1));
    session.audio(Arrays.copyOfRange(first, 1, 3));
    assertEquals(0, provider.received.size());
    assertEquals(0, consumed());
    session.audio(Arrays.copyOfRange(first, 3, first.length));
    session.audio(PIECES.get(1));
    assertEquals(1, consumed());
    byte[] all = Arrays.copyOf(first, first.length + PIECES.get(1).length);
    System.arraycopy(PIECES.get(1), 0, all, first.length, PIECES.get(1).length);
    assertArrayEquals(all, provider.received.toByteArray());
    assertEquals(5, complete(session).get("credits_used").intValue());
  }

  @Test
  void a_session_of_fewer_than_four_bytes_had_no_audio_and_costs_nothing() throws Exception {
    LiveSession session = connected();
    session.audio(new byte[] {0x1a, 0x45, (byte) 0xdf});
    advance(Duration.ofSeconds(20));
    JsonNode complete = complete(session);
    assertEquals(0, complete.get("credits_used").intValue());
    assertEquals(0, complete.get("duration_seconds").intValue());
    assertEquals(0, consumed());
    assertEquals(0, provider.received.size());
    assertEquals("end_stream", record().get("end_reason"));
  }

  @Test
  void other_formats_than_webm_cost_nothing() throws Exception {
    LiveSession session = connected();
    session.audio(new byte[] {0x1a});
    session.audio(new byte[] {0x45, 0, 0});
    assertEndsWith("not_audio", 4502, "TRANSCRIPTION_FAILED");
    session.audio(PIECES.getFirst());
    assertEquals(0, consumed());
    assertEquals(0, provider.received.size());
  }

  // The lease

  @Test
  void leases_are_extended_after_a_third_of_their_time() throws Exception {
    LiveSession session = connected();
    expire();
    advance(LEASE.dividedBy(3).minusNanos(1));
    live.tick();
    assertFalse(leased());
    advance(Duration.ofNanos(1));
    live.tick();
    Eventually.within(LIMIT, this::leased);
    complete(session);
    // Without sessions there is nothing to extend.
    advance(LEASE);
    live.tick();
  }

  @Test
  void a_lease_that_the_database_cannot_extend_is_extended_the_next_time() throws Exception {
    LiveSession session = connected();
    expire();
    pool.failures.set(1);
    advance(LEASE.dividedBy(3));
    live.tick();
    Eventually.within(LIMIT, () -> pool.failed.get() == 1);
    assertFalse(leased());
    // The attempt that failed may not be over yet; none runs beside it.
    Eventually.within(
        LIMIT,
        () -> {
          advance(LEASE.dividedBy(3));
          provider.lastReceivedNanos = nanos.get();
          client.lastReceivedNanos = nanos.get();
          session.audio(new byte[] {0x1a});
          live.tick();
          return leased();
        });
  }

  private void expire() {
    database.run(
        "update notes.voice_sessions set lease_until = now() - interval '1 hour' where user_id = ?",
        user);
  }

  private boolean leased() {
    return database.number(
            "select count(*) from notes.voice_sessions where user_id = ? and lease_until > now()",
            user)
        == 1;
  }

  @Test
  void a_failing_check_does_not_stop_the_others() throws Exception {
    CountDownLatch ticked = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      live.monitor(
          new Monitored() {
            @Override
            public void tick(long now) {
              ticked.countDown();
              throw new IllegalStateException("simulated failure");
            }

            @Override
            public void shutDown() {
              live.remove(this);
            }
          });
    }
    live.tick();
    await(ticked);
  }

  // Minutes

  @Test
  void FR_033_a_charge_that_failed_is_retried_at_the_next_tick() throws Exception {
    LiveSession session = connected();
    pool.failures.set(1);
    session.audio(PIECES.getFirst());
    assertEquals(0, consumed());
    advance(Duration.ofSeconds(1));
    live.tick();
    Eventually.within(LIMIT, () -> consumed() == 1);
    assertEquals(5, complete(session).get("credits_used").intValue());
  }

  @Test
  void FR_033_a_charge_that_failed_is_made_at_the_end() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(2);
    advanceWithPongs(Duration.ofSeconds(61));
    session.audio(PIECES.get(1));
    assertEquals(1, pool.failed.get());
    live.tick();
    Eventually.within(LIMIT, () -> pool.failed.get() == 2);
    assertEquals(1, consumed());
    assertEquals(10, complete(session).get("credits_used").intValue());
    assertEquals(2, consumed());
  }

  @Test
  void FR_033_a_first_charge_that_failed_is_made_at_the_end() throws Exception {
    LiveSession session = connected();
    pool.failures.set(1);
    session.audio(PIECES.getFirst());
    advance(Duration.ofSeconds(2));
    assertEquals(5, complete(session).get("credits_used").intValue());
  }

  @Test
  void FR_033_running_out_of_credits_ends_the_session() throws Exception {
    LiveSession session = speaking();
    advanceWithPongs(Duration.ofSeconds(61));
    session.audio(PIECES.get(1));
    live.tick();
    Eventually.within(LIMIT, () -> consumed() == 2);
    advanceWithPongs(Duration.ofSeconds(60));
    session.audio(PIECES.get(1));
    // The charge that has committed may not have returned yet; none runs beside it.
    Eventually.within(
        LIMIT,
        () -> {
          live.tick();
          return !client.messages.isEmpty();
        });
    assertEquals("INSUFFICIENT_CREDITS", client.next("error").get("code").stringValue());
    assertEquals(10, client.next("complete").get("credits_used").intValue());
    assertEquals(new Closed(4402, "insufficient_credits"), client.closed());
    awaitNoSessions();
  }

  // Taken over

  private void takeOver() {
    database.run(
        "update notes.voice_sessions set lease = gen_random_uuid() where user_id = ?", user);
  }

  @Test
  void promise_18_a_session_that_was_taken_over_is_not_charged() throws Exception {
    LiveSession session = connected();
    takeOver();
    session.audio(PIECES.getFirst());
    assertEquals(new Closed(1011, "taken_over"), client.closed());
    awaitNoSessions();
    assertEquals(0, provider.received.size());
    assertEquals(0, consumed());
  }

  @Test
  void promise_18_a_session_that_was_taken_over_stores_no_results() throws Exception {
    speaking();
    takeOver();
    provider.result("Too late.");
    assertEquals(new Closed(1011, "taken_over"), client.closed());
    awaitNoSessions();
    assertEquals("", record().get("full_transcript"));
  }

  @Test
  void a_session_of_a_deleted_account_ends() throws Exception {
    for (boolean hasResults : new boolean[] {true, false}) {
      aProUser();
      client.messages.clear();
      LiveSession session = hasResults ? speaking() : connected();
      database.run("delete from ops.job_queue where user_id = ?", user);
      database.run("delete from notes.voice_sessions where user_id = ?", user);
      UUID deleted = user;
      database.run("update auth.users set tier = 'free' where id = ?", deleted);
      delete(deleted);
      if (hasResults) {
        provider.result("Nobody's.");
      } else {
        session.audio(PIECES.getFirst());
      }
      assertEquals(new Closed(1011, "taken_over"), client.closed());
      awaitNoSessions();
    }
  }

  private static void delete(UUID deleted) {
    for (String table :
        List.of(
            "activity.activity_logs",
            "billing.ai_credit_ledger",
            "billing.ai_credit_grants",
            "billing.ai_credit_accounts")) {
      if (database.number("select count(to_regclass(?))", table) == 1) {
        database.run("delete from " + table + " where user_id = ?", deleted);
      }
    }
    database.run("delete from auth.users where id = ?", deleted);
  }

  // The database

  @Test
  void results_that_could_not_be_stored_are_stored_with_the_next() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(1);
    provider.result("One.");
    assertEquals("", record().get("full_transcript"));
    provider.result("Two.");
    assertEquals("One. Two.", record().get("full_transcript"));
    client.next("transcript");
    client.next("transcript");
    complete(session);
  }

  @Test
  void promise_18_recording_an_end_is_retried() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(2);
    assertEquals(5, complete(session).get("credits_used").intValue());
    assertEquals("end_stream", record().get("end_reason"));
  }

  @Test
  void promise_18_an_end_that_cannot_be_recorded_lets_the_lease_expire() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(Integer.MAX_VALUE);
    session.end(EndReason.CLIENT_DONE);
    assertEquals("SERVICE_UNAVAILABLE", client.next("error").get("code").stringValue());
    assertEquals(new Closed(1000, "end_stream"), client.closed());
    awaitNoSessions();
    assertEquals(null, record().get("ended_at"));
  }

  @Test
  void an_exception_at_the_end_still_closes_the_connection() throws Exception {
    LiveSession session = speaking();
    client.onMessage =
        () -> {
          throw new IllegalStateException("simulated failure");
        };
    session.end(EndReason.NOT_AUDIO);
    assertEquals(new Closed(4502, "not_audio"), client.closed());
    awaitNoSessions();
  }
}
