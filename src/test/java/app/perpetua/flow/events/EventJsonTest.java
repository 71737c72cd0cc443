package app.perpetua.flow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.LockedUser;
import java.lang.reflect.RecordComponent;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

class EventJsonTest {
  private record Stored(String reaction, Event event) {}

  private final Json json = new Json();

  static List<Class<?>> events() {
    List<Class<?>> events = permitted(Event.class).toList();
    assertTrue(events.size() > 10);
    return events;
  }

  private static Stream<Class<?>> permitted(Class<?> type) {
    return type.isRecord()
        ? Stream.of(type)
        : Arrays.stream(type.getPermittedSubclasses()).flatMap(EventJsonTest::permitted);
  }

  @ParameterizedTest
  @MethodSource("events")
  void events_are_read_back_from_JSON_unchanged(Class<?> type) throws ReflectiveOperationException {
    for (boolean full : List.of(true, false)) {
      Stored stored = new Stored("r", event(type, full));
      String text = json.text(stored);
      assertEquals(stored, json.read(text, Stored.class));
      // jsonb does not keep the order of members.
      ObjectNode tree = (ObjectNode) json.parse(text);
      ObjectNode inner = (ObjectNode) tree.get("event");
      inner.set("event", inner.remove("event"));
      assertEquals(stored, json.read(json.text(tree), Stored.class));
    }
  }

  private static Event event(Class<?> type, boolean full) throws ReflectiveOperationException {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = Arrays.stream(components).map(part -> value(part, full)).toArray();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    var constructor = type.getDeclaredConstructor(types);
    return (Event) constructor.newInstance(values);
  }

  private static @Nullable Object value(RecordComponent part, boolean full) {
    if (!full && part.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
      return null;
    }
    return switch (part.getType().getSimpleName()) {
      case "UUID" -> UUID.randomUUID();
      case "String" -> "text \" ü";
      case "Instant" -> Instant.parse("2026-01-19T10:30:00.123Z");
      case "LocalDate" -> LocalDate.parse("2026-01-19");
      case "int", "Integer" -> 7;
      case "boolean" -> full;
      case "Origin" ->
          new Event.Origin(UUID.randomUUID(), UUID.randomUUID(), "a model", 1_200L, 80L, 1);
      case "RunningFocus" -> new Event.RunningFocus(UUID.randomUUID(), 7);
      case "SkipReason" -> Event.SkipReason.COMPLETED;
      case "SessionEndReason" -> Event.SessionEndReason.REVOKED;
      case "SubscriptionChange" -> Event.SubscriptionChange.GRACE;
      case "Tier" -> LockedUser.Tier.PRO;
      default -> throw new IllegalStateException("no value for " + part);
    };
  }
}
