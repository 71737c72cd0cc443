package app.perpetua.flow.architecture.broken.notes;

import app.perpetua.flow.architecture.broken.http.Toolkit;

/** As it should be. */
public class NoteRoutes {
  Toolkit toolkit = new Toolkit();
}
