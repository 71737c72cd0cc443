package app.perpetua.flow.calendar;

import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.Priority;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** Endpoints of calendar feeds. */
final class CalendarRoutes {
  private static final int MAX_NAME = 100;
  private static final String DEFAULT_NAME = "Perpetua Flow";
  private static final String MEDIA_TYPE = "text/calendar; charset=utf-8";

  private final CalendarFeeds feeds;
  private final FeedContents contents;
  private final CalendarWriter writer;

  CalendarRoutes(CalendarFeeds feeds, FeedContents contents, CalendarWriter writer) {
    this.feeds = feeds;
    this.contents = contents;
    this.writer = writer;
  }

  /** GET /calendar-feeds. */
  Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(feeds.list(tx));
  }

  /** POST /calendar-feeds. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().notNull("name", "kind");
    String name = body.text("name", 1, MAX_NAME);
    CalendarFeed.Kind kind = body.oneOf("kind", CalendarFeed.Kind.class);
    Priority priority = body.oneOf("priority", Priority.class);
    UUID templateId = body.uuid("template_id");
    String text = body.text("filter", 1, Filter.MAX_LENGTH);
    UUID filterId = body.uuid("filter_id");
    if (text != null && filterId != null) {
      body.addError("filter_id", "must be absent beside filter");
    }
    if (text != null || filterId != null) {
      String error = "must be absent beside a filter, which can say it";
      if (priority != null) {
        body.addError("priority", error);
      }
      if (templateId != null) {
        body.addError("template_id", error);
      }
    }
    body.validate();
    Filter filter = text == null ? null : Filter.of(text, "filter");
    CalendarFeed.Draft draft =
        new CalendarFeed.Draft(
            Objects.requireNonNullElse(name, DEFAULT_NAME),
            Objects.requireNonNullElse(kind, CalendarFeed.Kind.EVENT),
            priority,
            templateId,
            filter,
            filterId);
    return tx -> Reply.created(feeds.create(tx, draft));
  }

  /** DELETE /calendar-feeds/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      feeds.delete(tx, id);
      return Reply.noContent();
    };
  }

  /** GET /ical/{token}.ics. */
  Optional<Route.Capability> find(Request request, Tx lookup) {
    return feeds
        .open(lookup, request.pathText("token"))
        .map(
            opened ->
                new Route.Capability(
                    opened.feed().id(),
                    opened.userId(),
                    opened.entityTag(),
                    tx ->
                        Reply.revalidated(
                            MEDIA_TYPE, writer.write(opened, contents.read(tx, opened)))));
  }
}
