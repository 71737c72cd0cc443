package app.perpetua.flow.chaos.load;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a person has by the acknowledged answers. For one thread at a time: of the person, or of the
 * check after it.
 */
final class Possessions {
  /** Reminders per task are limited. */
  static final int REMINDERS_OF_TASK = 90;

  /** Earlier deletions cannot be undone. */
  private static final int KEPT_TOMBSTONES = 3;

  /** In the list of tombstones, the place of a note, which is not recovered. */
  private static final String NOTE = "";

  /** A live task, by its last answer. */
  record Task(String id, String title, int version, boolean completed) {
    private static Task of(JsonNode data) {
      return new Task(
          data.path("id").asString(""),
          data.path("title").asString(""),
          data.path("version").asInt(0),
          data.path("completed").asBoolean(false));
    }

    private String shown() {
      return "'%s' version %d%s".formatted(title, version, completed ? " completed" : "");
    }
  }

  private final Map<String, Task> tasks = new LinkedHashMap<>();
  private final Map<String, String> notes = new LinkedHashMap<>();
  private final Map<String, Integer> reminders = new HashMap<>();
  private final Set<UUID> keys = new HashSet<>();
  private final Map<String, Integer> created = new HashMap<>();
  private final List<String> tombstones = new ArrayList<>();
  private final Set<String> remindedTasks = new HashSet<>();
  private @Nullable String remindedTask;
  private int remindedTimes;
  private long credits;

  Possessions(long credits) {
    this.credits = credits;
  }

  /** Applies a write that was acknowledged. */
  void apply(Entry entry, JsonNode answer) {
    keys.add(entry.key());
    JsonNode data = answer.path("data");
    switch (entry.kind()) {
      case CREATE_TASK -> {
        keep(data);
        count("task_created");
        if (remindedTask == null || remindedTimes >= REMINDERS_OF_TASK) {
          remindedTask = data.path("id").asString("");
          remindedTasks.add(remindedTask);
          remindedTimes = 0;
        }
      }
      case CHANGE_TASK, CHANGE_STALE_TASK, COMPLETE_TASK -> keep(data);
      case DELETE_TASK -> {
        tasks.remove(target(entry));
        bury(data.path("tombstone_id").asString(""));
      }
      case RECOVER_TASK -> {
        keep(data);
        tombstones.removeLast();
      }
      case CREATE_NOTE -> {
        notes.put(data.path("id").asString(""), data.path("content").asString(""));
        count("note_created");
      }
      case CHANGE_NOTE -> notes.put(target(entry), data.path("content").asString(""));
      case DELETE_NOTE -> {
        notes.remove(target(entry));
        bury(NOTE);
      }
      case REMIND -> {
        reminders.put(data.path("id").asString(""), 1);
        remindedTimes++;
        count("reminder_created");
      }
      case CHAT -> credits--;
      case TRANSCRIBE -> credits -= data.path("credits_used").asInt(0);
      case PURCHASE, WEBHOOK -> {}
    }
  }

  /** Adds credits that were paid for. */
  void add(long bought) {
    credits += bought;
  }

  private void bury(String tombstone) {
    tombstones.add(tombstone);
    if (tombstones.size() > KEPT_TOMBSTONES) {
      tombstones.removeFirst();
    }
  }

  private void keep(JsonNode data) {
    Task task = Task.of(data);
    tasks.put(task.id(), task);
  }

  private void count(String action) {
    created.merge(action, 1, Integer::sum);
  }

  private static String target(Entry entry) {
    return entry.path().substring(entry.path().lastIndexOf('/') + 1);
  }

  /** A live task that is not completed and has no reminders; empty if there is none. */
  Optional<Task> anyTask(Random random) {
    List<Task> open =
        tasks.values().stream()
            .filter(task -> !task.completed() && !remindedTasks.contains(task.id()))
            .toList();
    return open.isEmpty() ? Optional.empty() : Optional.of(open.get(random.nextInt(open.size())));
  }

  /** The id of a note; empty if there is none. */
  Optional<String> anyNote(Random random) {
    List<String> ids = List.copyOf(notes.keySet());
    return ids.isEmpty() ? Optional.empty() : Optional.of(ids.get(random.nextInt(ids.size())));
  }

  /** The tombstone of the last deletion; empty if it was of a note, or recovered. */
  Optional<String> lastTombstone() {
    return tombstones.isEmpty() || tombstones.getLast().equals(NOTE)
        ? Optional.empty()
        : Optional.of(tombstones.getLast());
  }

  /** The task that gets the next reminder, and is never changed, as those before it. */
  Optional<String> remindedTask() {
    return Optional.ofNullable(remindedTask);
  }

  /** What must be stored. */
  State state() {
    Map<String, String> shown = new HashMap<>();
    tasks.values().forEach(task -> shown.put(task.id(), task.shown()));
    return new State(
        shown,
        Map.copyOf(notes),
        Map.copyOf(reminders),
        Set.copyOf(keys),
        Map.copyOf(created),
        credits);
  }
}
