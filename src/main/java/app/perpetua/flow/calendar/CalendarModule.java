package app.perpetua.flow.calendar;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.capability;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.secret;
import static app.perpetua.flow.http.Route.write;

import app.perpetua.flow.filters.FilteredTasks;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Pages;
import app.perpetua.flow.recurrence.SeriesReader;
import java.security.SecureRandom;
import java.util.List;

/** Calendar feeds. */
public final class CalendarModule implements FeatureModule {
  /** A year of more than ten tasks a day; about 2 MB. */
  private static final int MAX_TASKS = 5_000;

  private final CalendarRoutes routes;

  /**
   * @param pages of the frontend; shown in a feed if they are URLs, not paths
   */
  public CalendarModule(ModuleContext context, Pages pages, SeriesReader series) {
    FilteredTasks filtered = new FilteredTasks(context.json());
    routes =
        new CalendarRoutes(
            new CalendarFeeds(
                series, filtered, context.ids(), context.events(), new SecureRandom()),
            new FeedContents(series, filtered, MAX_TASKS),
            new CalendarWriter(id -> pages.task(id).startsWith("https:") ? pages.task(id) : null));
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/calendar-feeds", routes::list),
        secret("/api/v1/calendar-feeds", routes::create).creates("/api/v1/calendar-feeds/{id}"),
        write(DELETE, "/api/v1/calendar-feeds/{id}", routes::delete),
        capability("/ical/{token}.ics", routes::find));
  }
}
