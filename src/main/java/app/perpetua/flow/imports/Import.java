package app.perpetua.flow.imports;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.sql.Row;
import com.fasterxml.jackson.annotation.JsonIgnore;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An import, as defined by the API contract.
 *
 * @param dryRun whether it only reports what it would do
 * @param error why the file could not be read; null unless the state is {@code failed}
 * @param finishedAt null while it is not finished
 */
record Import(
    UUID id,
    Source source,
    boolean dryRun,
    State state,
    Progress progress,
    Added added,
    @Nullable Fault error,
    @JsonIgnore File file,
    Instant createdAt,
    @Nullable Instant finishedAt) {
  /** How far an import is. */
  enum State implements WireName {
    QUEUED,
    RUNNING,
    DONE,
    FAILED
  }

  /**
   * Numbers of entries of the file.
   *
   * @param total null until the file has been read once
   */
  record Progress(int processed, @Nullable Integer total, int taken, int changed, int left) {}

  /** Numbers of what was added, or would be by a dry run. */
  record Added(
      int tasks,
      int subtasks,
      int templates,
      int reminders,
      int notes,
      int lists,
      int labels,
      int filters) {}

  /**
   * A fault of a file.
   *
   * @param line from 1; null if unknown
   */
  record Fault(String message, @Nullable Integer line) {}

  /**
   * What is needed to read the file.
   *
   * @param list for tasks of which the file names none; null for the inbox
   */
  record File(int bytes, boolean compressed, @Nullable String list, String timezone) {}

  static Import of(Row row) {
    String error = row.textOrNull("error");
    return new Import(
        row.uuid("id"),
        row.wireName("source", Source.class),
        row.bool("dry_run"),
        row.wireName("state", State.class),
        new Progress(
            row.integer("processed"),
            row.integerOrNull("entries"),
            row.integer("taken"),
            row.integer("changed"),
            row.integer("left_out")),
        new Added(
            row.integer("tasks_added"),
            row.integer("subtasks_added"),
            row.integer("templates_added"),
            row.integer("reminders_added"),
            row.integer("notes_added"),
            row.integer("lists_added"),
            row.integer("labels_added"),
            row.integer("filters_added")),
        error == null ? null : new Fault(error, row.integerOrNull("error_line")),
        new File(
            row.integer("file_bytes"),
            row.bool("compressed"),
            row.textOrNull("list"),
            row.text("timezone")),
        row.instant("created_at"),
        row.instantOrNull("finished_at"));
  }

  boolean isFinished() {
    return finishedAt != null;
  }
}
