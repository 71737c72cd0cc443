package app.perpetua.flow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.SqlCatalog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Compares every event with {@code recorded.txt}: for each event one line with its stored JSON,
 * which jobs of earlier releases contain, and one with the columns of its activity entry. Lines of
 * released events never change.
 */
class RecordedEventsTest {
  @RegisterExtension static final TestDatabase database = new TestDatabase();

  private static final Path RECORDED = Path.of("src/test/resources/events/recorded.txt");

  private final MutableClock clock = new MutableClock();
  private final Json json = new Json();
  private final Events events = new Events(new Ids(), json);
  private final Db db =
      new Db(database.pool(1), SqlCatalog.load(), clock, Duration.ofMinutes(1), _ -> false);
  private final UUID user = database.newUser().save();

  @BeforeEach
  void makeDays() {
    database.makeDays(clock.instant());
  }

  @Test
  void stored_json_and_activity_entries_are_as_recorded() throws IOException {
    List<String> recorded = Files.readAllLines(RECORDED);
    List<String> actual = new ArrayList<>();
    for (int i = 0; i < recorded.size(); i += 2) {
      Event event = json.read(recorded.get(i), Event.class);
      actual.add(json.text(event));
      actual.add(entry(event));
    }
    assertEquals(String.join("\n", recorded), String.join("\n", actual));
  }

  @Test
  void every_event_is_recorded() throws IOException {
    assertEquals(
        EventJsonTest.events().stream().map(Class::getSimpleName).collect(Collectors.toSet()),
        Files.readAllLines(RECORDED).stream()
            .filter(line -> line.startsWith("{"))
            .map(line -> json.parse(line).get("event").asString())
            .collect(Collectors.toSet()));
  }

  private String entry(Event event) {
    database.run("delete from activity.activity_logs where user_id = ?", user);
    db.write(
        Actor.user(user, "request-7"),
        tx -> {
          tx.lockOwner();
          events.emit(tx, event);
          return "";
        });
    return String.valueOf(
        database
            .row(
                """
                select concat_ws(' ', action, entity_type, coalesce(entity_id::text, 'null'),
                                 metadata::text) as entry
                from activity.activity_logs where user_id = ?
                """,
                user)
            .get("entry"));
  }
}
