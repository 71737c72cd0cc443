package app.perpetua.flow.architecture.broken.notes;

import io.helidon.webserver.WebServer;
import org.jspecify.annotations.Nullable;

/** Uses Helidon in a feature. */
class HelidonInFeature {
  @Nullable WebServer server;
}
