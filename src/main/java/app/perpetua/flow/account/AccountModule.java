package app.perpetua.flow.account;

import static app.perpetua.flow.http.Route.Verb.DELETE;
import static app.perpetua.flow.http.Route.Verb.PATCH;
import static app.perpetua.flow.http.Route.auth;
import static app.perpetua.flow.http.Route.conditionalRead;
import static app.perpetua.flow.http.Route.download;
import static app.perpetua.flow.http.Route.plain;
import static app.perpetua.flow.http.Route.read;
import static app.perpetua.flow.http.Route.write;
import static app.perpetua.flow.http.auth.Scope.ACCOUNT_READ;
import static app.perpetua.flow.http.auth.Scope.EXPORT_READ;

import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.jobs.CleanupJob;
import app.perpetua.flow.module.FeatureModule;
import app.perpetua.flow.module.ModuleContext;
import app.perpetua.flow.notifications.Notifications;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sync.SyncedType;
import app.perpetua.flow.undo.RowReverter;
import com.github.benmanes.caffeine.cache.Ticker;
import io.micrometer.core.instrument.Counter;
import java.security.SecureRandom;
import java.util.List;
import java.util.UUID;

/** Sign-in, tokens and the user's account. */
public final class AccountModule implements FeatureModule {
  private final AccessTokens accessTokens;
  private final CachedSessionCheck sessionCheck;
  private final RefreshTokens refreshTokens;
  private final SubjectHashes subjects;
  private final FormerAccounts formerAccounts;
  private final Users users;
  private final AccountRoutes account;
  private final ExportRoutes exports;
  private final SessionRoutes sessions;
  private final RowReverter reverter;

  public AccountModule(
      ModuleContext context,
      AccountConfig config,
      Db db,
      IdTokens google,
      Credits credits,
      Notifications notifications) {
    sessionCheck = new CachedSessionCheck(db, Ticker.systemTicker());
    Sessions userSessions = new Sessions(context.events(), notifications, sessionCheck);
    sessions = new SessionRoutes(userSessions);
    reverter = new SettingsReverter(context.json());
    accessTokens = new AccessTokens(config, context.ids(), context.clock());
    refreshTokens =
        new RefreshTokens(
            config.refreshSecret(),
            config.refreshLifetime(),
            new SecureRandom(),
            context.ids(),
            userSessions);
    subjects = new SubjectHashes(config.subjectKeys());
    formerAccounts = new FormerAccounts(subjects);
    users =
        new Users(
            refreshTokens,
            formerAccounts,
            credits,
            config.kickstartCredits(),
            context.ids(),
            context.events());
    exports = new ExportRoutes(new Export(db, users, context.json()));
    account =
        new AccountRoutes(
            google,
            users,
            refreshTokens,
            accessTokens,
            context.json(),
            result -> signIns(context, result).increment());
    // Before the first, so that increase() shows it.
    for (AccountRoutes.SignInResult result : AccountRoutes.SignInResult.values()) {
      signIns(context, result);
    }
  }

  private static Counter signIns(ModuleContext context, AccountRoutes.SignInResult result) {
    return context.metrics().counter("sign.in", "result", result.wireName());
  }

  public Authenticator authenticator() {
    return accessTokens;
  }

  public SessionCheck sessionCheck() {
    return sessionCheck;
  }

  /**
   * {@link app.perpetua.flow.http.auth.Principal#limitId()} of the user with this Google subject.
   */
  public UUID limitId(String subject) {
    return subjects.limitId(subject);
  }

  public Users users() {
    return users;
  }

  @Override
  public List<Route> routes() {
    return List.of(
        plain("/api/v1/.well-known/jwks.json", account::keys),
        auth("/api/v1/auth/google/callback", account::signIn),
        auth("/api/v1/auth/refresh", account::refresh),
        auth("/api/v1/auth/logout", account::logout),
        conditionalRead("/api/v1/users/me", account::me).scopes(ACCOUNT_READ),
        write(PATCH, "/api/v1/users/me", account::update)
            .answering(account::me)
            .command("settings.update"),
        write(DELETE, "/api/v1/users/me", account::delete).conditionalOn(account::me),
        download("/api/v1/users/me/export", exports::export).scopes(EXPORT_READ),
        read("/api/v1/sessions", sessions::list),
        write(DELETE, "/api/v1/sessions", sessions::endOthers),
        write(DELETE, "/api/v1/sessions/{id}", sessions::end));
  }

  @Override
  public List<CleanupJob.Sweep> sweeps() {
    return List.of(refreshTokens::deleteSpent, formerAccounts::deleteExpired);
  }

  /** What undoes changes of the feature's rows, in the order in which rows are restored. */
  public List<RowReverter> reverters() {
    return List.of(reverter);
  }

  @Override
  public List<SyncedType> syncedTypes() {
    return List.of(SyncedType.ofUser("settings", users::me));
  }
}
