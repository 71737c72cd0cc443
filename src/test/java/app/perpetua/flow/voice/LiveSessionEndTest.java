package app.perpetua.flow.voice;

import static app.perpetua.flow.voice.FakeVoices.await;
import static app.perpetua.flow.voice.VoiceFixture.LIMIT;
import static app.perpetua.flow.voice.VoiceFixture.PIECES;
import static app.perpetua.flow.voice.VoiceFixture.movements;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.voice.FakeVoices.Client.Closed;
import app.perpetua.flow.voice.LiveSessionRecorder.SessionOwner;
import app.perpetua.flow.voice.Transcriber.Ended;
import app.perpetua.flow.voice.Transcriber.Relayed;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** How live sessions end: by the provider, by time, by interruption, with the process. */
class LiveSessionEndTest extends LiveSessionsFixture {
  // The provider

  @Test
  void a_provider_that_is_out_of_reach_costs_nothing() throws Exception {
    provider.unreachable = true;
    open().begin();
    ends("provider_unreachable", 4502, "TRANSCRIPTION_FAILED");
  }

  @Test
  void a_provider_that_does_not_take_audio_ends_it() throws Exception {
    provider.relayed = Relayed.TOO_SLOW;
    speaking();
    ends("provider_slow", 4502, "TRANSCRIPTION_FAILED");
  }

  @Test
  void a_provider_that_is_lost_ends_it() throws Exception {
    provider.relayed = Relayed.LOST;
    speaking();
    ends("provider_gone", 4502, "TRANSCRIPTION_FAILED");
    await(provider.aborted);
  }

  @Test
  void undecodable_is_refunded_unless_something_was_understood() throws Exception {
    speaking();
    provider.tell(Ended.UNDECODABLE);
    ends("undecodable", 4502, "TRANSCRIPTION_FAILED");
    assertEquals(1, movements(database, user, "refund"));
  }

  @Test
  void what_was_understood_is_paid_for_even_if_the_rest_cannot_be_decoded() throws Exception {
    speaking();
    provider.say(" ");
    provider.tell(Ended.UNDECODABLE);
    ends("provider_gone", 4502, "TRANSCRIPTION_FAILED");
    assertEquals(0, movements(database, user, "refund"));
  }

  @Test
  void last_words_that_do_not_come_are_not_waited_for_for_ever() throws Exception {
    try (LiveSessionRegistry hasty = sessions(Duration.ofMillis(1), Optional.of(provider))) {
      provider.finishing = () -> {};
      LiveSession session = hasty.open(new SessionOwner(user, "request-1"), client);
      session.begin();
      client.next("connected");
      session.end(EndReason.CLIENT_DONE);
      client.next("complete");
      assertEquals(new Closed(1000, "end_stream"), client.closed());
      await(provider.aborted);
    }
  }

  // Time

