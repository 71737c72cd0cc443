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
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.voice.FakeVoices.Client.Closed;
import app.perpetua.flow.voice.Transcriber.SendResult;
import app.perpetua.flow.voice.Transcriber.StreamEnd;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Ends of live sessions: the provider, time limits, interruption, shutdown. */
class LiveSessionEndTest extends LiveSessionsFixture {
  // The provider

  @Test
  void an_unreachable_provider_costs_nothing() throws Exception {
    provider.unreachable = true;
    open().start();
    assertEndsWith("provider_unreachable", 4502, "TRANSCRIPTION_FAILED");
  }

  @Test
  void a_provider_that_reads_too_slowly_ends_the_session() throws Exception {
    provider.sendResult = SendResult.TOO_SLOW;
    speaking();
    assertEndsWith("provider_slow", 4502, "TRANSCRIPTION_FAILED");
  }

  @Test
  void a_lost_provider_ends_the_session() throws Exception {
    provider.sendResult = SendResult.LOST;
    speaking();
    assertEndsWith("provider_gone", 4502, "TRANSCRIPTION_FAILED");
    await(provider.aborted);
  }

  @Test
  void undecodable_audio_is_refunded() throws Exception {
    speaking();
    provider.end(StreamEnd.UNDECODABLE);
    assertEndsWith("undecodable", 4502, "TRANSCRIPTION_FAILED");
    assertEquals(1, movements(database, user, "refund"));
  }

  @Test
  void audio_with_results_is_charged_even_if_the_rest_cannot_be_decoded() throws Exception {
    speaking();
    provider.result(" ");
    provider.end(StreamEnd.UNDECODABLE);
    assertEndsWith("provider_gone", 4502, "TRANSCRIPTION_FAILED");
    assertEquals(0, movements(database, user, "refund"));
  }

  @Test
  void waiting_for_the_last_results_has_a_timeout() throws Exception {
    try (LiveSessionRegistry registry = registry(Duration.ofMillis(1), Optional.of(provider))) {
      provider.onFinish = () -> {};
      LiveSession session = registry.open(Actor.user(user, "request-1"), client);
      session.start();
      client.next("connected");
      session.end(EndReason.CLIENT_DONE);
      client.next("complete");
      assertEquals(new Closed(1000, "end_stream"), client.closed());
      await(provider.aborted);
    }
  }

  // Time

  @Test
  void both_sides_are_pinged_by_one_heartbeat_at_a_time() throws Exception {
    CountDownLatch slow = new CountDownLatch(1);
    provider.onHeartbeat = () -> await(slow);
    connected();
    advanceWithPongs(Duration.ofSeconds(2).plusNanos(1));
    live.tick();
    advanceWithPongs(Duration.ofSeconds(2).plusNanos(1));
    live.tick();
    assertEquals(0, client.pings.size());
    slow.countDown();
    FakeVoices.taken(client.pings);
    assertEquals(1, provider.heartbeats.get());
  }

