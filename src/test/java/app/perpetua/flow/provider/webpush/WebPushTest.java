package app.perpetua.flow.provider.webpush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.FakePushService.Mode;
import app.perpetua.flow.fake.FakePushService.Script;
import app.perpetua.flow.fake.ScriptedNames;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.notifications.PushService.Outcome;
import app.perpetua.flow.notifications.PushService.Push;
import app.perpetua.flow.notifications.PushService.Urgency;
import app.perpetua.flow.notifications.Vapid;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebPushTest {
  private static final Duration SOON = Duration.ofMillis(400);
  private static final Duration AGES = Duration.ofMinutes(1);

  private final MutableClock clock = new MutableClock();
  private final FakePushService service = new FakePushService(clock);
  private final FakePushService.Subscription browser = service.subscribe();
  private final VapidKeys keys = VapidKeys.make();
  private final HttpClient http = HttpClient.newHttpClient();
  private Duration patience = AGES;

  @AfterEach
  void stop() {
    http.close();
    service.close();
  }

  private WebPush pushing(AddressGuard.Resolver resolver, String... hosts) {
    return new WebPush(
        http,
        new Vapid(
            Vapid.publicKey(keys.publicKey()),
            Vapid.privateKey(keys.privateKey()),
            "mailto:push@example.com"),
        new AddressGuard(Stream.of(hosts).map(AllowedHost::parse).toList(), resolver),
        clock,
        patience);
  }

  private Outcome send(byte[] payload) throws InterruptedException {
    return pushing(
            host -> {
              throw new UnknownHostException(host);
            },
            service.origin())
        .send(push(browser.endpoint(), payload));
  }

  private Outcome send() throws InterruptedException {
    return send("{}".getBytes(StandardCharsets.UTF_8));
  }

  private Push push(String endpoint, byte[] payload) {
    return new Push(
        endpoint,
        Base64.getUrlDecoder().decode(browser.inbox().p256dh()),
        Base64.getUrlDecoder().decode(browser.inbox().auth()),
        "topic_-1",
        Urgency.HIGH,
        Duration.ofMinutes(90),
        payload);
  }

  @Test
  void FR_056_the_browser_decrypts_the_message() throws Exception {
    String text = "{\"title\":\"Grüße 👩‍🚀\"}";
    assertEquals(new Outcome.Sent(), send(text.getBytes(StandardCharsets.UTF_8)));
    FakePushService.Message message = service.inbox().getFirst();
    assertEquals(text, message.text());
    assertEquals("5400", message.ttl());
    assertEquals("high", message.urgency());
    assertEquals("topic_-1", message.topic());
    assertEquals(List.of(service.origin()), message.claims().getAudience());
    assertEquals("mailto:push@example.com", message.claims().getSubject());
    Duration life =
        Duration.between(clock.instant(), message.claims().getExpirationTime().toInstant());
    assertTrue(life.compareTo(Duration.ofHours(12)) <= 0 && life.isPositive());
    assertTrue(message.authorization().endsWith("k=" + keys.publicKey()));
  }

  @Test
  void every_message_has_its_own_key() throws Exception {
    send();
    send();
    byte[] one = service.inbox().get(0).body();
    byte[] other = service.inbox().get(1).body();
    assertFalse(java.util.Arrays.equals(one, 0, 86, other, 0, 86));
  }

  @Test
  void the_longest_payload_fits() throws Exception {
    assertEquals(new Outcome.Sent(), send("x".repeat(3_993).getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @CsvSource({"200", "201", "202", "204"})
  void a_2xx_response_means_sent(int status) throws Exception {
    service.respondWith(Script.status(status));
    assertEquals(new Outcome.Sent(), send());
  }

  @ParameterizedTest
  @CsvSource({"404", "410"})
  void FR_028b_an_expired_subscription_is_reported(int status) throws Exception {
    service.respondWith(Script.status(status));
    assertEquals(new Outcome.Gone(), send());
  }

  @ParameterizedTest
  @CsvSource({"301", "302", "307", "308", "400", "401", "403", "413"})
  void client_errors_are_permanent_and_redirects_are_not_followed(int status) throws Exception {
    service.respondWith(Script.status(status));
    assertEquals(new Outcome.Rejected("the push service responded with " + status), send());
    assertEquals(1, service.received());
  }

  @ParameterizedTest
  @CsvSource({"500", "502", "503"})
  void server_errors_are_retried(int status) throws Exception {
    service.respondWith(Script.status(status));
    assertEquals(
        new Outcome.Unavailable(Duration.ZERO, "the push service responded with " + status),
        send());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "7 | PT7S",
        "0 | PT0S",
        "999999999 | PT1H",
        "-5 | PT0S",
        "soon | PT0S",
        "9999999999999999999 | PT0S",
        "Thu, 01 Jan 1970 00:00:00 GMT | PT0S",
        "Fri, 01 Jan 2100 00:00:00 GMT | PT1H",
      })
  void retry_after_is_respected_up_to_a_maximum(String value, Duration wait) throws Exception {
    service.respondWith(Script.status(429).retryAfter(value));
    assertEquals(new Outcome.Unavailable(wait, "the push service responded with 429"), send());
  }

  @Test
  void a_push_service_that_does_not_answer_times_out() throws Exception {
    service.respondWith(Script.status(201).in(Mode.STALLED));
    patience = SOON;
    // The server sends nothing until this returns.
    assertEquals(
        new Outcome.Unavailable(Duration.ZERO, "the push service did not respond in time"), send());
  }

  @Test
  void an_endless_response_is_not_read() throws Exception {
    service.respondWith(Script.status(201).in(Mode.ENDLESS));
    assertEquals(new Outcome.Sent(), send());
  }

  @Test
  void an_unreachable_push_service_is_retried() throws Exception {
    String origin = "http://127.0.0.1:" + FreePort.find();
    assertEquals(
        new Outcome.Unavailable(
            Duration.ZERO, "the push service cannot be reached: ConnectException"),
        pushing(InetAddress::getAllByName, origin).send(push(origin + "/push/x", new byte[1])));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "64:ff9b::7f00:1"})
  void promise_26_an_endpoint_at_a_private_address_is_not_connected_to(String address)
      throws Exception {
    assertEquals(
        new Outcome.Rejected("the endpoint must not resolve to a private address"),
        pushing(_ -> new InetAddress[] {InetAddress.getByName(address)}, "push.example.com")
            .send(push("https://push.example.com/x", new byte[1])));
  }

  @Test
  void promise_26_an_endpoint_at_another_host_is_not_connected_to() throws Exception {
    assertEquals(
        new Outcome.Rejected("the endpoint must be an https URL"),
        pushing(InetAddress::getAllByName, "push.example.com")
            .send(push(browser.endpoint(), new byte[1])));
    assertEquals(0, service.received());
  }

  /**
   * The JVM caches resolved names for half a minute, so the client connects to the address that was
   * checked (docs/decisions/web-push.md). This address is public, and nothing listens there.
   */
  @Test
  void promise_26_a_host_that_becomes_private_after_the_check_is_not_connected_to()
      throws Exception {
    String host = "push.rebinding.test";
    ScriptedNames.script(
        host, InetAddress.getByName("2620:4f:8000::1"), InetAddress.getLoopbackAddress());
    patience = SOON;
    assertInstanceOf(
        Outcome.Unavailable.class,
        pushing(InetAddress::getAllByName, host).send(push("https://" + host + "/x", new byte[1])));
    assertEquals(1, ScriptedNames.left(host), "the name was resolved twice");
  }

  @Test
  void an_unresolvable_host_is_retried() throws Exception {
    assertEquals(
        new Outcome.Unavailable(Duration.ZERO, "the push service's host cannot be resolved"),
        pushing(
                host -> {
                  throw new UnknownHostException(host);
                },
                "push.example.com")
            .send(push("https://push.example.com/x", new byte[1])));
  }

  @Test
  void promise_27_to_string_of_a_push_omits_everything() {
    assertEquals("Push[***]", push("https://push.example.com/secret", new byte[1]).toString());
  }
}
