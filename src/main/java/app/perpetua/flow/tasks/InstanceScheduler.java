package app.perpetua.flow.tasks;

import app.perpetua.flow.sql.Tx;
import java.util.UUID;

/** Schedules the next instance of a template; implemented by the feature that owns templates. */
@FunctionalInterface
public interface InstanceScheduler {
  /** Schedules it for now, in the transaction that completes or deletes the previous instance. */
  void scheduleNext(Tx tx, UUID templateId);
}
