package app.perpetua.flow.architecture.broken.notes;

/** Has a name that says nothing. */
class NoteUtil {}
