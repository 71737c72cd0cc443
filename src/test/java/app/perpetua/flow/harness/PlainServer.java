package app.perpetua.flow.harness;

import app.perpetua.flow.account.AccessTokens;
import app.perpetua.flow.account.AccountConfig;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.ProxyConfig;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.CompletedRequest;
import app.perpetua.flow.http.Endpoint;
import app.perpetua.flow.http.Errors;
import app.perpetua.flow.http.HttpConfig;
import app.perpetua.flow.http.Lifecycle;
import app.perpetua.flow.http.Route;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.http.auth.SessionCheck;
import app.perpetua.flow.http.limits.RateLimiter;
import app.perpetua.flow.http.server.Server;
import app.perpetua.flow.http.websocket.WebSocketGate;
import app.perpetua.flow.parsing.CursorKey;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Postgres;
import app.perpetua.flow.sql.SqlCatalog;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.sql.connection.Pool;
import com.zaxxer.hikari.HikariDataSource;
import java.net.URI;
import java.security.interfaces.RSAPrivateCrtKey;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The real server and endpoint with routes that need no database. */
public final class PlainServer implements AutoCloseable {
  /** No session was ended. */
  public static final SessionCheck SESSIONS =
      new SessionCheck() {
        @Override
        public void requireActive(Tx tx, Principal principal) {}

        @Override
        public void requireActive(UUID userId, @Nullable UUID sessionId) {}

        @Override
        public Set<Principal> ended(Collection<Principal> principals) {
          return Set.of();
        }
      };

  private static final Json JSON = new Json();

  private final HikariDataSource unusedPool = Pool.open(Postgres.config(1, 1));
  private final Server server;

  public PlainServer(List<Route> routes, Consumer<CompletedRequest> observer) {
    this(routes, observer, Lifecycle.started());
  }

  public PlainServer(List<Route> routes, Consumer<CompletedRequest> observer, Lifecycle lifecycle) {
    HttpConfig config = config(Optional.empty(), 0);
    Ids ids = new Ids();
    MutableClock clock = new MutableClock();
    Db db = new Db(unusedPool, SqlCatalog.load(), clock, Duration.ofSeconds(1), _ -> false);
    Errors errors = new Errors(JSON);
    AccessTokens tokens = new AccessTokens(account(), ids, clock);
    RateLimiter limiter = new RateLimiter(clock, Optional.empty());
    Endpoint endpoint =
        new Endpoint(
            JSON,
            errors,
            db,
            tokens,
            SESSIONS,
            limiter,
            config,
            new CursorKey(account().refreshSecret()));
    server =
        new Server(
            config,
            routes,
            endpoint,
            errors,
            ids,
            observer,
            new WebSocketGate(List.of(), tokens, SESSIONS, limiter, config),
            lifecycle);
    server.start();
  }

  public static HttpConfig config(Optional<Secret> metricsToken, int metricsPort) {
    return new HttpConfig(
        0,
        Set.of(),
        new ProxyConfig(List.of(), ProxyConfig.FORWARDED_FOR),
        new HttpConfig.Metrics(metricsToken, metricsPort),
        Optional.empty(),
        1_000,
        new HttpConfig.RateLimits(100, 100, 20, 10),
        Duration.ZERO);
  }

  public static AccountConfig account() {
    return new AccountConfig(
        (RSAPrivateCrtKey) SigningKey.PAIR.getPrivate(),
        List.of(),
        Duration.ofMinutes(15),
        Duration.ofDays(7),
        new Secret("unused"),
        List.of(new Secret("unused")),
        Set.of("unused"),
        URI.create("http://127.0.0.1:1/"),
        0);
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.port());
  }

  /** A client that validates responses against the contract. */
  public Api api() {
    return new Api(uri());
  }

  @Override
  public void close() {
    server.close();
    unusedPool.close();
  }
}
