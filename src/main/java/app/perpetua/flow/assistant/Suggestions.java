package app.perpetua.flow.assistant;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Stored proposals, which the user may confirm once within a day (FR-034). Thread-safe. */
final class Suggestions {
  private static final Duration TIME_TO_LIVE = Duration.ofHours(24);

  /** Until then, confirming an expired suggestion is a conflict; afterwards it is not found. */
  private static final Duration RETENTION = Duration.ofDays(7);

  /** A stored proposal, as the API returns it. */
  record Suggestion(
      UUID id, String type, @Nullable UUID taskId, String description, Map<String, Object> data) {}

  /**
   * @param data {@link Action#data} as JSON
   */
  record Confirmed(UUID id, String type, String data) {}

  private record Row(
      UUID id,
      String actionType,
      @Nullable UUID taskId,
      @Nullable UUID noteId,
      @Nullable Integer taskVersion,
      String description,
      Map<String, Object> data) {}

  private final Ids ids;
  private final Json json;

  Suggestions(Ids ids, Json json) {
    this.ids = ids;
    this.json = json;
  }

  /** Stores proposals when the transaction commits. */
  List<Suggestion> store(Tx tx, List<Proposal> proposals) {
    List<Suggestion> suggestions = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    for (Proposal proposal : proposals) {
      Action action = proposal.action();
      UUID id = ids.next();
      suggestions.add(
          new Suggestion(
              id, action.type(), action.taskId(), proposal.description(), action.data()));
      rows.add(
          new Row(
              id,
              action.type(),
              action.taskId(),
              action instanceof Action.ConvertNote convert ? convert.noteId() : null,
              action instanceof Action.UpdateTask update ? update.patch().version() : null,
              proposal.description(),
              action.data()));
    }
    if (!rows.isEmpty()) {
      tx.sql("assistant.insert_suggestions")
          .bind("suggestions", json.text(rows))
          .bind("expires_at", tx.now().plus(TIME_TO_LIVE))
          .atCommit();
    }
    return suggestions;
  }

  /**
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code CONFLICT} if it was confirmed
   *     before or has expired
   */
  Confirmed confirm(Tx tx, UUID id) {
    record Found(Confirmed suggestion, String status, Instant expiresAt) {}
    Found found =
        tx.sql("assistant.find_suggestion")
            .bind("id", id)
            .one(
                row ->
                    new Found(
                        new Confirmed(id, row.text("action_type"), row.text("data")),
                        row.text("status"),
                        row.instant("expires_at")))
            .orElseThrow(() -> tx.missing("assistant.find_suggestion_owner", "suggestion", id));
    if (found.status().equals("confirmed")) {
      throw Refusal.of(ErrorCode.CONFLICT, "this suggestion was confirmed already");
    }
    if (!found.expiresAt().isAfter(tx.now())) {
      throw Refusal.of(ErrorCode.CONFLICT, "this suggestion has expired");
    }
    tx.sql("assistant.confirm_suggestion").bind("id", id).atCommit();
    return found.suggestion();
  }

  /** Marks up to {@code batch} expired suggestions of all users; returns their number. */
  int expire(Tx tx, int batch) {
    return tx.sql("assistant.expire_suggestions").bind("count", batch).run();
  }

  /**
   * Deletes up to {@code batch} old suggestions of all users, and as many request counters of
   * expired sessions; returns the larger number.
   */
  int deleteOld(Tx tx, int batch) {
    int counters = tx.sql("assistant.delete_counters").bind("count", batch).run();
    int suggestions =
        tx.sql("assistant.delete_suggestions")
            .bind("horizon", tx.now().minus(RETENTION))
            .bind("count", batch)
            .run();
    return Math.max(counters, suggestions);
  }
}
