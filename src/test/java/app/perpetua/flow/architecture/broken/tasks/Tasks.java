package app.perpetua.flow.architecture.broken.tasks;

import app.perpetua.flow.architecture.broken.notes.Notes;
import org.jspecify.annotations.Nullable;

/** One half of a cycle. */
public class Tasks {
  @Nullable Notes notes;
}
