package app.perpetua.flow.achievements;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.Verb.POST;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.ACCOUNT_READ;

import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.undo.RowReverter;
import app.perpetua.flow.undo.RowStatements;
import java.util.List;
import java.util.Map;

/** Achievements, their perks, and streaks. */
public final class AchievementModule implements FeatureModule {
  private final Achievements service;
  private final AchievementRoutes achievements;
  private final StreakRoutes streaks;
  private final DailyJobs.Batch streakJob;
  private final List<RowReverter> reverters;

  public AchievementModule(
      ModuleContext context,
      AchievementConfig config,
      Credits credits,
      Notifications notifications) {
    service = new Achievements(config, credits, notifications, context.events(), context.json());
    achievements = new AchievementRoutes(service);
    streaks =
        new StreakRoutes(new Streaks(service, context.events(), context.ids(), context.json()));
    streakJob = new StreakJob(service, context.json());
    reverters =
        List.of(
            new StreakReverter(
                new RowStatements(
                    "streak_settings",
                    "achievements.find_settings_versions",
                    "achievements.find_equal_settings",
                    "achievements.reset_settings",
                    "achievements.set_former_settings",
                    // The row is never deleted.
                    "achievements.set_former_settings",
                    context.json()),
                service),
            new StreakReverter(
                new RowStatements(
                    "streak_pause",
                    "achievements.find_pause_versions",
                    "achievements.find_equal_pauses",
                    "achievements.remove_created_pauses",
                    "achievements.set_former_pause_values",
                    "achievements.insert_former_pauses",
                    context.json()),
                service));
  }

  public Achievements achievements() {
    return service;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/achievements", achievements::list).scopes(ACCOUNT_READ),
        read("/api/v1/achievements/me", achievements::ofUser).scopes(ACCOUNT_READ),
        read("/api/v1/streak", streaks::show).scopes(ACCOUNT_READ),
        write(PATCH, "/api/v1/streak", streaks::update),
        write(POST, "/api/v1/streak/pauses", streaks::pause).creates("/api/v1/streak/pauses/{id}"),
        write(DELETE, "/api/v1/streak/pauses/{id}", streaks::endPause));
  }

  @Override
  public Map<String, DailyJobs.Batch> daily() {
    return Map.of("streak_calculate", streakJob);
  }

  /** What undoes changes of the feature's rows. */
  public List<RowReverter> reverters() {
    return reverters;
  }

  @Override
  public List<EventListener> listeners() {
    return List.of(new CompletionListener(service));
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(SyncedType.ofUser("achievements", achievements::shown));
  }
}
