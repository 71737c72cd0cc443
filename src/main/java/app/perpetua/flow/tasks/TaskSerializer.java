package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.WireName;
import java.time.Instant;
import java.time.LocalDate;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.SerializableString;
import tools.jackson.core.io.SerializedString;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.ser.std.StdSerializer;
import tools.jackson.databind.util.NameTransformer;

/**
 * Writes a task in the order of its record, in less than half of the time that Jackson's serializer
 * of nested records takes: a list has up to a hundred tasks. Thread-safe.
 */
final class TaskSerializer extends StdSerializer<Task> {
  private static final SerializableString ID = name("id");
  private static final SerializableString USER_ID = name("user_id");
  private static final SerializableString TEMPLATE_ID = name("template_id");
  private static final SerializableString LIST_ID = name("list_id");
  private static final SerializableString POSITION = name("position");
  private static final SerializableString LABEL_IDS = name("label_ids");
  private static final SerializableString TITLE = name("title");
  private static final SerializableString DESCRIPTION = name("description");
  private static final SerializableString PRIORITY = name("priority");
  private static final SerializableString DUE_DATE = name("due_date");
  private static final SerializableString DUE_ON = name("due_on");
  private static final SerializableString START_ON = name("start_on");
  private static final SerializableString ESTIMATED_DURATION = name("estimated_duration");
  private static final SerializableString FOCUS_TIME_SECONDS = name("focus_time_seconds");
  private static final SerializableString COMPLETED = name("completed");
  private static final SerializableString COMPLETED_AT = name("completed_at");
  private static final SerializableString COMPLETED_BY = name("completed_by");
  private static final SerializableString HIDDEN = name("hidden");
  private static final SerializableString ARCHIVED = name("archived");
  private static final SerializableString SUBTASK_COUNT = name("subtask_count");
  private static final SerializableString SUBTASK_COMPLETED_COUNT = name("subtask_completed_count");
  private static final SerializableString VERSION = name("version");
  private static final SerializableString CREATED_AT = name("created_at");
  private static final SerializableString UPDATED_AT = name("updated_at");

  private final boolean unwrapping;

  /** For Jackson, which creates it for {@link Task}'s annotation. */
  TaskSerializer() {
    this(false);
  }

  private TaskSerializer(boolean unwrapping) {
    super(Task.class);
    this.unwrapping = unwrapping;
  }

  @Override
  public ValueSerializer<Task> unwrappingSerializer(NameTransformer names) {
    return new TaskSerializer(true);
  }

  @Override
  public boolean isUnwrappingSerializer() {
    return unwrapping;
  }

  @Override
  public void serialize(Task task, JsonGenerator json, SerializationContext context) {
    if (unwrapping) {
      writeMembers(task, json);
    } else {
      json.writeStartObject(task);
      writeMembers(task, json);
      json.writeEndObject();
    }
  }

  private static void writeMembers(Task task, JsonGenerator json) {
    id(json, ID, task.id());
    id(json, USER_ID, task.userId());
    id(json, TEMPLATE_ID, task.templateId());
    TaskDraft fields = task.fields();
    id(json, LIST_ID, fields.placement().listId());
    text(json, POSITION, task.position());
    json.writeName(LABEL_IDS);
    json.writeStartArray();
    for (UUID label : fields.placement().labelIds()) {
      Json.write(json, label);
    }
    json.writeEndArray();
    text(json, TITLE, fields.title());
    text(json, DESCRIPTION, fields.description());
    constant(json, PRIORITY, fields.priority());
    instant(json, DUE_DATE, fields.dueDate());
    date(json, DUE_ON, fields.dueOn());
    date(json, START_ON, fields.startOn());
    json.writeName(ESTIMATED_DURATION);
    Integer estimate = fields.estimatedDuration();
    if (estimate == null) {
      json.writeNull();
    } else {
      json.writeNumber(estimate.intValue());
    }
    number(json, FOCUS_TIME_SECONDS, task.focus().focusTimeSeconds());
    Task.Completion completion = task.completion();
    flag(json, COMPLETED, completion.completed());
    instant(json, COMPLETED_AT, completion.completedAt());
    constant(json, COMPLETED_BY, completion.completedBy());
    flag(json, HIDDEN, task.hidden());
    flag(json, ARCHIVED, task.archived());
    number(json, SUBTASK_COUNT, task.subtasks().subtaskCount());
    number(json, SUBTASK_COMPLETED_COUNT, task.subtasks().subtaskCompletedCount());
    Task.Revision revision = task.revision();
    number(json, VERSION, revision.version());
    instant(json, CREATED_AT, revision.createdAt());
    instant(json, UPDATED_AT, revision.updatedAt());
  }

  private static SerializableString name(String name) {
    return new SerializedString(name);
  }

  private static void id(JsonGenerator json, SerializableString name, @Nullable UUID id) {
    json.writeName(name);
    if (id == null) {
      json.writeNull();
    } else {
      Json.write(json, id);
    }
  }

  private static void instant(
      JsonGenerator json, SerializableString name, @Nullable Instant instant) {
    json.writeName(name);
    if (instant == null) {
      json.writeNull();
    } else {
      Json.write(json, instant);
    }
  }

  private static void date(JsonGenerator json, SerializableString name, @Nullable LocalDate date) {
    text(json, name, date == null ? null : date.toString());
  }

  private static void constant(
      JsonGenerator json, SerializableString name, @Nullable WireName constant) {
    text(json, name, constant == null ? null : constant.wireName());
  }

  private static void text(JsonGenerator json, SerializableString name, @Nullable String text) {
    json.writeName(name);
    if (text == null) {
      json.writeNull();
    } else {
      json.writeString(text);
    }
  }

  private static void number(JsonGenerator json, SerializableString name, int number) {
    json.writeName(name);
    json.writeNumber(number);
  }

  private static void flag(JsonGenerator json, SerializableString name, boolean flag) {
    json.writeName(name);
    json.writeBoolean(flag);
  }
}
