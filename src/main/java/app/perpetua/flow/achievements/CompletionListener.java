package app.perpetua.flow.achievements;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.sql.Tx;

/**
 * Counts completed tasks and converted notes. A retry counts a completion for the day on which the
 * task was completed. Thread-safe.
 */
final class CompletionListener implements EventListener {
  private final Achievements achievements;

  CompletionListener(Achievements achievements) {
    this.achievements = achievements;
  }

  @Override
  public String name() {
    return "achievements_count_completion";
  }

  @Override
  public boolean handles(Event event) {
    return (event instanceof Event.TaskCompleted completion && completion.counts())
        || (event instanceof Event.NoteConverted conversion && conversion.first());
  }

  @Override
  public void handle(Tx tx, Event event) {
    if (event instanceof Event.TaskCompleted completion) {
      achievements.completed(tx, completion);
    } else if (event instanceof Event.NoteConverted) {
      achievements.noteConverted(tx);
    }
  }
}
