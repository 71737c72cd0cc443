package app.perpetua.flow.architecture.broken.notes;

import app.perpetua.flow.architecture.broken.http.Toolkit;
import app.perpetua.flow.architecture.broken.tasks.Tasks;
import io.helidon.webserver.WebServer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** The other half of a cycle; a service that uses HTTP and bypasses the SQL catalog. */
public class Notes {
  @Nullable Tasks tasks;
  @Nullable Toolkit toolkit;
  @Nullable WebServer server;
  @Nullable DataSource source;
}
