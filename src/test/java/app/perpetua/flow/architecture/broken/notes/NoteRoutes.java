package app.perpetua.flow.architecture.broken.notes;

import app.perpetua.flow.architecture.broken.http.Toolkit;

/** Keeps every rule. */
public class NoteRoutes {
  Toolkit toolkit = new Toolkit();
}
