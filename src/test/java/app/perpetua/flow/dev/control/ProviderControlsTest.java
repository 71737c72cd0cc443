package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.fake.FakeCheckout;
import app.perpetua.flow.fake.FakeDeepgram;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.fake.FakeOpenAi;
import app.perpetua.flow.fake.FakeProvider;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.OpenAiStep;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.fake.WebmFile;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.notifications.PushService.Outcome;
import app.perpetua.flow.notifications.PushService.Push;
import app.perpetua.flow.notifications.PushService.Urgency;
import app.perpetua.flow.notifications.Vapid;
import app.perpetua.flow.provider.deepgram.Deepgram;
import app.perpetua.flow.provider.webpush.WebPush;
import app.perpetua.flow.voice.Transcriber;
import app.perpetua.flow.voice.Transcriber.Recognition;
import app.perpetua.flow.voice.Transcriber.SendResult;
import app.perpetua.flow.voice.Transcriber.StreamEnd;
import app.perpetua.flow.voice.Transcriber.Transcript;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ProviderControlsTest {
  private final MutableClock clock = new MutableClock();
  private final Json json = new Json();
  @AutoClose private final FakeOpenAi openAi = new FakeOpenAi();
  @AutoClose private final FakeDeepgram deepgram = new FakeDeepgram();
  @AutoClose private final FakeCheckout checkout = new FakeCheckout(clock);
  @AutoClose private final FakeGoogle google = new FakeGoogle(clock);
  @AutoClose private final FakePushService push = new FakePushService(clock);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).executor(threads).build();
  private final ControlPort control =
      new ControlPort(0, new ProviderControls(providers()).calls(), Map::of, json);

  private Map<String, FakeProvider> providers() {
    Map<String, FakeProvider> providers = new LinkedHashMap<>();
    providers.put("openai", openAi);
    providers.put("deepgram", deepgram);
    providers.put("checkout", checkout);
    providers.put("google", google);
    providers.put("push", push);
    return providers;
  }

  @AfterEach
  void stop() {
    control.close();
    http.shutdownNow();
    threads.shutdownNow();
  }

  private HttpResponse<String> call(String method, String body) throws Exception {
    return http.send(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + control.address().getPort() + "/providers"))
            .method(method, BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  private void turn(String name, String state) throws Exception {
    HttpResponse<String> answer =
        call("POST", "{\"name\": \"" + name + "\", \"state\": \"" + state + "\"}");
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals(state, json.parse(answer.body()).path(name).stringValue());
  }

  private int status(URI uri, String authorization) throws Exception {
    return http.send(
            HttpRequest.newBuilder(uri).header("Authorization", authorization).build(),
            BodyHandlers.ofString())
        .statusCode();
  }

  private int model() throws Exception {
    return status(openAi.baseUrl().resolve("/v1/models/gpt-4"), "Bearer " + FakeOpenAi.KEY);
  }

  private int payment() throws Exception {
    return status(
        checkout.baseUrl().resolve("/payments/pay_1"), "Bearer " + FakeCheckout.SECRET_KEY);
  }

  private int charge() throws Exception {
    return http.send(
            HttpRequest.newBuilder(checkout.baseUrl().resolve("/payments"))
                .header("Authorization", "Bearer " + FakeCheckout.SECRET_KEY)
                .header("Cko-Idempotency-Key", "k")
                .POST(
                    BodyPublishers.ofString(
                        """
                        {"merchant_initiated": true, "payment_type": "Recurring"}
                        """))
                .build(),
            BodyHandlers.ofString())
        .statusCode();
  }

  private int keys() throws Exception {
    return status(google.jwksUrl(), "");
  }

  private Deepgram transcriber() {
    return new Deepgram(
        http, URI.create(deepgram.origin()), new Secret(FakeDeepgram.KEY), json, System::nanoTime);
  }

  private Recognition recognition() throws InterruptedException {
    return transcriber().recognize("https://example.com/a.webm", new Cancellation());
  }

  private Outcome sent() throws Exception {
    FakePushService.Subscription browser = push.subscribe();
    VapidKeys keys = VapidKeys.make();
    return new WebPush(
            http,
            new Vapid(
                Vapid.publicKey(keys.publicKey()),
                Vapid.privateKey(keys.privateKey()),
                "mailto:push@example.com"),
            new AddressGuard(List.of(AllowedHost.parse(push.origin())), InetAddress::getAllByName),
            clock)
        .send(
            new Push(
                browser.endpoint(),
                Base64.getUrlDecoder().decode(browser.inbox().p256dh()),
                Base64.getUrlDecoder().decode(browser.inbox().auth()),
                "topic",
                Urgency.NORMAL,
                Duration.ofHours(1),
                "{}".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void every_fake_is_up_at_first() throws Exception {
    assertEquals(
        "{\"openai\":\"up\",\"deepgram\":\"up\",\"checkout\":\"up\",\"google\":\"up\","
            + "\"push\":\"up\"}",
        call("GET", "").body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"name\": \"stripe\", \"state\": \"up\"}",
        "{\"name\": \"openai\", \"state\": \"down\"}",
        "{\"name\": \"openai\"}",
        "{\"state\": \"failing\"}",
        "{\"name\": \"openai\", \"state\": \"failing\", \"for\": 3}"
      })
  void unknown_names_and_states_are_400_and_change_nothing(String body) throws Exception {
    assertEquals(400, call("POST", body).statusCode());
    JsonNode states = json.parse(call("GET", "").body());
    states.forEach(state -> assertEquals("up", state.stringValue()));
  }

  @Test
  void a_failing_fake_answers_with_an_error_until_it_is_up_again() throws Exception {
    for (String name : providers().keySet()) {
      turn(name, "failing");
    }
    assertEquals(500, model());
    assertEquals(500, payment());
    assertEquals(500, charge());
    assertEquals(503, keys());
    assertInstanceOf(Recognition.Failed.class, recognition());
    Transcriber.Unreachable refused =
        assertThrows(
            Transcriber.Unreachable.class,
            () -> transcriber().open(into(new LinkedBlockingQueue<>())));
    assertTrue(String.valueOf(refused.getMessage()).contains("500"), refused.getMessage());
    assertEquals(
        new Outcome.Unavailable(Duration.ZERO, "the push service responded with 503"), sent());
    assertEquals(List.of(), push.inbox());
    for (String name : providers().keySet()) {
      turn(name, "up");
    }
    assertEquals(200, model());
    assertEquals(404, payment());
    assertEquals(200, keys());
    assertInstanceOf(Recognition.Recognized.class, recognition());
    assertInstanceOf(Outcome.Sent.class, sent());
  }

  @Test
  void scripted_answers_take_precedence_over_failing() throws Exception {
    for (String name : providers().keySet()) {
      turn(name, "failing");
    }
    openAi.script(OpenAiStep.error(429, "rate_limit_exceeded"));
    assertEquals(429, model());
    assertEquals(500, model());
    checkout.script(List.of(new FakeCheckout.Step.Failure(402)));
    assertEquals(402, charge());
    assertEquals(500, charge());
    deepgram.respondWith(FakeDeepgram.Recording.of("Yes.", 3));
    assertInstanceOf(Recognition.Recognized.class, recognition());
    push.respondWith(FakePushService.Script.status(410).times(1));
    assertInstanceOf(Outcome.Gone.class, sent());
    assertInstanceOf(Outcome.Unavailable.class, sent());
    google.respondWith(FakeGoogle.Mode.REDIRECTING);
    assertEquals(302, keys());
  }

  @Test
  void a_failing_Deepgram_ends_running_streams() throws Exception {
    BlockingQueue<Object> results = new LinkedBlockingQueue<>();
    Transcriber.Stream stream = transcriber().open(into(results));
    List<byte[]> pieces = WebmFile.pieces(3);
    assertEquals(SendResult.SENT, stream.send(pieces.get(0)));
    stream.send(pieces.get(1));
    assertInstanceOf(Transcript.class, results.poll(20, TimeUnit.SECONDS));
    turn("deepgram", "failing");
    stream.send(pieces.get(2));
    assertEquals(StreamEnd.LOST, results.poll(20, TimeUnit.SECONDS));
    stream.abort();
  }

  @Test
  void a_slow_fake_delays_each_answer() throws Exception {
    for (String name : providers().keySet()) {
      turn(name, "slow");
    }
    List<Future<Long>> took = new ArrayList<>();
    took.add(timed(() -> assertEquals(200, model())));
    took.add(timed(() -> assertEquals(404, payment())));
    took.add(timed(() -> assertEquals(200, keys())));
    took.add(timed(() -> assertInstanceOf(Recognition.Recognized.class, recognition())));
    took.add(timed(() -> assertInstanceOf(Outcome.Sent.class, sent())));
    for (Future<Long> each : took) {
      assertTrue(each.get() >= FakeProvider.DELAY.toNanos());
    }
  }

  @FunctionalInterface
  private interface Work {
    void run() throws Exception;
  }

  private Future<Long> timed(Work work) {
    Callable<Long> measured =
        () -> {
          long begun = System.nanoTime();
          work.run();
          return System.nanoTime() - begun;
        };
    return threads.submit(measured);
  }

  @Test
  void a_slow_stream_opens_late_has_no_interim_results_and_loses_no_words() throws Exception {
    turn("deepgram", "slow");
    BlockingQueue<Object> results = new LinkedBlockingQueue<>();
    long begun = System.nanoTime();
    Transcriber.Stream stream = transcriber().open(into(results));
    assertTrue(System.nanoTime() - begun >= FakeProvider.DELAY.toNanos());
    for (byte[] piece : WebmFile.pieces(17)) {
      assertEquals(SendResult.SENT, stream.send(piece));
    }
    stream.finish();
    List<String> texts = new ArrayList<>();
    for (Object result = results.poll(20, TimeUnit.SECONDS);
        result instanceof Transcript transcript;
        result = results.poll(20, TimeUnit.SECONDS)) {
      assertTrue(transcript.isFinal());
      texts.add(transcript.text());
    }
    assertEquals(List.of("Sentence 1.", "Sentence 2.", "And the last words."), texts);
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
}
