package app.perpetua.flow.bench;

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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Concurrent clients of streams in which each word is the time at which it was sent. They start a
 * few at a time, because starting is not measured. Confined to one thread.
 */
final class Chatters implements AutoCloseable {
  private static final String WORD = "data: {\"text\":\"";
  private static final int SILENCE_MILLIS = 60_000;
  private static final int ASKING = 32;

  /** What one client received: when each word was sent, and its delay, in nanoseconds. */
  private static final class Heard {
    private final long[] sent;
    private final long[] late;
    private int words;

    Heard(int most) {
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
  private final Semaphore asking = new Semaphore(ASKING);
  private final CountDownLatch listening;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Future<Heard>> all;

  /**
   * Starts a number of clients.
   *
   * @param words that each client reads
   * @param request each client's complete request
   */
  Chatters(int port, int count, int words, IntFunction<byte[]> request) {
    this.port = port;
    this.words = words;
    this.request = request;
    this.listening = new CountDownLatch(count);
    this.all = IntStream.range(0, count).mapToObj(i -> threads.submit(() -> listen(i))).toList();
  }

  /** Returns when each client has received a word. */
  void awaitWords(Duration limit) throws IOException {
    try {
      if (!listening.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(listening.getCount() + " chats have not heard a word yet");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException();
    }
  }

  /**
   * Makes sure that all are there.
   *
   * @throws IOException if one has ended already, saying how
   */
  void checkListening() throws IOException {
    for (Future<Heard> one : all) {
      if (one.isDone()) {
        throw new IOException(
            "a chat is over: "
                + (one.state() == Future.State.FAILED ? one.exceptionNow() : "said"));
      }
    }
  }

  /**
   * Waits for the end of all streams.
   *
   * @return how late the words came that were sent while all of them listened
   * @throws IOException if one did not end as it should, with every word
   */
  Latencies await() throws IOException {
    Heard[] heard = new Heard[all.size()];
    for (int i = 0; i < heard.length; i++) {
      try {
        heard[i] = all.get(i).get();
      } catch (ExecutionException e) {
        throw new IOException("a chat failed: " + e.getCause(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException();
      }
    }
    long from = Arrays.stream(heard).mapToLong(one -> one.sent[0]).max().orElseThrow();
    long until = Arrays.stream(heard).mapToLong(one -> one.sent[words - 1]).min().orElseThrow();
    Latencies latencies = new Latencies();
    for (Heard one : heard) {
      for (int i = 0; i < words; i++) {
        if (one.sent[i] >= from && one.sent[i] <= until) {
          latencies.record(one.late[i]);
        }
      }
    }
    return latencies;
  }

  private Heard listen(int number) throws IOException, InterruptedException {
    Heard heard = new Heard(words);
    asking.acquire();
    boolean isAsking = true;
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
          heard.word(
              Long.parseLong(line, WORD.length(), line.indexOf(' ', WORD.length()), 10), now);
          if (isAsking) {
            isAsking = false;
            asking.release();
            listening.countDown();
          }
        } else if (line.equals("data: [DONE]")) {
          break;
        } else if (!line.isBlank()) {
          last = line;
        }
      }
      if (heard.words != words) {
        throw new IOException(heard.words + " words of " + words + ", then " + last);
      }
      return heard;
    } finally {
      if (isAsking) {
        asking.release();
      }
    }
  }

  /** Those who still listen hang up. */
  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
