package app.perpetua.flow.architecture.broken.parsing;

import app.perpetua.flow.architecture.broken.http.connection.Body;
import org.jspecify.annotations.Nullable;

/** Imports a package that reads requests. */
class Parser {
  @Nullable Body body;
}
