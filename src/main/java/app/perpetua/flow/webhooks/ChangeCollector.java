package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterException;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.sync.SyncedType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Creates the deliveries of the changes that follow an endpoint's position in the change feed, one
 * for each change that the endpoint wants (FR-167, FR-231). Thread-safe.
 */
final class ChangeCollector {
  /** Changes that are read at once; the endpoint may want none of them. */
  private static final int PAGE = 200;

  private record Change(
      WebhookEvent event,
      long seq,
      String type,
      UUID id,
      @Nullable Integer version,
      boolean deleted,
      Instant at) {
    static Change of(Row row) {
      boolean deleted = row.bool("deleted");
      return new Change(
          WebhookEvent.of(
              row.text("entity_type"),
              deleted,
              row.bool("inserted"),
              row.textOrNull("former_completed"),
              row.textOrNull("former_fired")),
          row.bigint("seq"),
          row.text("entity_type"),
          row.uuid("id"),
          row.integerOrNull("version"),
          deleted,
          row.instant("created_at"));
    }

    /** Whether a filter decides about it: a deleted task cannot match. */
    boolean isFiltered() {
      return type.equals("task") && !deleted;
    }
  }

  /**
   * What was created.
   *
   * @param oldest when the first of the changes was recorded; null without deliveries
   * @param position the endpoint's new position
   */
  record Collected(List<PendingDelivery> deliveries, @Nullable Instant oldest, long position) {}

  private final Ids ids;
  private final Json json;
  private final FilteredTasks filtered;
  private final Map<String, SyncedType> types;

  /**
   * @param types of all features
   */
  ChangeCollector(Ids ids, Json json, FilteredTasks filtered, List<SyncedType> types) {
    this.ids = ids;
    this.json = json;
    this.filtered = filtered;
    this.types =
        types.stream().collect(Collectors.toUnmodifiableMap(SyncedType::name, Function.identity()));
  }

  /**
   * Creates deliveries and moves the position. Creates none while too many are pending.
   *
   * @param tx acts for the endpoint's user, whose row is locked, so that no change with a lower
   *     number commits later
   * @param max number of deliveries, at least 1
   * @param dueAt when they are due
   */
  Collected collect(Tx tx, Target target, int max, Instant dueAt) {
    if (target.full()) {
      return new Collected(List.of(), null, target.position());
    }
    OneToMany<Long, Change> found =
        tx.sql("webhooks.find_changes")
            .bind("after", target.position())
            .bind("limit", PAGE)
            .oneToMany(row -> row.bigint("newest"), Change::of);
    Predicate<Change> selected = selected(tx, target.messages(), found.many());
    List<Change> wanted = new ArrayList<>();
    long position = target.position();
    boolean complete = found.many().size() < PAGE;
    for (Change change : found.many()) {
      if (wanted.size() == max) {
        complete = false;
        break;
      }
      position = change.seq;
      if (selected.test(change)) {
        wanted.add(change);
      }
    }
    if (complete) {
      position = Math.max(position, found.one());
    }
    if (position > target.position()) {
      tx.sql("webhooks.move_position")
          .bind("id", target.id())
          .bind("position", position)
          .atCommit();
    }
    return new Collected(
        insert(tx, target, wanted, dueAt),
        wanted.isEmpty() ? null : wanted.getFirst().at(),
        position);
  }

  /** Tasks are matched in their present state, and at the transaction's time. */
  private Predicate<Change> selected(
      Tx tx, WebhookEndpoint.Messages messages, List<Change> changes) {
    Predicate<Change> byEvent = change -> messages.have(change.event);
    Set<UUID> tasks =
        changes.stream()
            .filter(byEvent)
            .filter(Change::isFiltered)
            .map(Change::id)
            .collect(Collectors.toSet());
    if (messages.filter() == null || tasks.isEmpty()) {
      return byEvent;
    }
    Set<UUID> matching = matching(tx, messages.filter(), tasks);
    return byEvent.and(change -> !change.isFiltered() || matching.contains(change.id));
  }

  private Set<UUID> matching(Tx tx, String filter, Set<UUID> tasks) {
    try {
      return filtered.matching(tx, filtered.select(tx, Filter.parse(filter), false), tasks);
    } catch (FilterException e) {
      // Is of another release, or names mean more than when it was checked.
      return Set.of();
    }
  }

  private List<PendingDelivery> insert(Tx tx, Target target, List<Change> changes, Instant dueAt) {
    boolean full = target.messages().payload() == WebhookEndpoint.Payload.FULL;
    Map<UUID, Object> entities = full ? entities(tx, changes) : Map.of();
    return changes.stream()
        .map(
            change -> {
              Map<String, @Nullable Object> data = new LinkedHashMap<>();
              data.put("entity_type", change.type);
              data.put("id", change.id);
              data.put("version", change.version);
              data.put("seq", change.seq);
              if (full) {
                data.put("entity", change.deleted ? null : entities.get(change.id));
              }
              return insert(
                  tx, target.id(), change.event.wireName(), change.seq, change.at, data, dueAt);
            })
        .toList();
  }

  private Map<UUID, Object> entities(Tx tx, List<Change> changes) {
    Map<UUID, Object> entities = new HashMap<>();
    changes.stream()
        .filter(change -> !change.deleted)
        .collect(
            Collectors.groupingBy(
                Change::type, Collectors.mapping(Change::id, Collectors.toUnmodifiableSet())))
        .forEach(
            (type, changed) ->
                Objects.requireNonNull(types.get(type))
                    .byIds()
                    .read(tx, changed)
                    .forEach(entity -> entities.put(entity.id(), entity.data())));
    return entities;
  }

  /** Creates the delivery of a test; returns its id. */
  UUID insertTest(Tx tx, UUID endpoint) {
    return insert(tx, endpoint, WebhookEvent.TEST, null, tx.now(), Map.of("id", endpoint), tx.now())
        .id();
  }

  private PendingDelivery insert(
      Tx tx,
      UUID endpoint,
      String event,
      @Nullable Long seq,
      Instant at,
      Map<String, ?> data,
      Instant dueAt) {
    UUID id = ids.next();
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("type", event);
    message.put("timestamp", at);
    message.put("data", data);
    String body = json.text(message);
    tx.sql("webhooks.insert_delivery")
        .bind("id", id)
        .bind("endpoint_id", endpoint)
        .bind("event", event)
        .bind("seq", seq)
        .bind("body", body)
        .bind("remaining", RetrySchedule.ATTEMPTS)
        .bind("next_at", dueAt)
        .atCommit();
    return new PendingDelivery(id, body, RetrySchedule.ATTEMPTS);
  }
}
