package app.perpetua.flow.chaos.load;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.chaos.load.Possessions.Task;
import app.perpetua.flow.fake.CheckoutEvent;
import app.perpetua.flow.fake.FakeCheckout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One person who writes in a loop, and sends each write again with its key until it has an answer.
 * Runs in one thread at a time.
 */
public final class Person {
  private static final String TASKS = "/api/v1/tasks";
  private static final String NOTES = "/api/v1/notes";
  private static final String WEBHOOKS = "/api/v1/webhooks/checkout";
  private static final String RECORDING = "http://recordings.test/note.webm";

  /** The pause before a write is sent again. */
  private static final Duration RETRY = Duration.ofMillis(100);

  private static final Duration REMINDED_IN = Duration.ofMillis(1_500);
  private static final int BOUGHT = 5;

  private final UUID id;
  private final String token;
  private final boolean spends;
  private final Client client;
  private final FakeCheckout checkout;
  private final Possessions possessions;
  private final List<Entry> journal = new CopyOnWriteArrayList<>();

  /**
   * @param spends whether the person uses providers and buys credits, instead of working on tasks
   * @param credits balance
   */
  public Person(
      UUID id, String token, boolean spends, long credits, Client client, FakeCheckout checkout) {
    this.id = id;
    this.token = token;
    this.spends = spends;
    this.client = client;
    this.checkout = checkout;
    this.possessions = new Possessions(credits);
  }

  /** The user's id. */
  public UUID id() {
    return id;
  }

  /** The writes since the last {@link #forget}. */
  public List<Entry> journal() {
    return List.copyOf(journal);
  }

  /** Starts a new journal; what the person has stays. */
  public void forget() {
    journal.clear();
  }

  /** What must be stored for the person. */
  public State expected() {
    return possessions.state();
  }

  /**
   * Writes until told to stop, and then until the last write is answered or given up.
   *
   * @param pause the longest between two writes
   * @param isOver whether to begin no further write
   * @param isHopeless whether to give up
   */
  public void write(
      Random random, Duration pause, BooleanSupplier isOver, BooleanSupplier isHopeless) {
    while (!isOver.getAsBoolean()) {
      if (spends) {
        spend(random, isHopeless);
      } else {
        work(random, isHopeless);
      }
      LockSupport.parkNanos(random.nextLong(pause.toNanos()));
    }
  }

  /**
   * Sends every acknowledged write of the journal again.
   *
   * @param problems receives each answer that is not the first one
   */
  public void replay(BooleanSupplier isHopeless, Consumer<String> problems) {
    for (Entry entry : journal) {
      if (entry.acknowledged().isPresent() && entry.kind() != Kind.WEBHOOK) {
        Attempt again = client.send(entry, token);
        while (again.isRetryable() && !isHopeless.getAsBoolean()) {
          LockSupport.parkNanos(RETRY.toNanos());
          again = client.send(entry, token);
        }
        Verdicts.judgeReplay(entry, again, problems);
      }
    }
  }

  private void work(Random random, BooleanSupplier isHopeless) {
    int choice = random.nextInt(100);
    Task task = possessions.anyTask(random).orElse(null);
    String note = possessions.anyNote(random).orElse(null);
    String word = Long.toHexString(random.nextLong());
    if (choice >= 92 && possessions.remindedTask().isPresent()) {
      String target = TASKS + "/" + possessions.remindedTask().get() + "/reminders";
      String at = Json.instant(Instant.now().plus(REMINDED_IN));
      perform(
          Kind.REMIND, "POST", target, Map.of("type", "absolute", "scheduled_at", at), isHopeless);
    } else if (choice >= 85 && note != null) {
      if (choice >= 88) {
        perform(Kind.CHANGE_NOTE, "PATCH", NOTES + "/" + note, content(word), isHopeless);
      } else {
        perform(Kind.DELETE_NOTE, "DELETE", NOTES + "/" + note, null, isHopeless);
      }
    } else if (choice >= 75) {
      perform(Kind.CREATE_NOTE, "POST", NOTES, content(word), isHopeless);
    } else if (choice >= 70 && possessions.lastTombstone().isPresent()) {
      String target =
          "/api/v1/recovery/tombstones/" + possessions.lastTombstone().get() + "/recover";
      perform(Kind.RECOVER_TASK, "POST", target, Map.of(), isHopeless);
    } else if (choice >= 30 && task != null) {
      change(choice, task, word, isHopeless);
    } else {
      perform(Kind.CREATE_TASK, "POST", TASKS, Map.of("title", "task " + word), isHopeless);
    }
  }

