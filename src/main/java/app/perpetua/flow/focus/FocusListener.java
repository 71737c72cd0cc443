package app.perpetua.flow.focus;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.sql.Tx;

/**
 * Ends the focus session of a task that is completed, deleted or archived. That change has counted
 * its time, and the event contains it: no query is needed if no session was running, and a retry
 * counts nothing twice. Thread-safe.
 */
final class FocusListener implements EventListener {
  private final FocusSessions sessions;

  FocusListener(FocusSessions sessions) {
    this.sessions = sessions;
  }

  @Override
  public String name() {
    return "focus_follows_task";
  }

  @Override
  public boolean handles(Event event) {
    return switch (event) {
      case Event.EndsFocus change -> change.focusSeconds() != null;
      case Event.ListDeleted deletion -> deletion.focus() != null;
      default -> false;
    };
  }

  @Override
  public void handle(Tx tx, Event event) {
    if (event instanceof Event.EndsFocus change && change.focusSeconds() != null) {
      sessions.endWithTask(tx, change.taskId(), change.focusSeconds());
    } else if (event instanceof Event.ListDeleted deletion && deletion.focus() != null) {
      sessions.endWithTask(tx, deletion.focus().taskId(), deletion.focus().seconds());
    }
  }
}
