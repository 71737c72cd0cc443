package app.perpetua.flow.architecture.broken.provider.google;

import app.perpetua.flow.architecture.broken.sql.Statements;

/** An adapter of an external service that writes to the database. */
public class Adapter {
  Statements statements = new Statements();
}
