package app.perpetua.flow.architecture.broken.notes;

import app.perpetua.flow.architecture.broken.tasks.Tasks;
import org.jspecify.annotations.Nullable;

/** The other half of a cycle. */
public class Notes {
  @Nullable Tasks tasks;
}
