package app.perpetua.flow.bench;

import app.perpetua.flow.fake.Frames;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;

/** Speaks at its own pace over a connection, and listens. Speaks in one thread. */
final class VoiceSpeaker implements AutoCloseable {
  /** 128 kbit/s. */
  static final int FRAME_BYTES = 1_600;

  static final Duration PACE = Duration.ofMillis(100);
  private static final int EBML = 0x1a45dfa3;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** There is too much to do at present. */
  static final class ComeBack extends IOException {
    private static final long serialVersionUID = 1L;

    ComeBack(String answer) {
      super(answer);
    }
  }

  private final int session;
  private final Socket socket;
  private final Frames frames;
  private final CRC32 checksum = new CRC32();
  private final CountDownLatch welcome = new CountDownLatch(1);
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile String last = "";
  private int sent;

  /**
   * Connects and requests an upgrade.
   *
   * @param target path and query
   * @param welcomed whether to wait for a first message
   */
  VoiceSpeaker(int session, int port, String target, boolean welcomed)
      throws IOException, InterruptedException {
    this.session = session;
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    frames =
        new Frames(
            new BufferedInputStream(socket.getInputStream()), socket.getOutputStream(), true);
    String head =
        "GET "
            + target
            + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    String answer = frames.head().start();
    if (answer.contains(" 503 ")) {
      socket.close();
      throw new ComeBack(answer);
    }
    if (!answer.contains(" 101 ")) {
      throw new IOException("no upgrade: " + answer);
    }
    Thread.ofVirtual().start(this::listen);
    if (welcomed && !welcome.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      throw new IOException("no welcome for session " + session);
    }
  }

  private void listen() {
    try {
      while (true) {
        Frames.Frame frame = frames.read();
        switch (frame.code()) {
          case Frames.TEXT -> {
            last = frame.text();
            welcome.countDown();
          }
          case Frames.PING -> frames.write(Frames.PONG, true, frame.payload());
          default -> {}
        }
        if (frame.code() == Frames.CLOSE) {
          return;
        }
      }
    } catch (IOException e) {
      // It has ended.
    } finally {
      over.countDown();
    }
  }

  /** Speaks until that time, from some moment within the first frame on. */
  void speakUntil(long end) throws IOException {
    long due = System.nanoTime() + session * 7_919_000L % PACE.toNanos();
    while (due < end) {
      for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      ByteBuffer frame = ByteBuffer.allocate(FRAME_BYTES);
      frame.putInt(EBML).putInt(session).putInt(sent);
      frame.putLong(System.nanoTime());
      checksum.update(frame.array());
      frames.write(Frames.BINARY, true, frame.array());
      sent++;
      due += PACE.toNanos();
    }
  }

  /** Says that it has nothing more to say, and waits for the end. */
  void finish() throws IOException, InterruptedException {
    frames.text("{\"type\":\"end_stream\"}");
    if (!over.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      throw new IOException("session " + session + " does not end");
    }
  }

  int session() {
    return session;
  }

  int sent() {
    return sent;
  }

  long checksum() {
    return checksum.getValue();
  }

  /** The last text that came. */
  String last() {
    return last;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
