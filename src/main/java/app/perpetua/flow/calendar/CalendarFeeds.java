package app.perpetua.flow.calendar;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.filters.FilterException;
import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.recurrence.SeriesReader;
import app.perpetua.flow.sql.Row;
import app.perpetua.flow.sql.Tx;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The calendar feeds of users (FR-180). A feed's token alone permits reading it; only the token's
 * SHA-256 is stored. Methods that write require the owner's lock. Thread-safe.
 */
final class CalendarFeeds {
  private static final int MAX = 10;
  private static final int TOKEN_BYTES = 32;

  /** 43 characters hold 32 bytes. */
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{43}");

  /** How exactly it is recorded when a feed was last read. */
  private static final Duration READ_PRECISION = Duration.ofHours(1);

  /** Raised when the same data is rendered differently than by the release before. */
  private static final int RENDERING = 1;

  /**
   * A new feed.
   *
   * @param url relative to the host of the API; contains the token, which is shown only once
   */
  record Created(@JsonUnwrapped CalendarFeed feed, String url) {}

  /**
   * A feed that is being read.
   *
   * @param zone the user's
   * @param today in that zone
   * @param shown which tasks the feed has
   * @param entityTag with quotes; another one if the user's data, the day or the rendering changed,
   *     and at each instant if the filter depends on it
   */
  record Opened(
      CalendarFeed feed,
      UUID userId,
      ZoneId zone,
      LocalDate today,
      Shown shown,
      String entityTag) {}

  /** Which tasks a feed has. */
  sealed interface Shown {
    /** Those of the feed's priority and template, and what templates will create. */
    record All() implements Shown {}

    /** Those of its tasks that match, without what templates will create. */
    record Matching(Filter filter) implements Shown {}

    /** None: the filter was deleted, or is of another release. */
    record Nothing() implements Shown {}
  }

  private final SeriesReader series;
  private final FilteredTasks filtered;
  private final Ids ids;
  private final Events events;
  private final SecureRandom random;

  CalendarFeeds(
      SeriesReader series, FilteredTasks filtered, Ids ids, Events events, SecureRandom random) {
    this.series = series;
    this.filtered = filtered;
    this.ids = ids;
    this.events = events;
    this.random = random;
  }

  /**
   * The user's feeds, newest first.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  List<CalendarFeed> list(Tx tx) {
    return tx.sql("calendar.list_feeds").oneToMany(_ -> true, CalendarFeed::of).many();
  }

  /**
   * Creates a feed.
   *
   * @throws Refusal {@code LIMIT_EXCEEDED} for an eleventh feed; {@code NOT_FOUND} or {@code
   *     FORBIDDEN} for a template or saved filter that the user does not have; {@code
   *     VALIDATION_ERROR} for a filter that cannot be used
   */
  Created create(Tx tx, CalendarFeed.Draft draft) {
    if (draft.templateId() != null) {
      series.requireTemplate(tx, draft.templateId());
    }
    checkFilter(tx, draft);
    int existing = tx.sql("calendar.count_feeds").one(row -> row.integer("feeds")).orElseThrow();
    if (existing >= MAX) {
      throw Refusal.limitExceeded("at most " + MAX + " calendar feeds may exist", MAX, existing);
    }
    byte[] secret = new byte[TOKEN_BYTES];
    random.nextBytes(secret);
    String token = Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
    CalendarFeed feed =
        new CalendarFeed(
            ids.next(),
            draft.name(),
            draft.kind(),
            draft.priority(),
            draft.templateId(),
            draft.filter() == null ? null : draft.filter().text(),
            draft.filterId(),
            null,
            tx.now());
    tx.sql("calendar.insert_feed")
        .bind("id", feed.id())
        .bind("name", feed.name())
        .bind("kind", feed.kind())
        .bind("priority", feed.priority())
        .bind("template_id", feed.templateId())
        .bind("filter", feed.filter())
        .bind("filter_id", feed.filterId())
        .bind("token_hash", Sha256.hash(token))
        .atCommit();
    events.emit(tx, new Event.UserCalendarFeedCreated(tx.userId(), feed.id()));
    return new Created(feed, "/ical/" + token + ".ics");
  }

  private void checkFilter(Tx tx, CalendarFeed.Draft draft) {
    if (draft.filter() != null) {
      filtered.requireUsable(tx, draft.filter(), "filter");
    }
    if (draft.filterId() != null) {
      filtered.requireUsable(tx, draft.filterId(), "filter_id");
    }
  }

  /**
   * Deletes a feed, whose address is unknown from then on.
   *
   * @throws Refusal {@code NOT_FOUND} or {@code FORBIDDEN} if the user does not have it
   */
  void delete(Tx tx, UUID id) {
    if (tx.sql("calendar.delete_feed").bind("id", id).run() == 0) {
      throw tx.missing("calendar.find_feed_owner", "calendar feed", id);
    }
    events.emit(tx, new Event.UserCalendarFeedDeleted(tx.userId(), id));
  }

  /**
   * Finds a feed by its token and records that it is read.
   *
   * @param tx the system's; each statement commits by itself
   * @param token as sent by the client
   */
  Optional<Opened> open(Tx tx, String token) {
    if (!TOKEN.matcher(token).matches()) {
      return Optional.empty();
    }
    Optional<Opened> found =
        tx.sql("calendar.find_by_token")
            .bind("token_hash", Sha256.hash(token))
            .one(
                row ->
                    opened(
                        CalendarFeed.of(row),
                        row.uuid("user_id"),
                        ZoneId.of(row.text("timezone")),
                        shown(row),
                        row.bigint("newest_change"),
                        tx.now()));
    found.ifPresent(opened -> recordRead(tx, opened));
    return found;
  }

  private static Shown shown(Row row) {
    if (row.isNull("filter") && row.isNull("filter_id")) {
      return new Shown.All();
    }
    String text = row.textOrNull("present_filter");
    if (text == null) {
      return new Shown.Nothing();
    }
    try {
      return new Shown.Matching(Filter.parse(text));
    } catch (FilterException e) {
      return new Shown.Nothing();
    }
  }

  /**
   * Feeds never change, so the id stands for all of them; the day or the instant decides what is
   * shown. Changes of saved filters, lists and labels have numbers as well.
   */
  private static Opened opened(
      CalendarFeed feed, UUID userId, ZoneId zone, Shown shown, long newestChange, Instant now) {
    LocalDate today = now.atZone(zone).toLocalDate();
    boolean dependsOnInstant =
        shown instanceof Shown.Matching(Filter filter) && filter.dependsOnInstant();
    String state =
        RENDERING + " " + feed.id() + " " + newestChange + " " + (dependsOnInstant ? now : today);
    String hash = Base64.getUrlEncoder().withoutPadding().encodeToString(Sha256.hash(state));
    return new Opened(feed, userId, zone, today, shown, '"' + hash.substring(0, 22) + '"');
  }

  private static void recordRead(Tx tx, Opened opened) {
    Instant before = tx.now().minus(READ_PRECISION);
    Instant last = opened.feed().lastReadAt();
    if (last == null || !last.isAfter(before)) {
      tx.sql("calendar.record_read")
          .bind("feed_user_id", opened.userId())
          .bind("id", opened.feed().id())
          .bind("read_before", before)
          .run();
    }
  }
}
