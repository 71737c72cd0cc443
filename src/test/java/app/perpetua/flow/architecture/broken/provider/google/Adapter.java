package app.perpetua.flow.architecture.broken.provider.google;

import app.perpetua.flow.architecture.broken.sql.Statements;

/** Another company's adapter that writes to the database. */
class Adapter {
  Statements statements = new Statements();
}
