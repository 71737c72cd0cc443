package app.perpetua.flow.sync;

import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.http.Batch;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Endpoints of synchronization. */
final class SyncRoutes {
  private static final int DEFAULT_LIMIT = 100;

  /** More than of other lists, because a snapshot contains everything. */
  private static final int MAX_LIMIT = 1_000;

  private record Answer(
      List<Sync.Change> changes,
      List<UUID> unmatched,
      String token,
      boolean hasMore,
      boolean full) {}

  private static final String INVALID_TOKEN =
      "must be the token of an answer to this user, with the same types and filter";

  /** More than any token has. */
  private static final int MAX_TOKEN = 200;

  private record BatchAnswer(
      Map<String, ObjectNode> results, Map<String, String> tempIds, String token) {}

  private final Sync sync;
  private final BatchForm form;
  private final MeterRegistry metrics;

  SyncRoutes(Sync sync, BatchForm form, MeterRegistry metrics) {
    this.sync = sync;
    this.form = form;
    this.metrics = metrics;
  }

  /** GET /sync. */
  Function<Tx, Reply> read(Request request) {
    QueryParameters query = request.query();
    Set<String> types = query.anyOf("types", sync.typeNames());
    String text = filter(query);
    PageRequest.Position signed = query.signed("token", INVALID_TOKEN);
    int limit = query.integer("limit", DEFAULT_LIMIT, 1, MAX_LIMIT);
    Function<PageRequest.Position, String> signer = query.signer();
    query.validate();
    SyncToken token = signed == null ? null : SyncToken.of(signed);
    Sync.Wanted wanted =
        new Sync.Wanted(types, text == null ? null : Filter.of(text, "filter"), limit);
    return tx -> {
      Sync.Part part = sync.read(tx, token, wanted);
      return Reply.ok(
          new Answer(
              part.changes(),
              part.unmatched(),
              signer.apply(part.next().position()),
              part.hasMore(),
              part.full()));
    };
  }

  /** POST /sync. */
  Batch commands(Request request) {
    QueryParameters query = request.query();
    query.anyOf("types", sync.typeNames());
    String filter = filter(query);
    Function<PageRequest.Position, String> signer = query.signer();
    query.validate();
    if (filter != null) {
      Filter.of(filter, "filter");
    }
    JsonReader body = request.body().notNull("atomic");
    List<Batch.Command> commands = form.read(body);
    boolean atomic = Boolean.TRUE.equals(body.bool("atomic"));
    String text = body.untrimmedText("token", 1, MAX_TOKEN);
    PageRequest.Position signed = text == null ? null : query.verified(text);
    if (text != null && signed == null) {
      body.addError("token", INVALID_TOKEN);
    }
    body.validate();
    SyncToken token = signed == null ? null : SyncToken.of(signed);
    return new Batch(
        commands,
        atomic,
        tx -> {
          if (token != null) {
            sync.check(tx, token);
          }
          String next = text == null ? signer.apply(sync.position(tx).position()) : text;
          return results -> answer(results, next);
        });
  }

  /** Null without the parameter; the empty text is no filter. */
  private static @Nullable String filter(QueryParameters query) {
    String text = query.text("filter", Filter.MAX_LENGTH);
    return query.has("filter") ? Objects.requireNonNullElse(text, "") : null;
  }

  private Reply answer(Batch.Results results, String token) {
    Map<String, ObjectNode> byUuid = new LinkedHashMap<>();
    for (Batch.Result result : results.results()) {
      ObjectNode members = JsonNodeFactory.instance.objectNode().put("status", result.status());
      members.setAll(result.members());
      byUuid.put(result.command().uuid(), members);
      count(result);
    }
    return Reply.ok(new BatchAnswer(byUuid, results.tempIds(), token));
  }

  private void count(Batch.Result result) {
    String outcome = result.status() < 400 ? "ok" : result.status() < 500 ? "refused" : "failed";
    metrics
        .counter("batch.commands", "type", result.command().type(), "outcome", outcome)
        .increment();
  }
}
