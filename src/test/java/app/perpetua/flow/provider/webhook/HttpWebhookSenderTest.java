package app.perpetua.flow.provider.webhook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.fake.ScriptedNames;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.WebhookServer;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.webhooks.WebhookSender.Message;
import app.perpetua.flow.webhooks.WebhookSender.Outcome;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpWebhookSenderTest {
  private static final Duration AGES = Duration.ofMinutes(1);
  private static final Outcome.Unanswered HOST =
      new Outcome.Unanswered("the URL " + AddressGuard.HOST_RULE);

  private final MutableClock clock = new MutableClock();
  private final WebhookServer server = new WebhookServer(clock);
  private final HttpClient http = HttpClient.newHttpClient();

  @AfterEach
  void stop() {
    http.close();
    server.close();
  }

  private Outcome send(String url, AddressGuard.Resolver resolver, Duration timeout)
      throws InterruptedException {
    List<AllowedHost> hosts = List.of(AllowedHost.parse(server.origin()), new AllowedHost.Any());
    return new HttpWebhookSender(http, new AddressGuard(hosts, resolver), clock, timeout)
        .send(
            new Message(
                url,
                UUID.randomUUID(),
                clock.instant().getEpochSecond(),
                "v1,invalid",
                "{}".getBytes(StandardCharsets.UTF_8)));
  }

  private Outcome send(String url) throws InterruptedException {
    return send(url, InetAddress::getAllByName, AGES);
  }

  @Test
  void FR_168_an_answer_is_returned_with_its_status_and_text() throws Exception {
    assertEquals(
        new Outcome.Answered(400, "answered with 400", Duration.ZERO),
        send(server.origin() + "/x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://10.1.2.3/",
        "https://[fd00::1]/",
        "https://localhost/",
        "https://169.254.169.254/"
      })
  void promise_26_private_hosts_are_never_connected_to(String url) throws Exception {
    assertEquals(HOST, send(url));
  }

  @Test
  void promise_26_a_url_that_is_not_permitted_any_more_is_refused() throws Exception {
    assertEquals(
        new Outcome.Unanswered("the URL must be an https URL"), send("http://example.com/"));
  }

  @Test
  void promise_26_a_name_that_has_become_private_is_refused() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    InetAddress own = InetAddress.getLoopbackAddress();
    Outcome outcome =
        send(
            "https://hooks.example.com/",
            _ -> {
              asked.incrementAndGet();
              return new InetAddress[] {own};
            },
            AGES);
    assertEquals(HOST, outcome);
    assertEquals(1, asked.get());
  }

  /** As WebPushTest: the client connects to the address that was checked, where nobody listens. */
  @Test
  void promise_26_a_host_that_becomes_private_after_the_check_is_not_connected_to()
      throws Exception {
    String host = "hooks.rebinding.test";
    ScriptedNames.script(
        host, InetAddress.getByName("2620:4f:8000::1"), InetAddress.getLoopbackAddress());
    assertInstanceOf(
        Outcome.Unanswered.class,
        send("https://" + host + "/x", InetAddress::getAllByName, Duration.ofMillis(400)));
    assertEquals(1, ScriptedNames.left(host), "the name was resolved twice");
  }

  @Test
  void FR_169_an_unknown_name_looks_like_a_private_one() throws Exception {
    assertEquals(
        HOST,
        send(
            "https://hooks.example.com/",
            host -> {
              throw new UnknownHostException(host);
            },
            AGES));
  }

  @Test
  void FR_169_a_receiver_that_does_not_answer_is_given_up() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      List<AllowedHost> hosts =
          List.of(AllowedHost.parse("http://127.0.0.1:" + silent.getLocalPort()));
      HttpWebhookSender sender =
          new HttpWebhookSender(
              http,
              new AddressGuard(hosts, InetAddress::getAllByName),
              clock,
              Duration.ofMillis(300));
      Outcome outcome =
          sender.send(
              new Message(
                  "http://127.0.0.1:" + silent.getLocalPort() + "/",
                  UUID.randomUUID(),
                  1,
                  "v1,x",
                  new byte[0]));
      assertEquals(new Outcome.Unanswered("the receiver did not answer in time"), outcome);
    }
  }

  @Test
  void FR_169_a_refused_connection_is_a_failure() throws Exception {
    int port = FreePort.find();
    HttpWebhookSender sender =
        new HttpWebhookSender(
            http,
            new AddressGuard(
                List.of(AllowedHost.parse("http://127.0.0.1:" + port)), InetAddress::getAllByName),
            clock);
    assertEquals(
        new Outcome.Unanswered("the receiver cannot be reached"),
        sender.send(
            new Message(
                "http://127.0.0.1:" + port + "/", UUID.randomUUID(), 1, "v1,x", new byte[0])));
  }

  @Test
  void messages_do_not_show_their_content() {
    assertEquals(
        "Message[***]",
        new Message("https://a.example/?token=x", UUID.randomUUID(), 1, "v1,x", new byte[0])
            .toString());
  }
}
