package app.perpetua.flow.notes;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.SearchWork;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.parsing.UnicodeText;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of notes. */
final class NoteRoutes {
  private static final int MAX_SEARCH = 200;

  private final Notes notes;
  private final AddressGuard guard;
  private final int maxVoiceSeconds;

  /**
   * @param guard decides which URLs of recordings are permitted
   */
  NoteRoutes(Notes notes, AddressGuard guard, NoteConfig config) {
    this.notes = notes;
    this.guard = guard;
    this.maxVoiceSeconds = config.maxVoiceSeconds();
  }

  /** GET /notes. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    NoteFilter filter =
        new NoteFilter(
            Boolean.TRUE.equals(query.bool("archived")),
            query.words("q", MAX_SEARCH),
            query.pageOrCursor());
    query.validate();
    Function<Tx, Reply> list = tx -> Reply.page(notes.list(tx, filter));
    return filter.words().isEmpty() ? list : new SearchWork(list);
  }

  /** GET /notes/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(notes.get(tx, id));
  }

  /** POST /notes. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body();
    String content = body.untrimmedText("content", 0, Notes.MAX_CONTENT);
    String voiceUrl = body.text("voice_url", 1, AddressGuard.MAX_LENGTH);
    Integer seconds = body.integer("voice_duration_seconds", 0, maxVoiceSeconds);
    if (voiceUrl != null) {
      checkRecording(body, voiceUrl);
    }
    String text = content == null || UnicodeText.isBlank(content) ? "" : content;
    if (voiceUrl == null) {
      body.required("content");
      if (content != null && text.isEmpty()) {
        body.addError("content", "must not be blank");
      }
      if (seconds != null) {
        body.addError("voice_duration_seconds", "requires a voice_url");
      }
    }
    body.validate();
    NoteDraft draft = new NoteDraft(text, voiceUrl, seconds);
    return tx -> Reply.created(notes.create(tx, draft));
  }

  /** PATCH /notes/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "content", "archived");
    NotePatch patch =
        new NotePatch(
            body.version(),
            body.untrimmedText("content", 1, Notes.MAX_CONTENT),
            body.bool("archived"));
    body.validate();
    return tx -> Reply.ok(notes.patch(tx, id, patch));
  }

  /** DELETE /notes/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(notes.delete(tx, id));
  }

  /** The service never calls the URL, so the addresses of its host do not matter. */
  private void checkRecording(JsonReader body, String url) {
    switch (guard.checkWithoutLookup(url)) {
      case Verdict.Allowed _ -> {}
      case Verdict.Malformed(String reason) -> body.addError("voice_url", reason);
      case Verdict.Denied _, Verdict.Unknown _ ->
          body.addError("voice_url", AddressGuard.HOST_RULE);
    }
  }
}
