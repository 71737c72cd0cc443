package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.WebmFile;
import app.perpetua.flow.provider.deepgram.Deepgram;
import app.perpetua.flow.sql.Eventually;
import app.perpetua.flow.voice.Transcriber;
import app.perpetua.flow.voice.Transcriber.Recognition;
import app.perpetua.flow.voice.Transcriber.SendResult;
import app.perpetua.flow.voice.Transcriber.StreamEnd;
import app.perpetua.flow.voice.Transcriber.Transcript;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The production adapter and the control port on one fake. */
class DeepgramControlsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Json json = new Json();
  private final FakeDeepgram fake = new FakeDeepgram();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http = HttpClient.newBuilder().executor(threads).build();
  private final ControlPort control =
      new ControlPort(0, new DeepgramControls(fake).calls(), java.util.Map::of, json);

  @AfterEach
  void stop() {
    control.close();
    http.shutdownNow();
    threads.shutdownNow();
    fake.close();
  }

  private HttpResponse<String> call(String method, String path, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + control.address().getPort() + path))
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private Deepgram deepgram(String key) {
    return new Deepgram(http, URI.create(fake.origin()), new Secret(key), json, System::nanoTime);
  }

  @Test
  void a_scripted_stream_returns_its_transcripts() throws Exception {
    String steps =
        "{\"steps\": [{\"partial\": \"he\"}, {\"stall_ms\": 5}, {\"final\": \"Hello.\"}]}";
    assertEquals(200, call("POST", "/deepgram/script", steps).statusCode());
    assertEquals(400, call("POST", "/deepgram/script", "{\"steps\": [{}]}").statusCode());
    assertEquals(400, call("POST", "/deepgram/script", "{\"steps\": [7]}").statusCode());
    BlockingQueue<Object> results = new LinkedBlockingQueue<>();
    Transcriber.Stream stream = deepgram(FakeDeepgram.KEY).open(into(results));
    for (byte[] piece : WebmFile.pieces(2)) {
      assertEquals(SendResult.SENT, stream.send(piece));
    }
    stream.heartbeat();
    Transcript partial = assertInstanceOf(Transcript.class, results.poll(20, TimeUnit.SECONDS));
    assertEquals("he", partial.text());
    stream.finish();
    Transcript last = assertInstanceOf(Transcript.class, results.poll(20, TimeUnit.SECONDS));
    assertEquals("Hello.", last.text());
    assertTrue(last.isFinal());
    assertEquals(StreamEnd.COMPLETED, results.poll(20, TimeUnit.SECONDS));
    assertEquals(SendResult.LOST, stream.send(new byte[4]));
    stream.abort();
    JsonNode calls = json.parse(call("GET", "/deepgram/calls", "").body());
    assertEquals(2, calls.at("/streams/0/messages").intValue());
    assertTrue(calls.at("/streams/0/finished").booleanValue());
  }

  private static Transcriber.Listener into(BlockingQueue<Object> results) {
    return new Transcriber.Listener() {
      @Override
      public void onTranscript(Transcript transcript) {
        results.add(transcript);
      }

      @Override
      public void onEnd(StreamEnd end) {
        results.add(end);
      }
    };
  }

  @Test
  void a_rejected_stream_reports_the_reason_without_secrets() throws Exception {
    Transcriber.Unreachable refused =
        assertThrows(
            Transcriber.Unreachable.class,
            () -> deepgram("wrong").open(into(new LinkedBlockingQueue<>())));
    assertTrue(String.valueOf(refused.getMessage()).contains("401"), refused.getMessage());
    call("POST", "/deepgram/script", "{\"steps\": [{\"refuse\": 429}]}");
    refused =
        assertThrows(
            Transcriber.Unreachable.class,
            () -> deepgram(FakeDeepgram.KEY).open(into(new LinkedBlockingQueue<>())));
    assertTrue(String.valueOf(refused.getMessage()).contains("429"), refused.getMessage());
    Deepgram nowhere =
        new Deepgram(
            http, URI.create("http://127.0.0.1:1"), new Secret("x"), json, System::nanoTime);
    assertThrows(
        Transcriber.Unreachable.class, () -> nowhere.open(into(new LinkedBlockingQueue<>())));
    assertInstanceOf(
        Recognition.Failed.class, nowhere.recognize("https://example.com/a", new Cancellation()));
  }

  @Test
  void recordings_can_be_scripted() throws Exception {
    call("POST", "/deepgram/script", "{\"recording\": {\"transcript\": \"Yes.\", \"seconds\": 3}}");
    Recognition.Recognized recognized =
        assertInstanceOf(
            Recognition.Recognized.class,
            deepgram(FakeDeepgram.KEY).recognize("https://example.com/a.webm", new Cancellation()));
    assertEquals("Yes.", recognized.text());
    assertEquals(3, recognized.seconds());
    call("POST", "/deepgram/script", "{\"recording\": {\"status\": 400}}");
    assertInstanceOf(
        Recognition.Unusable.class,
        deepgram(FakeDeepgram.KEY).recognize("https://example.com/b.webm", new Cancellation()));
    JsonNode calls = json.parse(call("GET", "/deepgram/calls", "").body());
    assertEquals("https://example.com/a.webm", calls.at("/recordings/0/url").stringValue());
  }

  @Test
  void a_cancelled_request_is_not_sent() throws Exception {
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    assertEquals(
        new Recognition.Failed("the request was cancelled"),
        deepgram(FakeDeepgram.KEY).recognize("https://example.com/c.webm", cancellation));
    assertEquals(List.of(), fake.recordingRequests());
  }

  @Test
  void a_cancelled_request_ends_at_once() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    fake.hold(never);
    Cancellation cancellation = new Cancellation();
    Future<Recognition> recognition =
        threads.submit(
            () -> deepgram(FakeDeepgram.KEY).recognize("https://example.com/c.webm", cancellation));
    Eventually.within(LIMIT, () -> !fake.recordingRequests().isEmpty());
    cancellation.cancel();
    assertEquals(
        new Recognition.Failed("the request was cancelled"),
        recognition.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
    never.countDown();
  }
}
