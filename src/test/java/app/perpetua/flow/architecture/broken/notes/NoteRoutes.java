package app.perpetua.flow.architecture.broken.notes;

/** Keeps every rule. */
public class NoteRoutes {}
