package app.perpetua.flow.architecture.broken.http;

import app.perpetua.flow.architecture.broken.notes.Notes;
import org.jspecify.annotations.Nullable;

/** Imports a feature. */
public class Toolkit {
  @Nullable Notes notes;
}
