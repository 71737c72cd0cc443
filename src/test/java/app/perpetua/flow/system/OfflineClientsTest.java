package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.LocalCopy;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/**
 * Three devices of one user that are offline most of the time. They send what they have queued to
 * two processes, which are killed, and some answers are lost.
 */
@Order(3)
@Tag("system")
class OfflineClientsTest {
  private static final int DEVICES = 3;
  private static final int LONGEST_QUEUE = 25;
  private static final Duration RETRY_AFTER = Duration.ofMillis(50);

  /** The entry in the activity log that an accepted command of each of these types has. */
  private static final Map<String, String> ENTRIES =
      Map.of(
          "subtask.create", "subtask_created",
          "note.create", "note_created",
          "note.update", "note_updated",
          "note.delete", "note_deleted",
          "task.delete", "task_deleted",
          "reminder.create", "reminder_created",
          "template.create", "template_created",
          "template.delete", "template_deleted");

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  /**
   * A queued change.
   *
   * @param members of the command, {@code uuid} and {@code type} included
   */
  private record Command(String uuid, String type, Map<String, Object> members) {
    static Command of(String type, Map<String, Object> args) {
      String uuid = UUID.randomUUID().toString();
      return new Command(uuid, type, Map.of("uuid", uuid, "type", type, "args", args));
    }

    Command with(String member, Object value) {
      Map<String, Object> extended = new HashMap<>(members);
      extended.put(member, value);
      return new Command(uuid, type, extended);
    }
  }

  private final List<Jar> jars = new ArrayList<>();

