package app.perpetua.flow.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class TcpProxyTest {
  private static final int CUTS = 20_000;

  @Test
  @Timeout(60)
  void cuts_during_connects_do_not_stop_the_proxy() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ServerSocket target = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        TcpProxy proxy = new TcpProxy(target.getLocalPort())) {
      threads.execute(() -> greetEveryConnection(target));
      for (int i = 0; i < 4; i++) {
        threads.execute(
            () -> {
              while (!done.get()) {
                greeting(proxy);
              }
            });
      }
      for (int i = 0; i < CUTS; i++) {
        proxy.cut();
        proxy.heal();
      }
      done.set(true);
      assertEquals('+', greeting(proxy));
    }
  }

  private static void greetEveryConnection(ServerSocket target) {
    try {
      while (true) {
        Socket socket = target.accept();
        try (socket) {
          socket.getOutputStream().write('+');
        } catch (IOException e) {
          // The proxy has cut the connection.
        }
      }
    } catch (IOException e) {
      // The test has ended.
    }
  }

  /** The first byte that the target sends through the proxy; -1 if the connection is cut. */
  private static int greeting(TcpProxy proxy) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
      socket.setSoTimeout(20_000);
      return socket.getInputStream().read();
    } catch (IOException e) {
      return -1;
    }
  }
}
