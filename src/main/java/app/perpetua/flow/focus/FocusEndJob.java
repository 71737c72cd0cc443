package app.perpetua.flow.focus;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;

/**
 * The job {@code focus_end}: ends a focus that was forgotten. It goes by what it finds, so it may
 * run as often as it likes. Thread-safe.
 */
public final class FocusEndJob implements TransactionalHandler {
  private final FocusSessions sessions;
  private final Json json;

  public FocusEndJob(FocusSessions sessions, Json json) {
    this.sessions = sessions;
    this.json = json;
  }

  @Override
  public Next run(Tx tx, Job job) {
    FocusSessions.Forgotten forgotten = json.read(job.payload(), FocusSessions.Forgotten.class);
    sessions.forgotten(tx, UUID.fromString(job.key()), forgotten);
    return new Next.Done();
  }
}
