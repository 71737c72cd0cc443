package app.perpetua.flow.voice;

import static app.perpetua.flow.http.Route.Bucket.AI;
import static app.perpetua.flow.http.Route.Streams.NEVER;
import static app.perpetua.flow.http.Route.providerCall;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.secret;
import static app.perpetua.flow.http.auth.Scope.AI_USE;
import static app.perpetua.flow.http.auth.Scope.NOTES_READ;
import static app.perpetua.flow.http.auth.Scope.NOTES_WRITE;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.http.websocket.WebSocketRoute;
import app.perpetua.flow.http.websocket.WebSocketRoute.TicketHolder;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import java.net.InetAddress;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** Speech to text: live over a WebSocket, and of recordings. */
public final class VoiceModule implements FeatureModule {
  /** A token in a URL ends up in logs of proxies; tickets replace it. */
  private static final Route.Sunset TOKEN_PARAMETER_END =
      new Route.Sunset(
          Instant.parse("2026-11-28T00:00:00Z"),
          Instant.parse("2027-06-01T00:00:00Z"),
          URI.create("/api/v1/docs"));

  private final ModuleContext context;
  private final VoiceConfig config;
  private final VoiceTiming timing;
  private final Optional<Transcriber> transcriber;
  private final VoiceSessionStore sessions;
  private final VoiceTickets tickets = new VoiceTickets(new SecureRandom());
  private final VoiceRoutes voice;

  /**
   * @param transcriber empty if speech to text is disabled
   */
  public VoiceModule(
      ModuleContext context,
      VoiceConfig config,
      VoiceTiming timing,
      Optional<Transcriber> transcriber,
      Credits credits,
      Reservations reservations,
      Notes notes) {
    this.context = context;
    this.config = config;
    this.timing = timing;
    this.transcriber = transcriber;
    sessions =
        new VoiceSessionStore(
            config, timing.lease(), credits, context.jobs(), context.ids(), context.events());
    voice =
        new VoiceRoutes(
            sessions,
            new Transcriptions(
                config,
                transcriber,
                new AddressGuard(config.audioHosts(), InetAddress::getAllByName),
                reservations,
                notes,
                context.ids(),
                context.events()),
            tickets);
  }

  /** Starts to monitor the live sessions of this process; the caller closes the registry. */
  public LiveSessionRegistry startLiveSessions(Db db) {
    LiveSessionRegistry live =
        new LiveSessionRegistry(config, timing, db, sessions, transcriber, context.ids());
    context.metrics().gauge("voice.sessions.live", live, LiveSessionRegistry::count);
    return live;
  }

  /**
   * The WebSocket of live sessions.
   *
   * @param db for tickets
   */
  public List<WebSocketRoute> sockets(
      LiveSessionRegistry live, Authenticator authenticator, SessionCheck sessions, Db db) {
    Function<String, UUID> tokens =
        token -> {
          Principal principal = authenticator.verify(token);
          principal.requireScopes(null);
          sessions.requireActive(principal.userId(), principal.sessionId());
          return principal.userId();
        };
    return List.of(
        new WebSocketRoute(
            "/api/v1/ws/voice/transcribe",
            ticket ->
                db.write(Actor.system(null), tx -> tickets.redeem(tx, ticket))
                    .map(holder -> new TicketHolder(holder.userId(), holder.sessionId()))
                    .orElseThrow(
                        () ->
                            Refusal.of(
                                ErrorCode.UNAUTHORIZED, "the ticket is unknown, used or expired")),
            TOKEN_PARAMETER_END,
            handshake -> VoiceSocket.open(live, tokens, context.json(), handshake)));
  }

  @Override
  public List<Route> routes() {
    return List.of(
        providerCall("/api/v1/ai/transcribe", AI, NEVER, voice::transcribe)
            .scopes(AI_USE, NOTES_WRITE),
        secret("/api/v1/ws/voice/tickets", voice::ticket),
        read("/api/v1/ai/voice-sessions", voice::list).scopes(NOTES_READ),
        read("/api/v1/ai/voice-sessions/{id}", voice::show).scopes(NOTES_READ));
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(tickets::deleteExpired);
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(VoiceSessionStore.END, new EndVoiceSessionJob(sessions));
  }
}