  private static Map<String, Object> content(String word) {
    return Map.of("content", "note " + word);
  }

  private void change(int choice, Task task, String word, BooleanSupplier isHopeless) {
    String target = TASKS + "/" + task.id();
    Map<String, Object> change = new LinkedHashMap<>();
    if (choice >= 62) {
      perform(Kind.DELETE_TASK, "DELETE", target, null, isHopeless);
    } else if (choice >= 54) {
      change.put("version", task.version());
      change.put("completed", true);
      perform(Kind.COMPLETE_TASK, "PATCH", target, change, isHopeless);
    } else if (choice >= 51 && task.version() > 1) {
      change.put("version", task.version() - 1);
      change.put("title", "stale " + word);
      perform(Kind.CHANGE_STALE_TASK, "PATCH", target, change, isHopeless);
    } else {
      change.put("version", task.version());
      change.put("title", "changed " + word);
      perform(Kind.CHANGE_TASK, "PATCH", target, change, isHopeless);
    }
  }

  private void spend(Random random, BooleanSupplier isHopeless) {
    int choice = random.nextInt(100);
    if (choice < 60) {
      Map<String, String> message = Map.of("message", "What should I begin with?");
      perform(Kind.CHAT, "POST", "/api/v1/ai/chat", message, isHopeless);
    } else if (choice < 80) {
      Map<String, Object> recording = Map.of("audio_url", RECORDING, "duration_seconds", 20);
      perform(Kind.TRANSCRIBE, "POST", "/api/v1/ai/transcribe", recording, isHopeless);
    } else {
      Map<String, Integer> amount = Map.of("amount", BOUGHT);
      JsonNode order =
          perform(Kind.PURCHASE, "POST", "/api/v1/credits/purchase", amount, isHopeless);
      if (order != null) {
        pay(order.at("/data/session_id").asString(""), random, isHopeless);
      }
    }
  }

  /** Pays an order; the events arrive in any order, and one of them again. */
  private void pay(String page, Random random, BooleanSupplier isHopeless) {
    FakeCheckout.Payment payment;
    try {
      payment = checkout.pay(page);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    List<CheckoutEvent> events = new ArrayList<>();
    events.add(checkout.event("payment_captured", payment));
    events.add(
        random.nextInt(2), checkout.event("payment_approved", payment).source(payment.source()));
    events.add(events.getFirst());
    boolean isCaptured = false;
    for (CheckoutEvent event : events) {
      byte[] body = event.body();
      String signature = CheckoutEvent.signature(FakeCheckout.WEBHOOK_SECRET, body);
      Entry entry = new Entry(Kind.WEBHOOK, UUID.randomUUID(), "POST", WEBHOOKS, utf8(body));
      boolean isDelivered =
          persist(entry, () -> client.deliver(entry, signature), isHopeless) != null;
      if (isDelivered && event.type().equals("payment_captured") && !isCaptured) {
        isCaptured = true;
        possessions.add(BOUGHT);
      }
    }
  }

  private static String utf8(byte[] body) {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** Performs a write; returns the answer of a success, null otherwise. */
  private @Nullable JsonNode perform(
      Kind kind, String method, String path, @Nullable Object body, BooleanSupplier isHopeless) {
    String text = body == null ? "" : client.text(body);
    Entry entry = new Entry(kind, UUID.randomUUID(), method, path, text);
    Attempt success = persist(entry, () -> client.send(entry, token), isHopeless);
    if (success == null) {
      return null;
    }
    JsonNode answer = client.parse(success.body());
    possessions.apply(entry, answer);
    return answer;
  }

  @FunctionalInterface
  private interface Sending {
    Attempt send();
  }

  /** Sends until there is a final answer; null if that is a refusal. */
  private @Nullable Attempt persist(Entry entry, Sending sending, BooleanSupplier isHopeless) {
    journal.add(entry);
    while (true) {
      Attempt attempt = sending.send();
      entry.attempts().add(attempt);
      if (attempt.isSuccess()) {
        return attempt;
      }
      if (!attempt.isRetryable() || isHopeless.getAsBoolean()) {
        return null;
      }
      LockSupport.parkNanos(RETRY.toNanos());
    }
  }
}
