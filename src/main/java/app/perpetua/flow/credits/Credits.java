package app.perpetua.flow.credits;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.OneToMany;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The credits that users spend on the assistant: grants, and a ledger of their changes (FR-037 to
 * FR-042, FR-051, SC-011). Every change runs while the owner's row is locked, first expires ended
 * daily credits and grants today's, and is stored by the commit. Thread-safe.
 */
public final class Credits {
  /**
   * A balance and what it depends on.
   *
   * @param dailyResetAt when the daily credits expire
   */
  public record Statement(Balance balance, Tier tier, Instant dailyResetAt) {}

  private final CreditConfig config;
  private final Ids ids;
  private final Json json;
  private final Events events;
  private final MeterRegistry metrics;

  public Credits(CreditConfig config, Ids ids, Json json, Events events, MeterRegistry metrics) {
    this.config = config;
    this.ids = ids;
    this.json = json;
    this.events = events;
    this.metrics = metrics;
  }

  /**
   * Grants the first credits to the acting user, who has just registered.
   *
   * @param amount 0 for none
   */
  public void grantKickstart(Tx tx, int amount) {
    if (amount > 0) {
      CreditAccount account = new CreditAccount(ids, tx.now(), List.of());
      account.grant(CreditType.KICKSTART, amount, "kickstart", "Credits to start with", null);
      store(tx, account);
    }
  }

  /**
   * Counts daily credits that were granted today to a deleted account of the acting user, who has
   * just registered again, as granted and expired.
   *
   * @param amount 0 for none
   */
  public void takeOverDaily(Tx tx, int amount) {
    if (amount > 0) {
      CreditAccount account = new CreditAccount(ids, tx.now(), List.of());
      account.takeOverDaily(amount);
      store(tx, account);
    }
  }

  /**
   * Returns what the user can spend now. Writes nothing: the balance accounts for expired and new
   * daily credits, which the next change will store.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account was deleted
   */
  public Statement statement(Tx tx) {
    record Entitlement(Tier tier, int perk) {}
    OneToMany<Entitlement, Grant> found =
        tx.sql("credits.find_statement")
            .bind("today", CreditAccount.day(tx.now()).toString())
            .oneToMany(
                row ->
                    new Entitlement(
                        row.wireName("tier", Tier.class), row.integer("perk_daily_credits")),
                Grant::of);
    CreditAccount account = new CreditAccount(ids, tx.now(), found.many());
    Tier tier = found.one().tier();
    account.refreshDaily(entitlement(tier, found.one().perk()));
    return new Statement(account.balance(), tier, CreditAccount.endOf(CreditAccount.day(tx.now())));
  }

  /** Returns the ledger, newest entry first; refuses a deleted account. */
  Page<HistoryEntry> history(Tx tx, PageRequest page) {
    return tx.sql("credits.list_entries")
        .page(
            page,
            PageRequest.Position.beforeDescending(Long.toString(Long.MAX_VALUE)),
            HistoryEntry::of);
  }

  /**
   * Spends credits.
   *
   * @param ref id of the charge, for a refund; unique
   * @param description for the history
   * @return the credits available in all
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  public int spend(Tx tx, int amount, String ref, String description) {
    CreditAccount account = open(tx);
    if (!account.spend(amount, ref, description)) {
      throw Refusal.of(ErrorCode.INSUFFICIENT_CREDITS, "not enough credits")
          .with("required", amount)
          .with("available", account.total());
    }
    store(tx, account);
    return account.total();
  }

  /**
   * Refunds a charge or part of it. Does nothing if the charge does not exist, or any part of it
   * was refunded before.
   *
   * @param max maximum number of credits to refund
   * @return the credits available in all
   */
  public int refund(Tx tx, String ref, int max) {
    CreditAccount account = open(tx);
    account.refund(
        tx.sql("credits.find_charge").bind("ref", ref).list(CreditAccount.Spent::of), max, ref);
    store(tx, account);
    return account.total();
  }

  /**
   * Ends the previous month of Pro and grants the next (FR-039, FR-041): at activation and at each
   * renewal.
   *
   * @param period names the month that begins; unique per user
   */
  public void beginMonth(Tx tx, String period) {
    change(
        tx,
        account -> {
          account.endMonth(config.maxCarryover(), period);
          account.grant(
              CreditType.SUBSCRIPTION,
              config.proMonthly(),
              "month:" + period,
              "Credits of the month",
              null);
        });
  }

