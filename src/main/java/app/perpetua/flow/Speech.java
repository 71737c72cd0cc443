package app.perpetua.flow;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.credits.Reservations;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.http.Authenticator;
import app.perpetua.flow.http.websocket.WebSocketGate;
import app.perpetua.flow.http.websocket.WebSocketRoute;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.notes.Notes;
import app.perpetua.flow.provider.deepgram.Deepgram;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.voice.EndVoiceSessionJob;
import app.perpetua.flow.voice.LiveSessionRegistry;
import app.perpetua.flow.voice.Transcriber;
import app.perpetua.flow.voice.TranscriptionRoutes;
import app.perpetua.flow.voice.Transcriptions;
import app.perpetua.flow.voice.VoiceConfig;
import app.perpetua.flow.voice.VoiceRoutes;
import app.perpetua.flow.voice.VoiceSessionStore;
import app.perpetua.flow.voice.VoiceSocket;
import app.perpetua.flow.voice.VoiceTiming;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.util.List;
import java.util.Optional;

/** The part of {@link Features} that turns speech into text, live and from recordings. */
final class Speech {
  private final VoiceConfig config;
  private final VoiceTiming timing;
  private final Json json;
  private final Ids ids;
  private final Authenticator authenticator;
  private final VoiceSessionStore sessions;
  private final Optional<Transcriber> transcriber;
  private final Transcriptions transcriptions;

  /** What it shares with the other features. */
  record Around(
      Json json,
      Ids ids,
      Events events,
      Jobs jobs,
      Credits credits,
      Reservations reservations,
      Notes notes,
      Authenticator authenticator) {}

  /**
   * @param timing how long live sessions wait for what
   * @param http that speech goes by
   */
  Speech(VoiceConfig config, VoiceTiming timing, HttpClient http, Around around) {
    this.config = config;
    this.timing = timing;
    this.json = around.json();
    this.ids = around.ids();
    this.authenticator = around.authenticator();
    sessions =
        new VoiceSessionStore(
            config, timing.lease(), around.credits(), around.jobs(), ids, around.events());
    transcriber =
        config
            .apiKey()
            .filter(_ -> config.enabled())
            .map(key -> new Deepgram(http, config.baseUrl(), key, json, timing.nanoTime()));
    transcriptions =
        new Transcriptions(
            config,
            transcriber,
            new AddressGuard(config.audioHosts(), InetAddress::getAllByName),
            around.reservations(),
            around.notes(),
            ids,
            around.events());
  }

  /** Begins to look after live sessions of this process; the caller closes it. */
  LiveSessionRegistry live(Db db) {
    return new LiveSessionRegistry(config, timing, db, sessions, transcriber, ids);
  }

  /** Where one can speak. */
  List<WebSocketRoute> sockets(LiveSessionRegistry live) {
    return List.of(
        new WebSocketRoute(
            Routes.VOICE_SOCKET,
            handshake -> VoiceSocket.open(live, authenticator, json, handshake)));
  }

  /** Ends the sessions of processes that died; its kind is {@link VoiceSessionStore#END}. */
  JobHandler end() {
    return new EndVoiceSessionJob(sessions);
  }

  /** What has been said, and what a socket answers to those it turns away. */
  VoiceRoutes routes(WebSocketGate sockets) {
    return new VoiceRoutes(sessions, sockets);
  }

  /** Recordings. */
  TranscriptionRoutes recordings() {
    return new TranscriptionRoutes(transcriptions);
  }
}
