package app.perpetua.flow.architecture.broken.http.limits;

import app.perpetua.flow.architecture.broken.http.Pipeline;
import org.jspecify.annotations.Nullable;

/** Imports the request pipeline. */
public class Limit {
  @Nullable Pipeline pipeline;
}
