package app.perpetua.flow.architecture.broken.tasks;

import app.perpetua.flow.architecture.broken.notes.NoteModule;
import org.jspecify.annotations.Nullable;

/** Depends on the module of another feature instead of its service. */
class TaskModule {
  @Nullable NoteModule other;
}
