package app.perpetua.flow.focus;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.sql.Tx;

/**
 * Ends the focus on a task that is completed, deleted or archived. What it counts is part of that
 * change and stands in the event, so that nothing is asked where nobody focused, and a repetition
 * counts no more than the change did. Thread-safe.
 */
public final class FocusListener implements EventListener {
  private final FocusSessions sessions;

  public FocusListener(FocusSessions sessions) {
    this.sessions = sessions;
  }

  @Override
  public String name() {
    return "focus_follows_task";
  }

  @Override
  public boolean handles(Event event) {
    return event instanceof Event.EndsFocus change && change.focusSeconds() != null;
  }

  @Override
  public void handle(Tx tx, Event event) {
    if (event instanceof Event.EndsFocus change && change.focusSeconds() != null) {
      sessions.follow(tx, change.taskId(), change.focusSeconds());
    }
  }
}
