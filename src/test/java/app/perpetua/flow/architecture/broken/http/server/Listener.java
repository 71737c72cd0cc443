package app.perpetua.flow.architecture.broken.http.server;

import app.perpetua.flow.architecture.broken.observability.Counters;
import org.jspecify.annotations.Nullable;

/** Imports metrics. */
public class Listener {
  @Nullable Counters counters;
}
