package app.perpetua.flow.architecture.broken.notes;

import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Uses JDBC in a feature. */
class DatabaseInFeature {
  @Nullable DataSource source;
}
