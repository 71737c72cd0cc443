package app.perpetua.flow.architecture.broken.http.connection;

import app.perpetua.flow.architecture.broken.http.Pipeline;
import org.jspecify.annotations.Nullable;

/** Imports the request pipeline. */
public class Body {
  @Nullable Pipeline pipeline;
}
