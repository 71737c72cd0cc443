package app.perpetua.flow.bench.voice;

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

/** A voice client that sends audio at a fixed rate. One thread may send. */
public final class VoiceSpeaker implements AutoCloseable {
  /** 128 kbit/s. */
  public static final int FRAME_BYTES = 1_600;

  public static final Duration PACE = Duration.ofMillis(100);
  private static final int EBML = 0x1a45dfa3;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** The server is overloaded; connect again later. */
  public static final class Overloaded extends IOException {
    private static final long serialVersionUID = 1L;

    Overloaded(String answer) {
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
   * @param welcomed whether the server sends a first message, which this waits for
   */
  public VoiceSpeaker(int session, int port, String target, boolean welcomed)
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
      throw new Overloaded(answer);
    }
    if (!answer.contains(" 101 ")) {
      throw new IOException("no upgrade: " + answer);
    }
    Thread.ofVirtual().start(this::listen);
    if (welcomed && !welcome.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      throw new IOException("no first message in session " + session);
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
      // The connection has ended.
    } finally {
      over.countDown();
    }
  }

  /**
   * Sends audio until a time, or until the server ends the session. Clients start at different
   * offsets within the first interval.
   *
   * @param end as {@code System.nanoTime()}
   */
  public void speakUntil(long end) throws IOException {
    long due = System.nanoTime() + session * 7_919_000L % PACE.toNanos();
    while (due < end && !isOver()) {
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

  /** Sends {@code end_stream} and waits until the server closes the session. */
  public void finish() throws IOException, InterruptedException {
    frames.text("{\"type\":\"end_stream\"}");
    awaitEnd();
  }

  /** Whether the server has ended the session, or the connection is lost. */
  public boolean isOver() {
    return over.getCount() == 0;
  }

  /** Waits until the server closes the session. */
  public void awaitEnd() throws IOException, InterruptedException {
    if (!over.await(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
      throw new IOException("session " + session + " did not end");
    }
  }

  public int session() {
    return session;
  }

  public int sent() {
    return sent;
  }

  public long checksum() {
    return checksum.getValue();
  }

  /** The last text message received. */
  public String last() {
    return last;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
