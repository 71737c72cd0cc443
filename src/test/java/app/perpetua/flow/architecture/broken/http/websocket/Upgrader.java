package app.perpetua.flow.architecture.broken.http.websocket;

import app.perpetua.flow.architecture.broken.http.server.Listener;
import org.jspecify.annotations.Nullable;

/** Imports the listener. */
public class Upgrader {
  @Nullable Listener listener;
}
