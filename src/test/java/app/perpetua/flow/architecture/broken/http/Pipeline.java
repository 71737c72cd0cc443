package app.perpetua.flow.architecture.broken.http;

import app.perpetua.flow.architecture.broken.http.websocket.Upgrader;
import app.perpetua.flow.architecture.broken.notes.Notes;
import org.jspecify.annotations.Nullable;

/** Imports a feature and WebSockets. */
public class Pipeline {
  @Nullable Notes notes;
  @Nullable Upgrader upgrader;
}
