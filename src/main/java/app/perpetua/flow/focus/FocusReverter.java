package app.perpetua.flow.focus;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Reverts starts and ends of focus sessions, and schedules their jobs accordingly. A session whose
 * end is undone runs on since its start. Thread-safe.
 */
final class FocusReverter implements RowReverter {
  private static final String TYPE = "focus_session";

  private record Session(UUID id, boolean running) {
    static Session of(Row row) {
      return new Session(row.uuid("id"), row.isNull("ended_at"));
    }
  }

  private final RowStatements statements;
  private final FocusSessions sessions;

  FocusReverter(Json json, FocusSessions sessions) {
    this.statements =
        new RowStatements(
            TYPE,
            "focus.find_by_ids",
            "focus.find_equal_sessions",
            "focus.remove_created_sessions",
            "focus.set_former_session_values",
            "focus.insert_former_sessions",
            json);
    this.sessions = sessions;
  }

  @Override
  public String type() {
    return TYPE;
  }

  /** Also refuses to remove a task that has sessions which were started since. */
  @Override
  public void check(Tx tx, Changeset change) {
    List<UUID> tasks = change.ids("task", Kind.CREATED);
    boolean startedSince =
        !tasks.isEmpty()
            && tx.sql("focus.find_others_of_tasks")
                .bind("tasks", tasks)
                .bind("ids", change.ids(TYPE, Kind.CREATED))
                .one(row -> row.bool("present"))
                .orElse(false);
    if (startedSince) {
      throw RowStatements.changedSince("task");
    }
    checkUnchanged(tx, change);
    boolean runsAgain = change.of(TYPE).stream().anyMatch(FocusReverter::wasRunning);
    if (runsAgain && sessions.isRunning(tx)) {
      throw Refusal.of(
          ErrorCode.CONFLICT, "another focus session is running; end it before you undo this");
    }
  }

  private void checkUnchanged(Tx tx, Changeset change) {
    List<ChangedRow> rows = change.of(TYPE);
    if (rows.isEmpty()) {
      return;
    }
    Set<UUID> present =
        new HashSet<>(
            tx.sql("focus.find_by_ids")
                .bind("ids", rows.stream().map(ChangedRow::id).toList())
                .list(row -> row.uuid("id")));
    if (rows.stream().anyMatch(row -> present.contains(row.id()) == (row.kind() == Kind.DELETED))) {
      throw RowStatements.changedSince(TYPE);
    }
    RowStatements.checkEqual(
        tx, TYPE, statements.findEqual(), change, List.copyOf(present), statements.json());
  }

  /** Whether the change ended or deleted a running session. */
  private static boolean wasRunning(ChangedRow row) {
    return row.before().has("ended_at") && row.before().path("ended_at").isNull();
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    statements.removeCreated(tx, change);
    change.ids(TYPE, Kind.CREATED).forEach(id -> sessions.cancelJob(tx, id));
  }

  @Override
  public void restore(Tx tx, Changeset change) {
    statements.restore(tx, change);
    List<UUID> ids =
        Stream.of(Kind.UPDATED, Kind.DELETED)
            .flatMap(kind -> change.ids(TYPE, kind).stream())
            .toList();
    if (ids.isEmpty()) {
      return;
    }
    for (Session session : tx.sql("focus.find_by_ids").bind("ids", ids).list(Session::of)) {
      if (session.running()) {
        sessions.resumeJob(tx);
      } else {
        sessions.cancelJob(tx, session.id());
      }
    }
  }
}
