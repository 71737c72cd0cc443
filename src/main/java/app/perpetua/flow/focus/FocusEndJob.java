package app.perpetua.flow.focus;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;

/** Ends a focus session that has reached its time limit. Idempotent. Thread-safe. */
final class FocusEndJob implements TransactionalHandler {
  private final FocusSessions sessions;
  private final Json json;

  FocusEndJob(FocusSessions sessions, Json json) {
    this.sessions = sessions;
    this.json = json;
  }

  @Override
  public Next run(Tx tx, Job job) {
    FocusSessions.TimeLimit limit = json.read(job.payload(), FocusSessions.TimeLimit.class);
    sessions.endAtLimit(tx, UUID.fromString(job.key()), limit);
    return new Next.Done();
  }
}
