package app.perpetua.flow.account;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.credits.Credits;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Tx;
import java.time.LocalTime;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Creates, updates and deletes accounts. Thread-safe. */
public final class Users {
  private record StoredUser(User user, boolean nameChanged) {}

  /**
   * @param session the token family
   */
  record SignedIn(User user, UUID session, String refreshToken) {}

  private final RefreshTokens refreshTokens;
  private final FormerAccounts formerAccounts;
  private final Credits credits;
  private final int kickstartCredits;
  private final Ids ids;
  private final Events events;

  Users(
      RefreshTokens refreshTokens,
      FormerAccounts formerAccounts,
      Credits credits,
      int kickstartCredits,
      Ids ids,
      Events events) {
    this.refreshTokens = refreshTokens;
    this.formerAccounts = formerAccounts;
    this.credits = credits;
    this.kickstartCredits = kickstartCredits;
    this.ids = ids;
    this.events = events;
  }

  /**
   * Signs a user in; the first sign-in creates the account (FR-001).
   *
   * @param tx the system's
   * @param device null if the client names none
   */
  SignedIn signIn(Tx tx, GoogleIdentity identity, ClientInfo client, @Nullable Device device) {
    User user = findOrRegister(tx, identity);
    Tx acting = tx.actingFor(user.id(), Actor.Source.USER);
    RefreshTokens.Started started = refreshTokens.start(acting, client, device);
    events.emit(acting, new Event.UserLoggedIn(user.id(), client.userAgent(), client.ip()));
    return new SignedIn(user, started.session(), started.token());
  }

  /** Loops, because a concurrent sign-in may create the row and a concurrent deletion remove it. */
  private User findOrRegister(Tx tx, GoogleIdentity identity) {
    while (true) {
      Optional<StoredUser> stored = find(tx, identity);
      if (stored.isPresent()) {
        return refreshed(tx, stored.get(), identity);
      }
      UUID id = ids.next();
      if (register(tx.actingFor(id, Actor.Source.USER), identity)) {
        startCredits(tx, id, identity.subject());
        return find(tx, identity).orElseThrow().user();
      }
    }
  }

  /** Grants the kickstart credits once per person (FR-037, FR-071), not once per account. */
  private void startCredits(Tx tx, UUID userId, String subject) {
    Tx acting = tx.actingFor(userId);
    Optional<FormerAccounts.Usage> former = formerAccounts.take(tx, subject);
    if (former.isEmpty()) {
      credits.grantKickstart(acting, kickstartCredits);
      return;
    }
    credits.takeOverDaily(acting, former.get().dailyCredits());
    acting
        .sql("account.take_over_bought")
        .bind("bought_credits", former.get().boughtCredits())
        .atCommit();
  }

  private static Optional<StoredUser> find(Tx tx, GoogleIdentity identity) {
    return tx.sql("account.find_by_google_id")
        .bind("google_id", identity.subject())
        .one(row -> new StoredUser(User.of(row), row.bool("name_changed")));
  }

  private boolean register(Tx acting, GoogleIdentity identity) {
    int inserted =
        acting
            .sql("account.register")
            .bind("google_id", identity.subject())
            .bind("email", identity.email())
            .bind("name", identity.name())
            .bind("avatar_url", identity.avatarUrl())
            .run();
    if (inserted == 1) {
      events.emit(acting, new Event.UserRegistered(acting.userId()));
    }
    return inserted == 1;
  }

  private static User refreshed(Tx tx, StoredUser stored, GoogleIdentity identity) {
    User user = stored.user();
    String name = stored.nameChanged() ? user.name() : identity.name();
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
        user.allDayReminderTime(),
        user.tier(),
        user.createdAt(),
        tx.now());
  }

  /**
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  User me(Tx tx) {
    return tx.sql("account.find_me").one(User::of).orElseThrow(Authenticator::unauthorized);
  }

  /**
   * Changes settings (FR-070). Listeners of the event move what depends on them.
   *
   * @param name replaces Google's permanently; null keeps the name
   * @param timezone an IANA zone; null keeps the time zone
   * @param allDayReminderTime null keeps it
   */
  User update(
      Tx tx,
      @Nullable String name,
      @Nullable String timezone,
      @Nullable LocalTime allDayReminderTime) {
    Optional<User> changed =
        tx.sql("account.update_me")
            .bind("name", name)
            .bind("timezone", timezone)
            .bind(
                "all_day_reminder_time",
                allDayReminderTime == null ? null : allDayReminderTime.toString())
            .one(User::of);
    if (changed.isEmpty()) {
      return me(tx);
    }
    events.emit(tx, new Event.UserUpdated(tx.userId()));
    return changed.get();
  }

  /**
   * Changes the tier of the acting user, whose row is locked, and of this transaction's {@link
   * Tx#owner}.
   */
  public void changeTier(Tx tx, LockedUser.Tier tier) {
    tx.sql("account.change_tier").bind("tier", tier).atCommit();
    tx.setOwner(tx.owner().withTier(tier));
  }

  /**
   * Deletes the acting user, whose row is locked, with all data, including the activity log. A
   * keyed hash remains, so that a later sign-in does not start limits afresh (FR-071).
   *
   * @param confirm must be the account's e-mail address
   * @throws Refusal {@code VALIDATION_ERROR} if it is not
   */
  void delete(Tx tx, String confirm) {
    if (!confirm.equals(tx.owner().email())) {
      throw Refusal.invalid("confirm", "must be the e-mail address of this account");
    }
    formerAccounts.remember(tx, me(tx).googleId());
    tx.sql("account.delete_me").run();
  }
}
