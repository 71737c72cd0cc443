package app.perpetua.flow.focus;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Reaction;
import app.perpetua.flow.sql.Tx;
import org.jspecify.annotations.Nullable;

/**
 * Ends the focus on a task that is completed, deleted or archived (settled, 35). What it counts is
 * part of that change and stands in the event, so that nothing is asked where nobody focused, and a
 * repetition counts no more than the change did. Thread-safe.
 */
public final class FocusFollower implements Reaction {
  private final FocusSessions sessions;

  /** Reacts by these rules. */
  public FocusFollower(FocusSessions sessions) {
    this.sessions = sessions;
  }

  @Override
  public String name() {
    return "focus_follows_task";
  }

  @Override
  public boolean concerns(Event event) {
    return seconds(event) != null;
  }

  @Override
  public void on(Tx tx, Event event) {
    Integer seconds = seconds(event);
    if (seconds != null && event instanceof Event.OfTask ofTask) {
      sessions.follow(tx, ofTask.taskId(), seconds);
    }
  }

  private static @Nullable Integer seconds(Event event) {
    return switch (event) {
      case Event.TaskCompleted completed -> completed.focusSeconds();
      case Event.TaskDeleted deleted -> deleted.focusSeconds();
      case Event.TaskUpdated updated -> updated.focusSeconds();
      default -> null;
    };
  }
}