  /** Grants monthly credits again that expired when a month was refunded or disputed. */
  public void restoreMonthly(Tx tx, int count) {
    if (count > 0) {
      String key = "restored:" + ids.next();
      change(
          tx,
          account ->
              account.grant(
                  CreditType.SUBSCRIPTION, count, key, "Credits of a month given back", null));
    }
  }

  /**
   * Ends the last month of a user who leaves Pro.
   *
   * @param period names the month that ends; unique per user
   * @return the number of credits that expired
   */
  public int endMonth(Tx tx, String period) {
    CreditAccount account = open(tx);
    int expired = account.endMonth(config.maxCarryover(), period);
    store(tx, account);
    return expired;
  }

  /** Grants bought credits. The commit fails if the purchase's credits were granted before. */
  public void grantPurchased(Tx tx, UUID purchase, int amount) {
    change(
        tx,
        account ->
            account.grant(
                CreditType.PURCHASED, amount, "purchase:" + purchase, "Credits bought", purchase));
  }

  /** Expires the remaining credits of a refunded purchase. */
  public void revokePurchased(Tx tx, UUID purchase) {
    change(tx, account -> account.revoke(purchase, "revoked:" + ids.next()));
  }

  /** Makes the credits of a purchase available again that {@link #revokePurchased} expired. */
  public void restorePurchased(Tx tx, UUID purchase) {
    CreditAccount account = open(tx);
    tx.sql("credits.find_purchased")
        .bind("purchase", purchase)
        .one(Grant::of)
        .ifPresent(grant -> account.restore(grant, "restored:" + ids.next()));
    store(tx, account);
  }

  /** Expires ended daily credits and grants those of today's that have not been granted yet. */
  public void refreshDaily(Tx tx) {
    change(tx, _ -> {});
  }

  private void change(Tx tx, Consumer<CreditAccount> change) {
    CreditAccount account = open(tx);
    change.accept(account);
    store(tx, account);
  }

  private CreditAccount open(Tx tx) {
    // Before the owner is used, so that the lock and this read leave as one message.
    List<Grant> grants =
        tx.sql("credits.find_grants")
            .bind("today", CreditAccount.day(tx.now()).toString())
            .list(Grant::of);
    LockedUser owner = tx.owner();
    CreditAccount account = new CreditAccount(ids, tx.now(), grants);
    account.refreshDaily(entitlement(owner.tier(), owner.perkDailyCredits()));
    return account;
  }

  private int entitlement(Tier tier, int perk) {
    return perk + (tier == Tier.PRO ? config.proDaily() : 0);
  }

  private void store(Tx tx, CreditAccount account) {
    if (account.entries().isEmpty()) {
      return;
    }
    tx.sql("credits.store_grants").bind("grants", json.text(account.changedGrants())).atCommit();
    tx.sql("credits.append_entries").bind("entries", json.text(account.entries())).atCommit();
    tx.afterCommit(() -> account.entries().forEach(this::count));
    // Only spending is the user's decision.
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    for (LedgerEntry entry : account.entries()) {
      UUID grant = entry.grantId();
      String type = entry.type().wireName();
      int amount = Math.abs(entry.amount());
      switch (entry.operation()) {
        case CONSUME -> events.emit(tx, new Event.CreditsConsumed(grant, type, amount));
        case REFUND -> events.emit(system, new Event.CreditsRefunded(grant, type, amount));
        case EXPIRE -> events.emit(system, new Event.CreditsExpired(grant, type, amount));
        case GRANT -> events.emit(system, new Event.CreditsGranted(grant, type, amount));
        case CARRYOVER -> {
          // The entry of the grant that receives the credits reports them.
          if (entry.amount() > 0) {
            events.emit(system, new Event.CreditsGranted(grant, type, amount));
          }
        }
      }
    }
  }

  /**
   * Counts the credits of a committed entry (FR-066), carried-over ones only for the grant that
   * receives them. Approximate: a commit whose result is unknown is not counted.
   */
  private void count(LedgerEntry entry) {
    if (entry.operation() == LedgerEntry.Operation.CARRYOVER && entry.amount() < 0) {
      return;
    }
    Counter.builder("credit.movements")
        .description("Credits by operation and type")
        .tag("operation", entry.operation().wireName())
        .tag("type", entry.type().wireName())
        .register(metrics)
        .increment(Math.abs((double) entry.amount()));
  }
}
