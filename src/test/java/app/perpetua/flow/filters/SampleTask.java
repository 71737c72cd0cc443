package app.perpetua.flow.filters;

import app.perpetua.flow.harness.TestDatabase;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A task as tests insert it and as {@link FilterOracle} evaluates filters of it. */
record SampleTask(
    UUID id,
    Text text,
    String priority,
    Due due,
    @Nullable LocalDate startOn,
    States states,
    Counts counts,
    @Nullable UUID listId,
    Set<UUID> labelIds,
    Times times) {
  record Text(String title, String description) {}

  record Due(@Nullable Instant date, @Nullable LocalDate on) {}

  record States(boolean completed, boolean hidden, boolean archived, @Nullable UUID templateId) {}

  record Counts(@Nullable Integer estimate, int subtasks) {}

  record Times(Instant createdAt, Instant updatedAt, @Nullable Instant completedAt) {}

  /** Inserts tasks of a user with one statement, templates included. */
  static void insert(TestDatabase database, UUID user, List<SampleTask> tasks) {
    tasks.stream()
        .map(task -> task.states.templateId)
        .filter(id -> id != null)
        .distinct()
        .forEach(
            template ->
                database.run(
                    """
                    insert into tasks.task_templates
                      (id, user_id, title, rrule, timezone, starts_at, created_at, updated_at)
                    values (?, ?, 'Template', 'FREQ=DAILY', 'UTC', '2026-01-01Z', '2026-01-01Z', '2026-01-01Z')
                    """,
                    template,
                    user));
    String json = new app.perpetua.flow.base.Json().text(tasks);
    database.run(
        """
        insert into tasks.task_instances
          (id, user_id, title, description, priority, due_date, due_on, start_on, completed, completed_by,
           completed_at, hidden, archived, template_id, occurrence_at, estimated_duration, subtask_count,
           list_id, label_ids, created_at, updated_at)
        select r.id, ?, r.text ->> 'title', r.text ->> 'description', r.priority,
               (r.due ->> 'date')::timestamptz, (r.due ->> 'on')::date, r.start_on,
               (r.states ->> 'completed')::boolean,
               case when (r.states ->> 'completed')::boolean then 'manual' end,
               (r.times ->> 'completed_at')::timestamptz, (r.states ->> 'hidden')::boolean,
               (r.states ->> 'archived')::boolean, (r.states ->> 'template_id')::uuid,
               case when r.states ->> 'template_id' is not null then (r.times ->> 'created_at')::timestamptz end,
               (r.counts ->> 'estimate')::int, (r.counts ->> 'subtasks')::int, r.list_id, r.label_ids,
               (r.times ->> 'created_at')::timestamptz, (r.times ->> 'updated_at')::timestamptz
        from jsonb_to_recordset(?::jsonb) as r (
          id uuid, text jsonb, priority text, due jsonb, start_on date, states jsonb, counts jsonb,
          list_id uuid, label_ids uuid[], times jsonb)
        """,
        user,
        json);
  }
}
