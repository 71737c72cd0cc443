package app.perpetua.flow.voice;

import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;

/** Ends the live session of a process that was killed. Thread-safe. */
final class EndVoiceSessionJob implements TransactionalHandler {
  private final VoiceSessionStore sessions;

  EndVoiceSessionJob(VoiceSessionStore sessions) {
    this.sessions = sessions;
  }

  @Override
  public Next run(Tx tx, Job job) {
    return sessions
        .endAbandoned(tx, UUID.fromString(job.key()))
        .<Next>map(Next.Snooze::new)
        .orElseGet(Next.Done::new);
  }
}
