package app.perpetua.flow.architecture.broken.tasks;

import app.perpetua.flow.architecture.broken.notes.NoteRoutes;

/** Uses the routes of another feature. */
class TaskRoutes {
  NoteRoutes others = new NoteRoutes();
}
