package app.perpetua.flow.bench.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Concurrent clients of streams in which each word is the time at which it was sent. At most 32
 * connect at the same time, because connecting is not measured. Confined to one thread.
 */
public final class Chatters implements AutoCloseable {
  private static final String WORD = "data: {\"text\":\"";
  private static final int SILENCE_MILLIS = 60_000;
  private static final int MAX_CONNECTING = 32;

  private static final String QUESTION = "{\"message\":\"Where do I begin?\"}";
  private static final String BUSY = "HTTP/1.1 503";

  /** What the answer's {@code Retry-After} says. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  /** What one client received: when each word was sent, and its delay, in nanoseconds. */
  private static final class Received {
    private final long[] sent;
    private final long[] late;
    private int words;

    Received(int most) {
      sent = new long[most];
      late = new long[most];
    }

    void word(long sentAt, long now) {
      sent[words] = sentAt;
      late[words] = now - sentAt;
      words++;
    }
  }

  private final int port;
  private final int words;
  private final IntFunction<byte[]> request;
  private final Semaphore connecting = new Semaphore(MAX_CONNECTING);
  private final CountDownLatch listening;
  private final AtomicInteger refused = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<Received>> all;

  /**
   * Starts a number of clients.
   *
   * @param words number of words that each client reads
   * @param request each client's complete request
   */
  public Chatters(int port, int count, int words, IntFunction<byte[]> request) {
    this.port = port;
    this.words = words;
    this.request = request;
    this.listening = new CountDownLatch(count);
    this.all = IntStream.range(0, count).mapToObj(i -> threads.submit(() -> listen(i))).toList();
  }

  /** Returns when each client has received a word. */
  public void awaitWords(Duration limit) throws IOException {
    try {
      if (!listening.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(listening.getCount() + " chats have not received a word");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /**
   * Checks that all clients are still connected.
   *
   * @throws IOException if one has ended; the message has the reason
   */
  public void checkListening() throws IOException {
    for (Future<Received> one : all) {
      if (one.isDone()) {
        throw new IOException(
            "a chat has ended: "
                + (one.state() == Future.State.FAILED ? one.exceptionNow() : "complete"));
      }
    }
  }

  /**
   * Waits for the end of all streams.
   *
   * @return the delays of the words that were sent while all clients were listening
   * @throws IOException if a client has not received all words
   */
  public Latencies await() throws IOException {
    Received[] received = new Received[all.size()];
    for (int i = 0; i < received.length; i++) {
      try {
        received[i] = all.get(i).get();
      } catch (ExecutionException e) {
        throw new IOException("a chat failed: " + e.getCause(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
    }
    long from = Arrays.stream(received).mapToLong(one -> one.sent[0]).max().orElseThrow();
    long until = Arrays.stream(received).mapToLong(one -> one.sent[words - 1]).min().orElseThrow();
    Latencies latencies = new Latencies();
    for (Received one : received) {
      for (int i = 0; i < words; i++) {
        if (one.sent[i] >= from && one.sent[i] <= until) {
          latencies.record(one.late[i]);
        }
      }
    }
    return latencies;
  }

  /** Number of requests that were refused because the service was busy, and sent again. */
  public int refused() {
    return refused.get();
  }

  /**
   * A chat's complete request, with a key of its own.
   *
   * @param token the user's access token
   */
  public static byte[] chat(String token) {
    return post(
        "/api/v1/ai/chat/stream",
        "Authorization: Bearer " + token + "\r\nIdempotency-Key: " + UUID.randomUUID() + "\r\n");
  }

  /**
   * The same question to another server.
   *
   * @param headers further headers, each with its line end
   */
  public static byte[] post(String path, String headers) {
    return ("POST "
            + path
            + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + headers
            + "Content-Length: "
            + QUESTION.length()
            + "\r\n\r\n"
            + QUESTION)
        .getBytes(StandardCharsets.US_ASCII);
  }

  private Received listen(int number) throws IOException, InterruptedException {
    Received received = new Received(words);
    connecting.acquire();
    try {
      while (!listen(number, received)) {
        Thread.sleep(AGAIN);
      }
      return received;
    } finally {
      if (received.words == 0) {
        connecting.release();
      }
    }
  }

  /** Returns false if the request was refused because the service is busy. */
  private boolean listen(int number, Received received) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(SILENCE_MILLIS);
      OutputStream out = socket.getOutputStream();
      out.write(request.apply(number));
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII), 1024);
      String last = "";
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.startsWith(WORD)) {
          long now = System.nanoTime();
          received.word(
              Long.parseLong(line, WORD.length(), line.indexOf(' ', WORD.length()), 10), now);
          if (received.words == 1) {
            connecting.release();
            listening.countDown();
          }
        } else if (line.startsWith(BUSY)) {
          refused.incrementAndGet();
          return false;
        } else if (line.equals("data: [DONE]")) {
          break;
        } else if (!line.isBlank()) {
          last = line;
        }
      }
      if (received.words != words) {
        throw new IOException(received.words + " words of " + words + ", then " + last);
      }
      return true;
    }
  }

  /** Disconnects the clients that are still listening. */
  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
