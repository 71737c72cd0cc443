package app.perpetua.flow.fuzz.protocol;

import app.perpetua.flow.fake.Frames;
import app.perpetua.flow.fuzz.Deadline;
import app.perpetua.flow.fuzz.Seeds;
import app.perpetua.flow.fuzz.Stage;
import app.perpetua.flow.fuzz.Tally;
import app.perpetua.flow.fuzz.Wire;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * Requests upgrades of the voice socket in wrong ways, and sends frames that violate the protocol,
 * each on a connection of its own: the corpus first, then random frames and bytes. The service
 * closes with the code that RFC 6455 has for it, and sends nothing after a close frame.
 */
public final class WebSocketFuzz {
  private static final String PATH = "/api/v1/ws/voice/transcribe";
  private static final String CONNECTION = "Connection: Upgrade";
  private static final String UPGRADE = "Upgrade: websocket";
  private static final String VERSION = "Sec-WebSocket-Version: 13";
  private static final String KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

  /** A user can have one session; it ends a little after its connection. */
  private static final int USERS = 40;

  /** Codes with which the service may close after random frames; 4502: binary, but no audio. */
  private static final Set<Integer> CLOSE_CODES =
      Set.of(1000, 1001, 1002, 1003, 1005, 1007, 1008, 1009, 1011, 1013, 4502);

  private record Upgrade(String name, List<String> headers) {}

  private final Stage stage;
  private final Tally tally;
  private final long seed;
  private final Deque<String> tokens = new ArrayDeque<>();

  public WebSocketFuzz(Stage stage, Tally tally, long seed) {
    this.stage = stage;
    this.tally = tally;
    this.seed = seed;
  }

  /** Runs until the deadline, or at least the corpus once. */
  public String run(Deadline deadline) throws IOException {
    List<Upgrade> upgrades = upgrades();
    List<FrameCorpus.Frames> violations = FrameCorpus.violations();
    long number = 0;
    for (Upgrade upgrade : upgrades) {
      refusedUpgrade(upgrade, number++);
    }
    for (FrameCorpus.Frames frames : violations) {
      send(frames.name(), frames.bytes(), frames.codes(), number++, new Random(seed));
    }
    while (!deadline.isOver()) {
      Random random = Seeds.random(seed, number);
      send("random frames", random(random, violations), List.of(), number++, random);
    }
    return "%d upgrades, %d violations of the corpus".formatted(upgrades.size(), violations.size());
  }

  private static List<Upgrade> upgrades() {
    List<Upgrade> all = new ArrayList<>();
    List<String> complete = List.of(CONNECTION, UPGRADE, VERSION, KEY);
    for (String left : complete) {
      List<String> others = new ArrayList<>(complete);
      others.remove(left);
      if (!left.equals(UPGRADE)) {
        all.add(new Upgrade("without " + left, others));
      }
      List<String> twice = new ArrayList<>(complete);
      twice.add(left.startsWith("Sec-") ? left : left + "x");
      if (left.startsWith("Sec-")) {
        all.add(new Upgrade("twice " + left, twice));
      }
    }
    for (String version : List.of("0", "8", "12", "14", "13, 8", "x", "", "-13", "013")) {
      all.add(
          new Upgrade(
              "version " + version,
              List.of(CONNECTION, UPGRADE, KEY, "Sec-WebSocket-Version: " + version)));
    }
    for (String key :
        List.of(
            "",
            "x",
            "AAAA",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ===",
            "\u00e4",
            "=".repeat(24))) {
      all.add(
          new Upgrade(
              "key " + key, List.of(CONNECTION, UPGRADE, VERSION, "Sec-WebSocket-Key: " + key)));
    }
    for (String line :
        List.of(
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Host: b",
            " folded",
            ": x",
            "X: a\u0000b",
            "X: a\nb",
            "Content-Length: 0\r\nTransfer-Encoding: chunked",
            "Authorization: Bearer x")) {
      List<String> more = new ArrayList<>(complete);
      more.add(line);
      all.add(new Upgrade(line, more));
    }
    return all;
  }

