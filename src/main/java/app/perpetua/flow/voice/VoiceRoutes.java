package app.perpetua.flow.voice;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.websocket.WebSocketGate;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of voice sessions. */
public final class VoiceRoutes {
  private final VoiceSessionStore sessions;
  private final WebSocketGate sockets;

  public VoiceRoutes(VoiceSessionStore sessions, WebSocketGate sockets) {
    this.sessions = sessions;
    this.sockets = sockets;
  }

  /** GET /ws/voice/transcribe, if the upgrade was refused or not requested. */
  public Reply socket(Request request) {
    return sockets.answer(request);
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
