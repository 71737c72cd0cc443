package app.perpetua.flow.architecture.broken.base;

import app.perpetua.flow.architecture.broken.tasks.Tasks;

/** Imports a feature from the lowest layer. */
class UpwardImport {
  Tasks tasks = new Tasks();
}
