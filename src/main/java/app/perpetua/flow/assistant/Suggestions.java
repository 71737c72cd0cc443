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

/**
 * What the assistant has proposed, until the user confirms it or a day has passed (FR-034).
 * Thread-safe.
 */
public final class Suggestions {
  private static final Duration LIFE = Duration.ofHours(24);

  /** How long an expired one can still be told from one that never was. */
  private static final Duration KEPT = Duration.ofDays(7);

  /**
   * A stored proposal as the contract shows it.
   *
   * @param type the action's
   * @param taskId the task it changes; null if it makes one
   * @param description what it would do, in a line
   * @param data everything about it
   */
  public record Suggestion(
      UUID id, String type, @Nullable UUID taskId, String description, Map<String, Object> data) {}

  /**
   * What was confirmed, as it is stored.
   *
   * @param data JSON
   */
  public record Confirmed(UUID id, String type, String data) {}

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

  public Suggestions(Ids ids, Json json) {
    this.ids = ids;
    this.json = json;
  }

  /** Leaves the proposals for the commit. */
  public List<Suggestion> propose(Tx tx, List<Proposal> proposals) {
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
          .bind("expires_at", tx.now().plus(LIFE))
          .atCommit();
    }
    return suggestions;
  }

  /**
   * Confirms a suggestion, once.
   *
   * @throws Refusal {@code FORBIDDEN}, {@code NOT_FOUND}, {@code CONFLICT} if it was confirmed
   *     before or has expired
   */
  public Confirmed confirm(Tx tx, UUID id) {
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
      throw Refusal.of(ErrorCode.CONFLICT, "this suggestion has been confirmed already");
    }
    if (!found.expiresAt().isAfter(tx.now())) {
      throw Refusal.of(ErrorCode.CONFLICT, "this suggestion has expired");
    }
    tx.sql("assistant.confirm_suggestion").bind("id", id).atCommit();
    return found.suggestion();
  }

  /**
   * Marks those whose time is up, of all users.
   *
   * @param tx the system's
   * @return how many, at most {@code batch}
   */
  public int expire(Tx tx, int batch) {
    return tx.sql("assistant.expire_suggestions").bind("count", batch).run();
  }

  /**
   * Deletes those that expired long ago, of all users, and counters of sessions that are over.
   *
   * @param tx the system's
   * @return how many, at most {@code batch} of each
   */
  public int deleteOld(Tx tx, int batch) {
    int counters = tx.sql("assistant.delete_counters").bind("count", batch).run();
    int suggestions =
        tx.sql("assistant.delete_suggestions")
            .bind("horizon", tx.now().minus(KEPT))
            .bind("count", batch)
            .run();
    return Math.max(counters, suggestions);
  }
}
