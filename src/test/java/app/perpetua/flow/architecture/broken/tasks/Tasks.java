package app.perpetua.flow.architecture.broken.tasks;

import app.perpetua.flow.architecture.broken.notes.Notes;

/** One half of a cycle. */
public class Tasks {
  Notes notes = new Notes();
}
