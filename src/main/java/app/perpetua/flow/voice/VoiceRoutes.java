package app.perpetua.flow.voice;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.TwoPhaseRequest;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.voice.Transcriber.Recognition;
import app.perpetua.flow.voice.Transcriptions.Recording;
import app.perpetua.flow.voice.Transcriptions.ReservedRecording;
import app.perpetua.flow.voice.Transcriptions.TranscriptionResult;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of voice sessions and recordings. */
final class VoiceRoutes {
  private final VoiceSessionStore sessions;
  private final Transcriptions transcriptions;
  private final VoiceTickets tickets;

  VoiceRoutes(VoiceSessionStore sessions, Transcriptions transcriptions, VoiceTickets tickets) {
    this.sessions = sessions;
    this.transcriptions = transcriptions;
    this.tickets = tickets;
  }

  /** POST /ws/voice/tickets. */
  Function<Tx, Reply> ticket(Request request) {
    request.body().validate();
    Principal token = request.principal();
    return tx -> Reply.ok(tickets.issue(tx, token));
  }

  /** GET /ai/voice-sessions. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    PageRequest.ByOffset page = query.page();
    query.validate();
    return tx -> Reply.page(sessions.list(tx, page));
  }

  /** GET /ai/voice-sessions/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(sessions.get(tx, id));
  }

  /** POST /ai/transcribe. */
  TwoPhaseRequest<ReservedRecording, Optional<Recognition>> transcribe(Request request) {
    JsonReader body = request.body().required("audio_url", "duration_seconds");
    String url = body.text("audio_url", 1, AddressGuard.MAX_LENGTH);
    Integer seconds = body.integer("duration_seconds", 1, transcriptions.maxSeconds());
    UUID noteId = body.notNull("note_id").uuid("note_id");
    if (url != null) {
      transcriptions.malformed(url).ifPresent(reason -> body.addError("audio_url", reason));
    }
    body.validate();
    Recording recording =
        new Recording(Objects.requireNonNull(url), Objects.requireNonNull(seconds), noteId);
    return new TwoPhaseRequest<>(
        (tx, key) -> transcriptions.reserve(tx, key, recording),
        (reserved, _, cancellation) -> transcriptions.call(reserved, cancellation),
        (tx, reserved, result) ->
            switch (transcriptions.settle(tx, reserved, result)) {
              case TranscriptionResult.Success(var transcription) -> Reply.ok(transcription);
              case TranscriptionResult.Failed(var refusal) -> Reply.refused(refusal);
            });
  }
}
