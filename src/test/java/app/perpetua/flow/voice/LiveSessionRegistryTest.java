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

/** Live sessions and the database: first bytes, leases, minutes, words. */
class LiveSessionRegistryTest extends LiveSessionsFixture {
  // First bytes

  @Test
  void the_first_message_may_be_one_byte_as_recorders_send_it() throws Exception {
    LiveSession session = begun();
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
    LiveSession session = begun();
    session.audio(new byte[] {0x1a, 0x45, (byte) 0xdf});
    pass(Duration.ofSeconds(20));
    JsonNode complete = complete(session);
    assertEquals(0, complete.get("credits_used").intValue());
    assertEquals(0, complete.get("duration_seconds").intValue());
    assertEquals(0, consumed());
    assertEquals(0, provider.received.size());
    assertEquals("end_stream", record().get("end_reason"));
  }

  @Test
  void what_turns_out_to_be_no_webm_costs_nothing() throws Exception {
    LiveSession session = begun();
    session.audio(new byte[] {0x1a});
    session.audio(new byte[] {0x45, 0, 0});
    ends("not_audio", 4502, "TRANSCRIPTION_FAILED");
    session.audio(PIECES.getFirst());
    assertEquals(0, consumed());
    assertEquals(0, provider.received.size());
  }

  // The lease

  @Test
  void leases_are_extended_three_times_as_often_as_they_end() throws Exception {
    LiveSession session = begun();
    expire();
    pass(LEASE.dividedBy(3).minusNanos(1));
    live.tick();
    assertFalse(leased());
    pass(Duration.ofNanos(1));
    live.tick();
    Eventually.within(LIMIT, this::leased);
    complete(session);
    // Nobody is left whose lease there would be to extend.
    pass(LEASE);
    live.tick();
  }