  @Test
  void an_interrupted_heartbeat_does_not_end_the_session() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    provider.onHeartbeat =
        () -> {
          interrupted.countDown();
          throw new InterruptedException();
        };
    LiveSession session = connected();
    advanceWithPongs(Duration.ofSeconds(2).plusNanos(1));
    live.tick();
    await(interrupted);
    complete(session);
    assertEquals(0, client.pings.size());
  }

  @Test
  void a_client_that_sends_nothing_is_disconnected() throws Exception {
    connected();
    advance(TIMEOUT);
    provider.lastReceivedNanos = nanos.get();
    live.tick();
    assertEquals(1, live.count());
    advance(Duration.ofNanos(1));
    live.tick();
    assertEquals(new Closed(0, ""), client.closed());
    awaitNoSessions();
    assertEquals("client_gone", record().get("end_reason"));
  }

  @Test
  void a_client_that_does_not_read_is_disconnected() throws Exception {
    speaking();
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch reads = new CountDownLatch(1);
    client.onMessage =
        () -> {
          blocked.countDown();
          await(reads);
        };
    Thread sender = Thread.ofVirtual().start(() -> provider.result("Much."));
    await(blocked);
    advanceWithPongs(TIMEOUT.plusNanos(1));
    live.tick();
    assertEquals(new Closed(0, ""), client.closed());
    awaitNoSessions();
    reads.countDown();
    sender.join();
    assertEquals("client_slow", record().get("end_reason"));
    assertEquals("Much.", record().get("full_transcript"));
  }

  @Test
  void a_provider_that_sends_nothing_ends_the_session() throws Exception {
    connected();
    advance(TIMEOUT.plusNanos(1));
    client.lastReceivedNanos = nanos.get();
    live.tick();
    assertEndsWith("provider_gone", 4502, "TRANSCRIPTION_FAILED");
  }

  @Test
  void silence_ends_the_session() throws Exception {
    connected();
    advanceWithPongs(SILENCE.plusNanos(1));
    live.tick();
    client.next("complete");
    assertEquals(new Closed(1000, "silence"), client.closed());
  }

  @Test
  void FR_036_the_maximum_duration_ends_the_session() throws Exception {
    VoiceFixture.grant(database, user, 15, 0);
    LiveSession session = speaking();
    advanceWithPongs(Duration.ofSeconds(301));
    session.audio(PIECES.get(1));
    live.tick();
    assertEquals("MAX_DURATION_EXCEEDED", client.next("error").get("code").stringValue());
    assertEquals(300, client.next("complete").get("duration_seconds").intValue());
    assertEquals(new Closed(4408, "max_duration"), client.closed());
  }

  @Test
  void a_client_that_blocks_the_end_is_disconnected() throws Exception {
    LiveSession session = connected();
    CountDownLatch reads = new CountDownLatch(1);
    CountDownLatch called = new CountDownLatch(1);
    client.onMessage =
        () -> {
          called.countDown();
          await(reads);
        };
    session.end(EndReason.PROTOCOL_ERROR);
    await(called);
    advance(LIMIT.plus(TIMEOUT));
    live.tick();
    assertEquals(0, client.closes.size());
    advance(Duration.ofNanos(1));
    live.tick();
    assertEquals(new Closed(0, ""), client.closed());
    reads.countDown();
    assertEquals(new Closed(1008, "misbehaved"), client.closed());
  }

  // Interruption and races

  @Test
  void a_tick_during_the_end_does_not_disconnect_the_client() throws Exception {
    LiveSession session = connected();
    onTime =
        () -> {
          onTime = () -> {};
          session.tick(nanos.get());
        };
    session.end(EndReason.CLIENT_DONE);
    client.next("complete");
    assertEquals(new Closed(1000, "end_stream"), client.closed());
  }

  @Test
  void an_interrupted_start_ends_the_session() throws Exception {
    provider.onOpen =
        () -> {
          throw new InterruptedException();
        };
    open().start();
    assertTrue(Thread.interrupted());
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  @Test
  void interrupted_audio_ends_the_session() throws Exception {
    provider.onAudio =
        () -> {
          throw new InterruptedException();
        };
    LiveSession session = connected();
    session.audio(PIECES.getFirst());
    assertTrue(Thread.interrupted());
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  @Test
  void an_interrupted_end_lets_the_lease_expire() throws Exception {
    provider.onFinish =
        () -> {
          throw new InterruptedException();
        };
    LiveSession session = connected();
    session.end(EndReason.CLIENT_DONE);
    assertEquals(new Closed(1000, "end_stream"), client.closed());
    awaitNoSessions();
    assertEquals(null, record().get("ended_at"));
  }

  @Test
  void an_end_during_the_connect_closes_the_provider() throws Exception {
    LiveSession session = open();
    provider.onOpen = session::shutDown;
    session.start();
    await(provider.aborted);
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  @Test
  void a_session_that_ended_before_its_client_connected_closes_the_connection() throws Exception {
    LiveSession session = open();
    session.end(EndReason.SHUTDOWN);
    awaitNoSessions();
    client.closes.clear();
    session.start();
    assertEquals(new Closed(1001, "going_away"), client.closed());
  }

  // Shutdown

  @Test
  void promise_24_shutdown_waits_until_each_session_is_recorded() throws Exception {
    CountDownLatch finishing = new CountDownLatch(1);
    CountDownLatch results = new CountDownLatch(1);
    provider.onFinish =
        () -> {
          finishing.countDown();
          await(results);
          provider.end(StreamEnd.COMPLETED);
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
    results.countDown();
    await(closed);
    assertEquals("going_away", record().get("end_reason"));
    client.next("complete");
    assertEquals(new Closed(1001, "going_away"), client.closed());
    CountDownLatch called = new CountDownLatch(1);
    live.monitor(
        new Monitored() {
          @Override
          public void tick(long now) {
            throw new AssertionError("no ticks after shutdown");
          }

          @Override
          public void shutDown() {
            called.countDown();
            live.remove(this);
          }
        });
    await(called);
  }

  @Test
  void an_interrupted_shutdown_does_not_wait() throws Exception {
    CountDownLatch results = new CountDownLatch(1);
    provider.onFinish = () -> await(results);
    connected();
    Thread stopping = Thread.ofVirtual().unstarted(live::close);
    stopping.start();
    stopping.interrupt();
    stopping.join();
    assertEquals(1, live.count());
    results.countDown();
    provider.end(StreamEnd.COMPLETED);
    awaitNoSessions();
  }

  @Test
  void without_a_transcriber_no_session_opens() {
    try (LiveSessionRegistry none = registry(LIMIT, Optional.empty())) {
      Refusal refusal = assertThrows(Refusal.class, none::requireService);
      assertEquals(ErrorCode.TRANSCRIPTION_SERVICE_UNAVAILABLE, refusal.code());
    }
  }
}
