package app.perpetua.flow.account;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.http.Authenticator;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Tx;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Accounts: made at the first sign-in, kept up to date, deleted with everything. Thread-safe. */
public final class Users {
  private record Known(User user, boolean nameChanged) {}

  /**
   * A sign-in that succeeded.
   *
   * @param user who
   * @param refreshToken the session's first
   */
  public record SignedIn(User user, String refreshToken) {}

  private final RefreshTokens refreshTokens;
  private final Credits credits;
  private final int kickstartCredits;
  private final Ids ids;
  private final Events events;

  /**
   * @param kickstartCredits granted once, on joining
   */
  public Users(
      RefreshTokens refreshTokens, Credits credits, int kickstartCredits, Ids ids, Events events) {
    this.refreshTokens = refreshTokens;
    this.credits = credits;
    this.kickstartCredits = kickstartCredits;
    this.ids = ids;
    this.events = events;
  }

  /**
   * Signs a verified person in, making the account if there is none (FR-001).
   *
   * @param tx the system's
   */
  public SignedIn signIn(Tx tx, GoogleIdentity identity, ClientInfo device) {
    User user = findOrRegister(tx, identity);
    Tx acting = tx.actingFor(user.id(), Actor.Source.USER);
    String refreshToken = refreshTokens.start(acting, device);
    events.emit(acting, new Event.UserLoggedIn(user.id(), device.userAgent(), device.ip()));
    return new SignedIn(user, refreshToken);
  }

  /**
   * Whoever loses the race of two first sign-ins finds the winner's row the next time round; more
   * rounds take an account that is deleted in between.
   */
  private User findOrRegister(Tx tx, GoogleIdentity identity) {
    while (true) {
      Optional<Known> known = find(tx, identity);
      if (known.isPresent()) {
        return refreshed(tx, known.get(), identity);
      }
      UUID id = ids.next();
      if (register(tx.actingFor(id, Actor.Source.USER), identity)) {
        credits.grantKickstart(tx.actingFor(id), kickstartCredits);
        return find(tx, identity).orElseThrow().user();
      }
    }
  }

  private static Optional<Known> find(Tx tx, GoogleIdentity identity) {
    return tx.sql("account.find_by_google_id")
        .bind("google_id", identity.subject())
        .one(row -> new Known(User.of(row), row.bool("name_changed")));
  }

  private boolean register(Tx acting, GoogleIdentity identity) {
    int joined =
        acting
            .sql("account.register")
            .bind("google_id", identity.subject())
            .bind("email", identity.email())
            .bind("name", identity.name())
            .bind("avatar_url", identity.avatarUrl())
            .run();
    if (joined == 1) {
      events.emit(acting, new Event.UserRegistered(acting.userId()));
    }
    return joined == 1;
  }

  private static User refreshed(Tx tx, Known known, GoogleIdentity identity) {
    User user = known.user();
    String name = known.nameChanged() ? user.name() : identity.name();
    if (user.email().equals(identity.email())
        && user.name().equals(name)
        && Objects.equals(user.avatarUrl(), identity.avatarUrl())) {
      return user;
    }
    tx.actingFor(user.id())
        .sql("account.refresh_profile")
        .bind("email", identity.email())
        .bind("name", name)
        .bind("avatar_url", identity.avatarUrl())
        .atCommit();
    return new User(
        user.id(),
        user.googleId(),
        identity.email(),
        name,
        identity.avatarUrl(),
        user.timezone(),
        user.tier(),
        user.createdAt(),
        tx.now());
  }

  /**
   * The acting user.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  public User me(Tx tx) {
    return tx.sql("account.find_me").one(User::of).orElseThrow(Authenticator::unauthorized);
  }

  /**
   * Changes name, time zone or both (FR-070); whatever is null stays.
   *
   * @param name from now on not Google's to change
   * @param timezone an IANA zone
   * @return the user as changed
   */
  public User update(Tx tx, @Nullable String name, @Nullable String timezone) {
    Optional<User> changed =
        tx.sql("account.update_me").bind("name", name).bind("timezone", timezone).one(User::of);
    if (changed.isEmpty()) {
      return me(tx);
    }
    events.emit(tx, new Event.UserUpdated(tx.userId()));
    return changed.get();
  }

  /**
   * Puts the acting user, whose row is locked, on a tier, for the rest of this transaction too.
   * Billing calls this, so that no other feature has to read its tables for the tier.
   */
  public void changeTier(Tx tx, LockedUser.Tier tier) {
    tx.sql("account.change_tier").bind("tier", tier).atCommit();
    tx.opened(tx.owner().on(tier));
  }

  /**
   * Deletes the acting user, whose row is locked, with everything that is theirs. No entry is left
   * to tell of it: the log goes, too.
   *
   * @param confirm the account's address, against accidents
   * @throws Refusal {@code VALIDATION_ERROR} if it is another
   */
  public void delete(Tx tx, String confirm) {
    if (!confirm.equals(tx.owner().email())) {
      throw Refusal.invalid("confirm", "must be the e-mail address of this account");
    }
    tx.sql("account.delete_me").run();
  }
}
