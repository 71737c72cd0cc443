package app.perpetua.flow.agenda;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Tx;
import java.time.LocalDate;
import java.util.function.Function;

/** The endpoint of the agenda. */
final class AgendaRoutes {
  private final Agendas agendas;

  AgendaRoutes(Agendas agendas) {
    this.agendas = agendas;
  }

  /** GET /agenda. */
  Function<Tx, Reply> show(Request request) {
    QueryParameters query = request.query();
    LocalDate date = query.date("date", AgendaDays.LAST);
    query.validate();
    return tx -> Reply.ok(agendas.read(tx, date));
  }
}
