package app.perpetua.flow.chaos.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PossessionsTest {
  private static final Json JSON = new Json();

  private final Possessions possessions = new Possessions(0);

  private void apply(Kind kind, String id) {
    possessions.apply(
        new Entry(kind, UUID.randomUUID(), "POST", "/api/v1/tasks", ""),
        JSON.parse("{\"data\": {\"id\": \"%s\", \"version\": 1}}".formatted(id)));
  }

  private Optional<String> changeable() {
    return possessions.anyTask(new Random(1)).map(Possessions.Task::id);
  }

  /** Deleting one would delete its reminders, whose notifications are expected. */
  @Test
  void a_task_with_reminders_is_never_changed() {
    apply(Kind.CREATE_TASK, "first");
    for (int i = 0; i < Possessions.REMINDERS_OF_TASK; i++) {
      apply(Kind.REMIND, "reminder " + i);
    }
    apply(Kind.CREATE_TASK, "second");
    assertEquals(Optional.of("second"), possessions.remindedTask());
    assertEquals(Optional.empty(), changeable());
    apply(Kind.CREATE_TASK, "third");
    assertEquals(Optional.of("third"), changeable());
  }
}
