package app.perpetua.flow.bench.voice;

import app.perpetua.flow.bench.load.Latencies;
import app.perpetua.flow.fake.Frames;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * A fake Deepgram that records the delay and the order of audio frames. It returns a sentence every
 * two seconds. Thread-safe.
 */
public final class VoiceProvider implements AutoCloseable {
  private static final int FRAMES_PER_SENTENCE = 20;

  /** The audio of one connection. */
  public static final class Stream {
    private final List<Long> nanos = new ArrayList<>();
    private final CRC32 checksum = new CRC32();
    private int frames;
    private int disordered;
    private int session = -1;

    public synchronized void receive(byte[] audio, long now, long since) {
      ByteBuffer frame = ByteBuffer.wrap(audio);
      frame.getInt();
      session = frame.getInt();
      disordered += frame.getInt() == frames ? 0 : 1;
      long sent = frame.getLong();
      frames++;
      checksum.update(audio);
      if (sent >= since) {
        nanos.add(now - sent);
      }
    }

    public synchronized int frames() {
      return frames;
    }

    public synchronized int disordered() {
      return disordered;
    }

    public synchronized int session() {
      return session;
    }

    public synchronized long checksum() {
      return checksum.getValue();
    }

    public synchronized void addTo(Latencies latencies) {
      nanos.forEach(latencies::record);
    }
  }

  private final ServerSocket listener;
  private final List<Stream> streams = new ArrayList<>();
  private volatile long since = Long.MAX_VALUE;

  public VoiceProvider() throws IOException {
    listener = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** Starts the measurement: only frames sent from now on are measured. */
  public void measure() {
    since = System.nanoTime();
  }

  /** Returns and removes all streams, and ends the measurement. */
  public synchronized List<Stream> take() {
    List<Stream> taken = List.copyOf(streams);
    streams.clear();
    since = Long.MAX_VALUE;
    return taken;
  }

  private void accept() {
    while (true) {
      try {
        Socket socket = listener.accept();
        socket.setTcpNoDelay(true);
        Stream stream = new Stream();
        synchronized (this) {
          streams.add(stream);
        }
        Thread.ofVirtual().start(() -> serve(socket, stream));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(Socket socket, Stream stream) {
    try (socket) {
      Frames frames =
          new Frames(
              new BufferedInputStream(socket.getInputStream()), socket.getOutputStream(), false);
      String key = String.valueOf(frames.head().headers().get("sec-websocket-key"));
      String answer =
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Accept: "
              + Frames.accept(key)
              + "\r\n\r\n";
      socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
      while (true) {
        Frames.Frame frame = frames.read();
        switch (frame.code()) {
          case Frames.BINARY -> {
            stream.receive(frame.payload(), System.nanoTime(), since);
            int count = stream.frames();
            if (count % FRAMES_PER_SENTENCE == 0) {
              frames.text(results(count));
            }
          }
          case Frames.PING -> frames.write(Frames.PONG, true, frame.payload());
          case Frames.TEXT -> {
            if (frame.text().contains("CloseStream")) {
              frames.close(1000, "");
              return;
            }
          }
          default -> {}
        }
        if (frame.code() == Frames.CLOSE) {
          return;
        }
      }
    } catch (IOException e) {
      // A client may disconnect.
    }
  }

  private static String results(int count) {
    return """
    {"type":"Results","start":%d,"duration":2.0,"is_final":true,"channel":{"alternatives":\
    [{"transcript":"Sentence %d.","confidence":0.9,"words":[]}]}}"""
        .formatted(count / 10 - 2, count / FRAMES_PER_SENTENCE);
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
