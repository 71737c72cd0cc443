package app.perpetua.flow.architecture.broken.notes;

import app.perpetua.flow.architecture.broken.App;
import app.perpetua.flow.architecture.broken.provider.google.Adapter;
import org.jspecify.annotations.Nullable;

/** A module that imports the root and constructs an adapter. */
public class NoteModule {
  @Nullable App app;
  Adapter adapter = new Adapter();
}
