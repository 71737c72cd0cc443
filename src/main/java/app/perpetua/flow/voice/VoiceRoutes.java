package app.perpetua.flow.voice;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of voice sessions. */
public final class VoiceRoutes {
  private final VoiceSessionStore sessions;

  public VoiceRoutes(VoiceSessionStore sessions) {
    this.sessions = sessions;
  }

  /** GET /ai/voice-sessions. */
  public Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    PageRequest page = query.page();
    query.validate();
    return tx -> Reply.page(sessions.list(tx, page));
  }

  /** GET /ai/voice-sessions/{id}. */
  public Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    request.query().validate();
    return tx -> Reply.ok(sessions.get(tx, id));
  }
}