  /**
   * {@code -Dcommands=10000 -Dfaults=20} runs more commands beside more kills, {@code -Dseed=}
   * repeats a run.
   */
  @Test
  void FR_147_devices_that_were_offline_end_with_the_same_data_and_each_command_applied_once()
      throws Exception {
    int commands = Integer.getInteger("commands", 1_500);
    int faults = Integer.getInteger("faults", 4);
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("offline: " + commands + " commands, " + faults + " kills, seed " + seed);
    Map<String, String> environment = stage.environment();
    environment.put("FREE_MAX_TASKS", "1000000");
    environment.put("FREE_MAX_NOTES", "1000000");
    environment.put("JWT_ACCESS_EXPIRY_MINUTES", "600");
    for (int i = 0; i < 2; i++) {
      // Without jobs, which would create tasks.
      jars.add(stage.start(environment, "--role=api"));
    }
    jars.forEach(Jar::awaitReady);
    TestService.Session user = stage.newUser(stage.api(jars.getFirst()));
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < DEVICES; i++) {
      devices.add(new Device("device " + i, user.accessToken(), new Random(seed + i)));
    }
    AtomicBoolean over = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Device device : devices) {
        running.add(threads.submit(() -> device.send(commands / DEVICES)));
      }
      Future<?> killer =
          threads.submit(() -> kill(faults, new Random(seed - 1), environment, over));
      for (Future<?> device : running) {
        device.get();
      }
      over.set(true);
      killer.get();
    }
    Map<String, JsonNode> expected = LocalCopy.snapshot(user.api());
    Map<String, Integer> accepted = new HashMap<>();
    for (Device device : devices) {
      device.update();
      assertEquals(expected, device.copy.entities(), device.name);
      device.accepted.forEach((type, count) -> accepted.merge(type, count, Integer::sum));
    }
    ENTRIES.forEach(
        (type, entry) -> {
          int commandsOfType = accepted.getOrDefault(type, 0);
          assertTrue(commandsOfType > 0, "none accepted: " + type);
          assertEquals(commandsOfType, entries(user, entry), type);
        });
    assertEquals(
        accepted.getOrDefault("task.create", 0) + accepted.getOrDefault("template.create", 0),
        entries(user, "task_created"),
        "a template has a first task");
    Invariants.check(database);
    System.out.println("offline: accepted " + accepted);
  }

  private void kill(
      int faults, Random random, Map<String, String> environment, AtomicBoolean over) {
    for (int kill = 0; kill < faults && !over.get(); kill++) {
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(50, 1_500)).toNanos());
      int which = random.nextInt(jars.size());
      Jar jar = jars.get(which);
      jar.kill();
      jars.set(which, stage.startOn(jar.port(), environment, "--role=api").awaitReady());
    }
  }

  private static long entries(TestService.Session user, String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?",
        user.userId(),
        action);
  }

  /** A device with a copy of the user's data. Used by one thread. */
  private final class Device {
    private final String name;
    private final Random random;
    private final List<Api> apis = new ArrayList<>();
    private final LocalCopy copy;
    private final Map<String, Integer> accepted = new HashMap<>();
    private int made;

    Device(String name, String token, Random random) {
      this.name = name;
      this.random = random;
      jars.forEach(jar -> apis.add(stage.api(jar).as(token)));
      copy = new LocalCopy(apis.getFirst(), 100);
    }

    /** Is offline, then sends what it has queued and reads what has changed; until all are sent. */
    void send(int commands) {
      while (made < commands) {
        List<Command> queue = new ArrayList<>();
        int length = 1 + random.nextInt(LONGEST_QUEUE);
        while (queue.size() < length) {
          add(queue);
        }
        made += queue.size();
        Map<String, Object> batch =
            Map.of("commands", queue.stream().map(Command::members).toList());
        JsonNode results = persistently(batch).get("results");
        if (random.nextInt(4) == 0) {
          // The first answer was lost.
          results = persistently(batch).get("results");
        }
        for (Command command : queue) {
          if (results.get(command.uuid).get("status").asInt() < 300) {
            accepted.merge(command.type, 1, Integer::sum);
          }
        }
        update();
      }
    }

    void update() {
      while (true) {
        try {
          Api api = anyApi();
          // So that a process that is starting refuses this and not a part of the copy.
          if (api.get("/api/v1/users/me").status() == 200) {
            copy.use(api);
            copy.update();
            return;
          }
        } catch (UncheckedIOException e) {
          // As in persistently.
        }
        LockSupport.parkNanos(RETRY_AFTER.toNanos());
      }
    }

    private JsonNode persistently(Object batch) {
      while (true) {
        try {
          Api.Answer answer = anyApi().withoutKey().post("/api/v1/sync", batch);
          if (answer.status() == 200 && !isUnfinished(answer.data().get("results"))) {
            return answer.data();
          }
          assertTrue(answer.status() == 200 || answer.status() == 503, answer::toString);
        } catch (UncheckedIOException e) {
          // The process was killed or has not restarted yet.
        }
        LockSupport.parkNanos(RETRY_AFTER.toNanos());
      }
    }

    /** Whether a command has not run, or nobody knows whether it has. */
    private static boolean isUnfinished(JsonNode results) {
      return results.valueStream().anyMatch(result -> result.path("error").has("retry_after"));
    }

    private Api anyApi() {
      return apis.get(random.nextInt(apis.size()));
    }

    private void add(List<Command> queue) {
      String text = name + " " + made + "." + queue.size();
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> {
          String temporary = "new " + queue.size();
          queue.add(Command.of("task.create", Map.of("title", text)).with("temp_id", temporary));
          if (random.nextBoolean()) {
            queue.add(Command.of("subtask.create", Map.of("task_id", temporary, "title", text)));
            queue.add(Command.of("task.update", Map.of("id", temporary, "hidden", true)));
          }
        }
        case 3 -> queue.add(Command.of("note.create", Map.of("content", text)));
        case 4 ->
            queue.add(Command.of("template.create", Map.of("title", text, "rrule", "FREQ=DAILY")));
        case 5 -> any("template").ifPresent(id -> queue.add(Command.of("template.delete", of(id))));
        case 6 ->
            any("note")
                .ifPresent(id -> queue.add(Command.of("note.update", of(id, "content", text))));
        case 7 -> any("note").ifPresent(id -> queue.add(Command.of("note.delete", of(id))));
        case 8 -> any("task").ifPresent(id -> queue.add(Command.of("task.delete", of(id))));
        case 9 ->
            any("task")
                .ifPresent(
                    id ->
                        queue.add(
                            Command.of("task.update", of(id, "completed", random.nextBoolean()))));
        case 10 ->
            any("task")
                .ifPresent(
                    id -> {
                      int version = copy.get("task " + id).get("version").asInt();
                      queue.add(
                          Command.of("task.update", of(id, "title", text))
                              .with("if_version", version));
                    });
        default ->
            any("task")
                .ifPresent(
                    id ->
                        queue.add(
                            Command.of(
                                "reminder.create",
                                Map.of(
                                    "task_id",
                                    id,
                                    "type",
                                    "absolute",
                                    "scheduled_at",
                                    Instant.now().plus(Duration.ofDays(1)).toString()))));
      }
    }

    private Optional<String> any(String type) {
      List<String> ids =
          copy.entities().keySet().stream()
              .filter(key -> key.startsWith(type + " "))
              .map(key -> key.substring(type.length() + 1))
              .toList();
      return ids.isEmpty() ? Optional.empty() : Optional.of(ids.get(random.nextInt(ids.size())));
    }

    private static Map<String, Object> of(String id) {
      return Map.of("id", id);
    }

    private static Map<String, Object> of(String id, String member, Object value) {
      return Map.of("id", id, member, value);
    }
  }
}
