package app.perpetua.flow.tokens;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.secret;
import static app.perpetua.flow.http.Route.write;

import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.jobs.DailyJobs;
import app.perpetua.flow.jobs.JobHandler;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Db;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;

/** Personal access tokens. */
public final class TokenModule implements FeatureModule {
  private final PersonalTokens service;
  private final TokenRoutes tokens;
  private final Authenticator authenticator;
  private final SessionCheck check;
  private final ExpiryNoticeBatch expiryNotices;
  private final ExpiryNoticeJob expiryNotice;

  /**
   * @param accessTokens verifies access tokens
   * @param sessions refuses those of ended sessions
   * @param limitIds the keys of users' rate limits by their Google subjects
   */
  public TokenModule(
      ModuleContext context,
      Db db,
      Authenticator accessTokens,
      SessionCheck sessions,
      Function<String, UUID> limitIds,
      Notifications notifications) {
    service = new PersonalTokens(context.ids(), context.events(), new SecureRandom());
    tokens = new TokenRoutes(service);
    authenticator = new TokenAuthenticator(accessTokens, db, limitIds, context.clock());
    check = new TokenCheck(sessions, db);
    expiryNotices = new ExpiryNoticeBatch(context.jobs());
    expiryNotice = new ExpiryNoticeJob(notifications);
  }

  /** Verifies access tokens and personal access tokens. */
  public Authenticator authenticator() {
    return authenticator;
  }

  /** Refuses both when they are no longer accepted. */
  public SessionCheck sessionCheck() {
    return check;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        read("/api/v1/tokens", tokens::list),
        secret("/api/v1/tokens", tokens::create).creates("/api/v1/tokens/{id}"),
        read("/api/v1/tokens/{id}", tokens::show),
        write(DELETE, "/api/v1/tokens/{id}", tokens::revoke));
  }

  @Override
  public Map<String, JobHandler> jobs() {
    return Map.of(ExpiryNoticeJob.KIND, expiryNotice);
  }

  @Override
  public Map<String, DailyJobs.Batch> daily() {
    return Map.of("token_expiry_notices", expiryNotices);
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(service::deleteExpired);
  }
}
