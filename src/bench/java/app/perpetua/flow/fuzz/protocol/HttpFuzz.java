package app.perpetua.flow.fuzz.protocol;

import app.perpetua.flow.fuzz.Deadline;
import app.perpetua.flow.fuzz.Seeds;
import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.fuzz.Wire;
import app.perpetua.flow.fuzz.protocol.HttpCorpus.Expected;
import app.perpetua.flow.fuzz.protocol.HttpCorpus.Message;
import app.perpetua.flow.harness.hostile.Hostile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Sends malformed HTTP, each message on a connection of its own: the corpus whole and in pieces,
 * then valid requests with random bytes changed. The service answers well-formed HTTP or closes,
 * never runs a request behind a malformed one, and stays quick.
 */
public final class HttpFuzz {
  private static final Duration QUICK = Duration.ofSeconds(5);
  private static final int CHECK_EVERY = 250;

  /** Statuses that the protocol has for a request that it cannot read. */
  private static final Set<Integer> UNREADABLE = Set.of(501, 505);

  private final Stage stage;
  private final Tally tally;
  private final long seed;
  private final String token;
  private final List<Message> corpus;

  public HttpFuzz(Stage stage, Tally tally, long seed) {
    this.stage = stage;
    this.tally = tally;
    this.seed = seed;
    this.token = stage.service().newUser().accessToken();
    this.corpus = HttpCorpus.messages(token);
  }

  /** Runs until the deadline, or at least the corpus once. */
  public String run(Deadline deadline) throws IOException {
    int number = 0;
    while (number < corpus.size() || !deadline.isOver()) {
      Random random = Seeds.random(seed, number);
      Message message = corpus.get(number % corpus.size());
      boolean changed = number >= corpus.size() && random.nextBoolean();
      byte[] bytes = changed ? changed(message.bytes(), random) : message.bytes();
      send(message, changed, bytes, number, random);
      number++;
      if (number % CHECK_EVERY == 0) {
        alive(number);
      }
    }
    alive(number);
    long smuggled =
        stage
            .database()
            .number(
                "select count(*) from tasks.task_instances where title = ?", HttpCorpus.SMUGGLED);
    // A changed byte may complete the message before it, and then it is a request of its own.
    return "%,d messages of the corpus, %d smuggled requests executed in changed messages"
        .formatted(corpus.size(), smuggled);
  }

  private void send(Message message, boolean changed, byte[] bytes, long number, Random random) {
    long before = smuggled(changed);
    try (Wire wire = new Wire(stage.port())) {
      Thread sender = Thread.ofVirtual().start(() -> write(wire, bytes, random));
      List<Wire.Answer> answers = wire.answers();
      sender.join();
      tally.count(answers.isEmpty() ? "closed" : kind(answers.getFirst().status()));
      if (smuggled(changed) != before) {
        violation("a request behind a malformed one was executed", message, number, bytes, answers);
      }
      judge(message, changed, bytes, number, answers);
    } catch (InterruptedIOException e) {
      tally.count("no answer");
      violation("neither answered nor closed", message, number, bytes, List.of());
    } catch (SocketException e) {
      tally.count("reset");
    } catch (IOException | NumberFormatException e) {
      tally.count("malformed");
      violation("not well-formed HTTP: " + e.getMessage(), message, number, bytes, List.of());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private long smuggled(boolean changed) {
    return changed
        ? 0
        : stage
            .database()
            .number(
                "select count(*) from tasks.task_instances where title = ?", HttpCorpus.SMUGGLED);
  }

  private static void write(Wire wire, byte[] bytes, Random random) {
    try {
      int[] offsets = random.ints(random.nextInt(8), 0, bytes.length + 1).sorted().toArray();
      wire.send(bytes, offsets);
      wire.sendsNoMore();
    } catch (IOException e) {
      // The server has closed the connection.
    }
  }

  private void judge(
      Message message, boolean changed, byte[] bytes, long number, List<Wire.Answer> answers) {
    for (Wire.Answer answer : answers) {
      int status = answer.status();
      if (status >= 500 && !UNREADABLE.contains(status)) {
        violation("status " + status, message, number, bytes, answers);
      }
      if (status >= 400 && Hostile.INTERNALS.matcher(answer.text()).find()) {
        violation("internals in an error", message, number, bytes, answers);
      }
      if (answer.header("X-Request-ID").isEmpty()) {
        violation("no X-Request-ID", message, number, bytes, answers);
      }
      if (status >= 400 && answer.body().length > 0 && !answer.text().startsWith("{\"error\":{")) {
        violation("another error format", message, number, bytes, answers);
      }
    }
    if (changed) {
      return;
    }
    if (message.expected() == Expected.REFUSED
        && (answers.size() != 1 || answers.getFirst().status() < 400)) {
      violation(
          "%d answers, the first %d, to a malformed request"
              .formatted(answers.size(), answers.isEmpty() ? 0 : answers.getFirst().status()),
          message,
          number,
          bytes,
          answers);
    }
  }

  private void violation(
      String kind, Message message, long number, byte[] bytes, List<Wire.Answer> answers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    answers.forEach(answer -> out.writeBytes(answer.bytes()));
    tally.violation(kind, message.name(), number, bytes, out.toByteArray());
  }

  /** Some bytes replaced, removed, repeated or inserted. */
  static byte[] changed(byte[] bytes, Random random) {
    byte[] interesting = "\r\n\t :;,\0\u007f0aF{}%?#/\\\"".getBytes(StandardCharsets.ISO_8859_1);
    byte[] result = bytes;
    for (int i = random.nextInt(1, 6); i > 0; i--) {
      int at = random.nextInt(Math.min(result.length, 2_000));
      int length = Math.min(random.nextInt(1, 20), result.length - at);
      byte other = interesting[random.nextInt(interesting.length)];
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(result, 0, at);
      switch (random.nextInt(5)) {
        case 0 -> out.write(other);
        case 1 -> out.write(random.nextInt(256));
        case 2 -> out.write(result, at, length);
        case 3 -> out.writeBytes(new byte[] {other, result[at]});
        default -> {
          // Removed below.
        }
      }
      boolean keeps = random.nextBoolean();
      int from = keeps ? at : at + length;
      out.write(result, from, result.length - from);
      result = out.toByteArray();
      if (result.length == 0) {
        return Arrays.copyOf(bytes, 1);
      }
    }
    return result;
  }

  /** The service still answers ordinary requests, and soon. */
  private void alive(long number) {
    byte[] request =
        ("GET /api/v1/tasks?limit=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                + token
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    long begun = System.nanoTime();
    int status;
    try (Wire wire = new Wire(stage.port())) {
      status = wire.exchange(request).status();
    } catch (IOException e) {
      status = 0;
    }
    if (status != 200 || System.nanoTime() - begun > QUICK.toNanos()) {
      tally.violation(
          "not alive or not quick afterwards", "GET tasks", number, request, new byte[0]);
    }
  }

  private static String kind(int status) {
    return status < 300 ? "2xx" : Integer.toString(status);
  }
}