  @Test
  void both_sides_are_pinged_one_beat_at_a_time() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    provider.beating = () -> await(slow);
    begun();
    passAlive(Duration.ofSeconds(2).plusNanos(1));
    live.tick();
    passAlive(Duration.ofSeconds(2).plusNanos(1));
    live.tick();
    assertEquals(0, client.pings.size());
    slow.countDown();
    FakeVoices.taken(client.pings);
    assertEquals(1, provider.beats.get());
  }

  @Test
  void a_beat_that_is_interrupted_is_no_end() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    provider.beating =
        () -> {
          interrupted.countDown();
          throw new InterruptedException();
        };
    LiveSession session = begun();
    passAlive(Duration.ofSeconds(2).plusNanos(1));
    live.tick();
    await(interrupted);
    complete(session);
    assertEquals(0, client.pings.size());
  }

  @Test
  void a_client_that_shows_no_sign_of_life_is_cut() throws Exception {
    begun();
    pass(TIMEOUT);
    provider.heardNanos = nanos.get();
    live.tick();
    assertEquals(1, live.count());
    pass(Duration.ofNanos(1));
    live.tick();
    assertEquals(new Closed(0, ""), client.closed());
    awaitNobody();
    assertEquals("client_gone", record().get("end_reason"));
  }

  @Test
  void a_client_that_does_not_read_is_cut() throws Exception {
    begun();
    CountDownLatch heard = new CountDownLatch(1);
    CountDownLatch reads = new CountDownLatch(1);
    client.hearing =
        () -> {
          heard.countDown();
          await(reads);
        };
    Thread telling = Thread.ofVirtual().start(() -> provider.say("Much."));
    await(heard);
    passAlive(TIMEOUT.plusNanos(1));
    live.tick();
    assertEquals(new Closed(0, ""), client.closed());
    awaitNobody();
    reads.countDown();
    telling.join();
    assertEquals("client_slow", record().get("end_reason"));
    assertEquals("Much.", record().get("full_transcript"));
  }

  @Test
  void a_provider_that_shows_no_sign_of_life_is_given_up() throws Exception {
    begun();
    pass(TIMEOUT.plusNanos(1));
    client.heardNanos = nanos.get();
    live.tick();
    ends("provider_gone", 4502, "TRANSCRIPTION_FAILED");
  }

  @Test
  void silence_ends_it() throws Exception {
    begun();
    passAlive(SILENCE.plusNanos(1));
    live.tick();
    client.next("complete");
    assertEquals(new Closed(1000, "silence"), client.closed());
  }

  @Test
  void FR_036_it_lasts_no_longer_than_its_maximum() throws Exception {
    LiveSession session = speaking();
    passAlive(Duration.ofSeconds(301));
    session.audio(PIECES.get(1));
    live.tick();
    assertEquals("MAX_DURATION_EXCEEDED", client.next("error").get("code").stringValue());
    assertEquals(300, client.next("complete").get("duration_seconds").intValue());
    assertEquals(new Closed(4408, "max_duration"), client.closed());
  }

  @Test
  void a_session_that_cannot_end_because_of_its_client_is_cut_in_the_end() throws Exception {
    LiveSession session = begun();
    CountDownLatch reads = new CountDownLatch(1);
    CountDownLatch told = new CountDownLatch(1);
    client.hearing =
        () -> {
          told.countDown();
          await(reads);
        };
    session.end(EndReason.MISBEHAVED);
    await(told);
    pass(LIMIT.plus(TIMEOUT));
    live.tick();
    assertEquals(0, client.closes.size());
    pass(Duration.ofNanos(1));
    live.tick();
    assertEquals(new Closed(0, ""), client.closed());
    reads.countDown();
    assertEquals(new Closed(1008, "misbehaved"), client.closed());
  }

  // Its thread is interrupted, or it ends where nobody expects it

  @Test
  void an_interrupted_start_ends_it() throws Exception {
    provider.opening =
        () -> {
          throw new InterruptedException();
        };
    open().begin();
    assertTrue(Thread.interrupted());
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  @Test
  void interrupted_audio_ends_it() throws Exception {
    provider.sending =
        () -> {
          throw new InterruptedException();
        };
    LiveSession session = begun();
    session.audio(PIECES.getFirst());
    assertTrue(Thread.interrupted());
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  @Test
  void an_interrupted_end_is_left_to_the_lease() throws Exception {
    provider.finishing =
        () -> {
          throw new InterruptedException();
        };
    LiveSession session = begun();
    session.end(EndReason.CLIENT_DONE);
    assertEquals(new Closed(1000, "end_stream"), client.closed());
    awaitNobody();
    assertEquals(null, record().get("ended_at"));
  }

  @Test
  void an_end_while_the_provider_is_reached_hangs_up() throws Exception {
    LiveSession session = open();
    provider.opening = session::goAway;
    session.begin();
    await(provider.aborted);
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  @Test
  void a_session_that_ended_before_its_client_was_there_tells_it_so() throws Exception {
    LiveSession session = open();
    session.end(EndReason.GOING_AWAY);
    awaitNobody();
    client.closes.clear();
    session.begin();
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  // The process stops

  @Test
  void promise_24_a_process_that_stops_waits_until_each_session_is_written_down() throws Exception {
    CountDownLatch finishing = new CountDownLatch(1);
    CountDownLatch lastWords = new CountDownLatch(1);
    provider.finishing =
        () -> {
          finishing.countDown();
          await(lastWords);
          provider.tell(Ended.DONE);
        };
    speaking();
    CountDownLatch closed = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(
            () -> {
              live.close();
              closed.countDown();
            });
    await(finishing);
    assertEquals(1, closed.getCount());
    Refusal refusal = assertThrows(Refusal.class, this::open);
    assertEquals(ErrorCode.SERVICE_UNAVAILABLE, refusal.code());
    lastWords.countDown();
    await(closed);
    assertEquals("going_away", record().get("end_reason"));
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
    CountDownLatch told = new CountDownLatch(1);
    live.watch(
        new Monitored() {
          @Override
          public void tick(long now) {
            throw new AssertionError("nobody looks any more");
          }

          @Override
          public void goAway() {
            told.countDown();
            live.forget(this);
          }
        });
    await(told);
  }

  @Test
  void an_interrupted_stop_does_not_wait() throws Exception {
    CountDownLatch lastWords = new CountDownLatch(1);
    provider.finishing = () -> await(lastWords);
    begun();
    Thread stopping = Thread.ofVirtual().unstarted(live::close);
    stopping.start();
    stopping.interrupt();
    stopping.join();
    assertEquals(1, live.count());
    lastWords.countDown();
    provider.tell(Ended.DONE);
    awaitNobody();
  }

  @Test
  void without_a_transcriber_there_is_no_session() {
    try (LiveSessionRegistry none = sessions(LIMIT, Optional.empty())) {
      Refusal refusal = assertThrows(Refusal.class, none::requireService);
      assertEquals(ErrorCode.TRANSCRIPTION_SERVICE_UNAVAILABLE, refusal.code());
    }
  }
}
