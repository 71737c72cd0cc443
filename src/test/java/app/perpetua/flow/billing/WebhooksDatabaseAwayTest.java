package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.TcpProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Promise 16: an event that cannot be stored is not acknowledged, so the provider repeats it. */
class WebhooksDatabaseAwayTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final AtomicReference<TcpProxy> PROXY = new AtomicReference<>();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).through(WebhooksDatabaseAwayTest::proxied);

  private static int proxied(InetSocketAddress address) {
    try {
      TcpProxy proxy = new TcpProxy(address.getPort());
      PROXY.set(proxy);
      return proxy.port();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static TcpProxy proxy() {
    return Objects.requireNonNull(PROXY.get());
  }

  @AfterAll
  static void close() throws IOException {
    proxy().close();
  }

  @Test
  void promise_16_without_a_database_a_webhook_is_503_and_its_repeat_is_applied_once() {
    Payer payer = Payer.join(service, database);
    UUID order = payer.ordersCredits(10);
    CheckoutEvent event = payer.event("payment_captured", order, 50);
    proxy().cut();
    Api.Answer answer = payer.send(event).expect(503, "SERVICE_UNAVAILABLE");
    assertTrue(answer.header("Retry-After").isPresent());
    assertEquals("open", payer.orderStatus(order));
    proxy().heal();
    long start = System.nanoTime();
    // The provider repeats the event later.
    while (payer.send(event).status() != 200) {
      assertTrue(System.nanoTime() - start < LIMIT.toNanos());
    }
    payer.send(event).expect(200);
    assertEquals(10, payer.credits("purchased"));
    Invariants.check(database);
  }
}
