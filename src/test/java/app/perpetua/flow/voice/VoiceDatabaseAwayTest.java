package app.perpetua.flow.voice;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.fake.Frames;
import app.perpetua.flow.harness.RawVoiceClient;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.TcpProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** While the database is unavailable, sessions are refused with a code that permits a retry. */
class VoiceDatabaseAwayTest {
  private static final AtomicReference<TcpProxy> PROXY = new AtomicReference<>();

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service =
      new TestService(database).through(VoiceDatabaseAwayTest::proxied).with(VoiceFixture.TIMING);

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
  void without_a_database_503_is_sent_before_the_upgrade_and_1013_after_it() throws Exception {
    TestService.Session user = service.newPro();
    try (RawVoiceClient waiting = new RawVoiceClient(service.port(), "")) {
      waiting.ping();
      proxy().cut();
      try (RawVoiceClient refused =
          new RawVoiceClient(service.port(), "?token=" + user.accessToken())) {
        assertEquals(503, refused.status());
        assertEquals("SERVICE_UNAVAILABLE", refused.errorCode());
      }
      waiting.frames().text("{\"type\":\"auth\",\"token\":\"" + user.accessToken() + "\"}");
      assertEquals("SERVICE_UNAVAILABLE", waiting.next().get("code").stringValue());
      Frames.Frame close = waiting.frames().read();
      assertEquals(Frames.CLOSE, close.code());
      assertEquals(1013, close.closeCode());
      waiting.frames().write(Frames.CLOSE, true, close.payload());
      assertEquals(-1, waiting.socket().getInputStream().read(), "a byte after the handshake");
    } finally {
      proxy().heal();
    }
  }
}
