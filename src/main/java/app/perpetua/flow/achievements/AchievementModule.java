package app.perpetua.flow.achievements;

import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.auth.Scope.ACCOUNT_READ;

import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.EventListener;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sync.SyncedType;
import java.util.List;
import java.util.Map;

/** Achievements, their perks, and streaks. */
public final class AchievementModule implements FeatureModule {
  private final Achievements service;
  private final AchievementRoutes achievements;

  public AchievementModule(
      ModuleContext context,
      AchievementConfig config,
      Credits credits,
      Notifications notifications) {
    service = new Achievements(config, credits, notifications, context.events(), context.json());
    achievements = new AchievementRoutes(service);
  }

  public Achievements achievements() {
    return service;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/achievements", achievements::list).scopes(ACCOUNT_READ),
        read("/api/v1/achievements/me", achievements::ofUser).scopes(ACCOUNT_READ));
  }

  @Override
  public Map<String, DailyJobs.Batch> daily() {
    return Map.of("streak_calculate", new StreakJob());
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
