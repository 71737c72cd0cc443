package app.perpetua.flow.undo;

import app.perpetua.flow.sql.Actor;
import java.util.Set;

/** Which entries of the activity log name a change that can be undone. */
public final class UndoableEntries {
  private static final Set<String> ENTITY_TYPES =
      Set.of("task", "subtask", "template", "note", "reminder", "focus", "list", "label", "filter");

  private static final Set<String> OTHER_ACTIONS =
      Set.of(
          "ai_suggestion_confirmed",
          "ai_undone",
          "user_streak_updated",
          "user_updated",
          "user_undone");

  private UndoableEntries() {}

  /** Whether an entry is of a kind that can be undone: by the user, of what the user entered. */
  public static boolean contains(String entityType, String action, Actor.Source source) {
    return source != Actor.Source.SYSTEM
        && (ENTITY_TYPES.contains(entityType) || OTHER_ACTIONS.contains(action));
  }
}
