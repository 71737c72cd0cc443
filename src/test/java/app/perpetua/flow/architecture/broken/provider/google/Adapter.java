package app.perpetua.flow.architecture.broken.provider.google;

import app.perpetua.flow.architecture.broken.sql.Statements;

/** A provider that uses the database. */
public class Adapter {
  Statements statements = new Statements();
}
