package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.undo.ChangedRow.Kind;
import app.perpetua.flow.undo.Changeset;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.stream.Stream;

/** Reverts changes of templates, and schedules their next instances accordingly. Thread-safe. */
final class TemplateReverter implements RowReverter {
  private final RowStatements statements;
  private final InstanceJobs jobs;

  TemplateReverter(Json json, InstanceJobs jobs) {
    this.statements =
        new RowStatements(
            "template",
            "recurrence.find_by_ids",
            "recurrence.find_equal_templates",
            "recurrence.remove_created_templates",
            "recurrence.set_former_template_values",
            "recurrence.insert_former_templates",
            json);
    this.jobs = jobs;
  }

  @Override
  public String type() {
    return statements.type();
  }

  @Override
  public void check(Tx tx, Changeset change) {
    statements.check(tx, change);
  }

  @Override
  public void removeCreated(Tx tx, Changeset change) {
    statements.removeCreated(tx, change);
    change.ids(type(), Kind.CREATED).forEach(id -> jobs.cancel(tx, id));
  }

  /** The job does nothing if the template is not active, or has an open instance. */
  @Override
  public void restore(Tx tx, Changeset change) {
    statements.restore(tx, change);
    Stream.of(Kind.UPDATED, Kind.DELETED)
        .flatMap(kind -> change.ids(type(), kind).stream())
        .forEach(id -> jobs.scheduleNext(tx, id));
  }
}