  @Test
  void a_lease_that_the_database_cannot_extend_is_extended_the_next_time() throws Exception {
    LiveSession session = begun();
    expire();
    pool.failures.set(1);
    pass(LEASE.dividedBy(3));
    live.tick();
    Eventually.within(LIMIT, () -> pool.failed.get() == 1);
    assertFalse(leased());
    // The attempt that failed may not be over yet; none runs beside it.
    Eventually.within(
        LIMIT,
        () -> {
          pass(LEASE.dividedBy(3));
          provider.heardNanos = nanos.get();
          client.heardNanos = nanos.get();
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
  void what_is_looked_at_and_fails_stops_nobody_else() throws Exception {
    CountDownLatch looked = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      live.watch(
          new Monitored() {
            @Override
            public void tick(long now) {
              looked.countDown();
              throw new IllegalStateException("as the test wants it");
            }

            @Override
            public void goAway() {
              live.forget(this);
            }
          });
    }
    live.tick();
    await(looked);
  }

  // Minutes

  @Test
  void FR_033_a_minute_that_the_database_could_not_take_is_taken_at_the_next_look()
      throws Exception {
    LiveSession session = begun();
    pool.failures.set(1);
    session.audio(PIECES.getFirst());
    assertEquals(0, consumed());
    pass(Duration.ofSeconds(1));
    live.tick();
    Eventually.within(LIMIT, () -> consumed() == 1);
    assertEquals(5, complete(session).get("credits_used").intValue());
  }

  @Test
  void FR_033_a_minute_that_could_not_be_taken_is_owed_at_the_end() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(1);
    passAlive(Duration.ofSeconds(61));
    session.audio(PIECES.get(1));
    live.tick();
    Eventually.within(LIMIT, () -> pool.failed.get() == 1);
    assertEquals(1, consumed());
    assertEquals(10, complete(session).get("credits_used").intValue());
    assertEquals(2, consumed());
  }

  @Test
  void FR_033_a_first_minute_that_could_not_be_taken_is_owed_at_the_end() throws Exception {
    LiveSession session = begun();
    pool.failures.set(1);
    session.audio(PIECES.getFirst());
    pass(Duration.ofSeconds(2));
    assertEquals(5, complete(session).get("credits_used").intValue());
  }

  @Test
  void FR_033_credits_that_run_out_end_it() throws Exception {
    LiveSession session = speaking();
    passAlive(Duration.ofSeconds(61));
    session.audio(PIECES.get(1));
    live.tick();
    Eventually.within(LIMIT, () -> consumed() == 2);
    passAlive(Duration.ofSeconds(60));
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
    awaitNobody();
  }

  // Taken over

  private void takeOver() {
    database.run(
        "update notes.voice_sessions set lease = gen_random_uuid() where user_id = ?", user);
  }

  @Test
  void promise_18_a_session_that_another_process_took_over_takes_no_minute() throws Exception {
    LiveSession session = begun();
    takeOver();
    session.audio(PIECES.getFirst());
    assertEquals(new Closed(1011, "taken_over"), client.closed());
    awaitNobody();
    assertEquals(0, provider.received.size());
    assertEquals(0, consumed());
  }

  @Test
  void promise_18_a_session_that_another_process_took_over_keeps_no_words() throws Exception {
    speaking();
    takeOver();
    provider.say("Too late.");
    assertEquals(new Closed(1011, "taken_over"), client.closed());
    awaitNobody();
    assertEquals("", record().get("full_transcript"));
  }

  @Test
  void a_session_whose_account_is_gone_ends() throws Exception {
    for (boolean words : new boolean[] {true, false}) {
      aProUser();
      client.messages.clear();
      LiveSession session = words ? speaking() : begun();
      database.run("delete from ops.job_queue where user_id = ?", user);
      database.run("delete from notes.voice_sessions where user_id = ?", user);
      UUID gone = user;
      database.run("update auth.users set tier = 'free' where id = ?", gone);
      delete(gone);
      if (words) {
        provider.say("Nobody's.");
      } else {
        session.audio(PIECES.getFirst());
      }
      assertEquals(new Closed(1011, "taken_over"), client.closed());
      awaitNobody();
    }
  }

  private static void delete(UUID gone) {
    for (String table :
        List.of(
            "activity.activity_logs",
            "billing.ai_credit_ledger",
            "billing.ai_credit_grants",
            "billing.ai_credit_accounts")) {
      if (database.number("select count(to_regclass(?))", table) == 1) {
        database.run("delete from " + table + " where user_id = ?", gone);
      }
    }
    database.run("delete from auth.users where id = ?", gone);
  }

  // The database

  @Test
  void words_that_could_not_be_stored_are_stored_with_the_next() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(1);
    provider.say("One.");
    assertEquals("", record().get("full_transcript"));
    provider.say("Two.");
    assertEquals("One. Two.", record().get("full_transcript"));
    client.next("transcript");
    client.next("transcript");
    complete(session);
  }

  @Test
  void promise_18_an_end_that_could_not_be_recorded_is_tried_again() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(2);
    assertEquals(5, complete(session).get("credits_used").intValue());
    assertEquals("end_stream", record().get("end_reason"));
  }

  @Test
  void promise_18_an_end_that_cannot_be_recorded_is_left_to_the_lease() throws Exception {
    LiveSession session = speaking();
    pool.failures.set(Integer.MAX_VALUE);
    session.end(EndReason.CLIENT_DONE);
    assertEquals("SERVICE_UNAVAILABLE", client.next("error").get("code").stringValue());
    assertEquals(new Closed(1000, "end_stream"), client.closed());
    awaitNobody();
    assertEquals(null, record().get("ended_at"));
  }

  @Test
  void a_mistake_of_ours_at_the_end_still_closes_the_connection() throws Exception {
    LiveSession session = speaking();
    client.hearing =
        () -> {
          throw new IllegalStateException("as the test wants it");
        };
    session.end(EndReason.NOT_AUDIO);
    assertEquals(new Closed(4502, "not_audio"), client.closed());
    awaitNobody();
  }
}