  private void refusedUpgrade(Upgrade upgrade, long number) {
    byte[] request = request(upgrade.headers(), token());
    try (Wire wire = new Wire(stage.port())) {
      wire.send(request);
      Wire.Answer answer = wire.answer(false);
      tally.count(answer.status() == 101 ? "101" : Integer.toString(answer.status()));
      if (answer.status() < 400 || answer.status() >= 500) {
        tally.violation(
            "status " + answer.status() + " for a wrong upgrade",
            upgrade.name(),
            number,
            request,
            answer.bytes());
      }
    } catch (IOException e) {
      tally.count("closed");
      tally.violation(
          "no answer to a wrong upgrade", upgrade.name(), number, request, bytes(e.toString()));
    }
  }

  /** Sends frames after an upgrade; without codes, any that the protocol has is right. */
  private void send(String name, byte[] frames, List<Integer> codes, long number, Random random) {
    byte[] request = request(List.of(CONNECTION, UPGRADE, VERSION, KEY), token());
    int code;
    try (Wire wire = new Wire(stage.port())) {
      wire.send(request);
      Wire.Answer answer = wire.answer(false);
      if (answer.status() != 101) {
        tally.count(Integer.toString(answer.status()));
        if (answer.status() != 409) {
          tally.violation(
              "status " + answer.status() + " for an upgrade",
              name,
              number,
              request,
              answer.bytes());
        }
        return;
      }
      Thread sender = Thread.ofVirtual().start(() -> write(wire, frames, random));
      code = closeCode(wire);
      sender.join();
    } catch (InterruptedIOException e) {
      code = -1;
    } catch (IOException e) {
      code = 1006;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    tally.count(code < 0 ? "open" : "close " + code);
    boolean right =
        codes.isEmpty() ? CLOSE_CODES.contains(code) || code == 1006 : codes.contains(code);
    if (!right) {
      tally.violation(
          "close code " + code + (codes.isEmpty() ? "" : " instead of " + codes.getFirst()),
          name,
          number,
          frames,
          new byte[0]);
    }
  }

  private static void write(Wire wire, byte[] frames, Random random) {
    try {
      int[] offsets = random.ints(random.nextInt(5), 0, frames.length + 1).sorted().toArray();
      wire.send(frames, offsets);
    } catch (IOException e) {
      // The server has closed the connection.
    }
  }

  /** Reads up to the close frame, after which nothing may follow. */
  private static int closeCode(Wire wire) throws IOException {
    Frames frames = new Frames(wire.in(), wire.socket().getOutputStream(), true);
    while (true) {
      Frames.Frame frame = frames.read();
      if (frame.code() == Frames.CLOSE) {
        // Without this the service waits for the client's close frame.
        wire.sendsNoMore();
        return wire.in().read() < 0 ? frame.closeCode() : 0;
      }
    }
  }

  private static byte[] random(Random random, List<FrameCorpus.Frames> violations) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = random.nextInt(1, 12); i > 0; i--) {
      switch (random.nextInt(6)) {
        case 0 -> bytes.writeBytes(violations.get(random.nextInt(violations.size())).bytes());
        case 1 -> {
          byte[] any = new byte[random.nextInt(1, 200)];
          random.nextBytes(any);
          bytes.writeBytes(any);
        }
        case 2 -> bytes.writeBytes(FrameCorpus.text("{\"type\":\"" + random.nextInt() + "\"}"));
        case 3 -> bytes.writeBytes(FrameCorpus.frame(0x82, "fe0400", new byte[1024]));
        case 4 -> bytes.writeBytes(FrameCorpus.frame(0x89, "80", new byte[0]));
        default -> {
          byte[] head = FrameCorpus.frame(random.nextInt(256), "84", new byte[4]);
          bytes.writeBytes(Arrays.copyOf(head, random.nextInt(head.length + 1)));
        }
      }
    }
    // Ends what is still open: with a close frame, or with the bytes that a frame still lacks.
    bytes.writeBytes(new byte[1024]);
    bytes.writeBytes(FrameCorpus.frame(0x88, "82", new byte[] {3, (byte) 0xe8}));
    return bytes.toByteArray();
  }

  private static byte[] request(List<String> headers, String token) {
    StringBuilder head = new StringBuilder("GET " + PATH + " HTTP/1.1\r\nHost: localhost\r\n");
    if (headers.stream().noneMatch(line -> line.startsWith("Authorization"))) {
      head.append("Authorization: Bearer ").append(token).append("\r\n");
    }
    headers.forEach(line -> head.append(line).append("\r\n"));
    return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private String token() {
    String token =
        tokens.size() < USERS ? stage.service().newPro().accessToken() : tokens.removeFirst();
    tokens.addLast(token);
    return token;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
