package app.perpetua.flow.search;

import app.perpetua.flow.notes.Note;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds tasks, subtasks and notes by words, the best matches first (docs/decisions/searches.md).
 * Thread-safe.
 */
final class Searches {
  /** Rows of a type by which a search estimates how frequent its matches are. */
  private static final int PROBED = 1_000;

  /**
   * Matches among them from which on it is cheaper to read the newest rows until a group is full
   * than to look up all matches.
   */
  private static final int FREQUENT = 30;

  /** Matches of a type that are ranked together if there are many. */
  private static final int GROUP = 1_000;

  /**
   * Rows of a type that a request reads for a group; how many those have that follow is unknown.
   */
  private static final int HORIZON = 10_000;

  /**
   * A search.
   *
   * @param words one or more
   * @param types wire names
   * @param after the last result of the page before
   */
  record Search(List<String> words, Set<String> types, SearchPosition after, int limit) {}

  /**
   * How to find the matches of a type.
   *
   * @param walked by reading the newest rows, not by the index of words
   * @param last the id of the last row that may be read; null if all may
   */
  private record Way(
      ResultType type, boolean walked, String patterns, String starts, @Nullable UUID last) {
    static Way of(Row row) {
      return new Way(
          row.wireName("type", ResultType.class),
          row.bool("walked"),
          row.text("patterns"),
          row.text("starts"),
          row.uuidOrNull("last"));
    }
  }

  private record Match(UUID id, int rank) {
    static final Comparator<Match> BEST_FIRST =
        Comparator.comparingInt(Match::rank)
            .thenComparing(Match::id, SearchPosition.IDS.reversed());

    static Match of(Row row) {
      return new Match(row.uuid("id"), row.integer("rank"));
    }
  }

  /**
   * A part of the matches of a group.
   *
   * @param upper of the ids, excluded
   * @param lower of the ids, included
   */
  private record Group(UUID upper, UUID lower, List<Match> matches) {
    SearchPosition position(Match match) {
      return new SearchPosition(upper, lower, match.rank(), match.id());
    }
  }

  /**
   * Returns a page of results. It may have fewer than asked for, or none, although others follow:
   * at most one group is begun, which reads a bounded number of rows.
   *
   * @param cursors renders the cursor of a position
   */
  Page<Result> search(Tx tx, Search search, Function<SearchPosition, String> cursors) {
    List<SearchPosition> found = new ArrayList<>();
    SearchPosition after = search.after();
    boolean begun = false;
    // One more than the page shows whether results follow.
    while (after != null && !begun && found.size() <= search.limit()) {
      begun = after.lower() == null;
      Group group = group(tx, search, after, search.limit() + 1 - found.size());
      group.matches().forEach(match -> found.add(group.position(match)));
      after =
          group.lower().equals(SearchPosition.LOWEST) ? null : SearchPosition.before(group.lower());
    }
    List<SearchPosition> page = found.subList(0, Math.min(search.limit(), found.size()));
    SearchPosition next = page.size() < found.size() ? page.getLast() : after;
    return new Page.ByCursor<>(
        search.limit(),
        results(tx, search.words(), page.stream().map(SearchPosition::id).toList()),
        next == null ? null : cursors.apply(next));
  }

  /** The best matches of a group after a position, which determines the group if none has yet. */
  private static Group group(Tx tx, Search search, SearchPosition after, int limit) {
    List<Way> ways =
        tx
            .sql("search.probe")
            .bind("words", search.words().toArray(String[]::new))
            .bind("types", search.types().toArray(String[]::new))
            .bind("upper", after.upper().toString())
            .bind("rows", PROBED)
            .bind("dense", FREQUENT)
            .bind("horizon", HORIZON)
            .list(Way::of)
            .stream()
            // What is read limits the group, so that fewer matches are looked up.
            .sorted(Comparator.comparing(way -> !way.walked()))
            .toList();
    List<Match> matches = new ArrayList<>();
    boolean begun = after.lower() == null;
    UUID lower = Objects.requireNonNullElse(after.lower(), SearchPosition.LOWEST);
    for (Way way : ways) {
      if (begun && way.last() != null) {
        lower = later(lower, way.last());
      }
      List<Match> found =
          tx.sql(way.walked() ? way.type().walk() : way.type().lookUp())
              .bind("patterns", way.patterns())
              .bind("starts", way.starts())
              .bind("upper", after.upper().toString())
              .bind("lower", lower.toString())
              .bind("limit", begun ? GROUP : null)
              .list(Match::of);
      if (begun && found.size() == GROUP) {
        lower = later(lower, found.stream().map(Match::id).min(SearchPosition.IDS).orElseThrow());
      }
      matches.addAll(found);
    }
    UUID first = lower;
    Match previous = new Match(after.id(), after.rank());
    return new Group(
        after.upper(),
        lower,
        matches.stream()
            .filter(match -> SearchPosition.IDS.compare(match.id(), first) >= 0)
            .filter(match -> Match.BEST_FIRST.compare(match, previous) > 0)
            .sorted(Match.BEST_FIRST)
            .limit(limit)
            .toList());
  }

  private static UUID later(UUID a, UUID b) {
    return SearchPosition.IDS.compare(a, b) >= 0 ? a : b;
  }

  private static List<Result> results(Tx tx, List<String> words, List<UUID> ids) {
    if (ids.isEmpty()) {
      return List.of();
    }
    Highlights highlights = new Highlights(words);
    Map<UUID, Result> byId =
        tx.sql("search.find_results").bind("ids", ids).list(row -> result(row, highlights)).stream()
            .collect(Collectors.toMap(Result::id, Function.identity()));
    // One that was deleted after it was found is left out.
    return ids.stream().flatMap(id -> Stream.ofNullable(byId.get(id))).toList();
  }

  private static Result result(Row row, Highlights highlights) {
    ResultType type = row.wireName("type", ResultType.class);
    String body = row.text("body");
    String title = type == ResultType.NOTE ? Note.title(body) : row.text("title");
    return new Result(
        type,
        row.uuid("id"),
        row.uuidOrNull("task_id"),
        title,
        highlights.in(title),
        highlights.snippets(title, body),
        row.bool("completed"),
        row.bool("hidden"),
        row.bool("archived"),
        row.instant("updated_at"));
  }
}
