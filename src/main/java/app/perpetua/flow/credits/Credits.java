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
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What users may spend on the assistant: a ledger of grants and movements (FR-037 to FR-042,
 * FR-051, SC-011). Whatever moves credits runs while the owner's row is locked, brings the day up
 * to date first, and leaves what it did for the commit. Thread-safe.
 */
public final class Credits {
  /**
   * A balance with what decides it.
   *
   * @param balance what can be spent now
   * @param tier the user's
   * @param dailyResetAt when the daily ones are gone
   */
  public record Statement(Balance balance, Tier tier, Instant dailyResetAt) {}

  private final CreditConfig config;
  private final Ids ids;
  private final Json json;
  private final Events events;
  private final CreditMetrics metrics;

  /**
   * The rules with these figures.
   *
   * @param registry is told what has moved
   */
  public Credits(CreditConfig config, Ids ids, Json json, Events events, MeterRegistry registry) {
    this.config = config;
    this.ids = ids;
    this.json = json;
    this.events = events;
    this.metrics = new CreditMetrics(registry);
  }

  /**
   * Gives the acting user, who has just joined and has nothing yet, their first credits.
   *
   * @param amount 0 for none
   */
  public void grantKickstart(Tx tx, int amount) {
    if (amount > 0) {
      CreditAccount purse = new CreditAccount(ids, tx.now(), List.of());
      purse.grant(CreditType.KICKSTART, amount, "kickstart", "Credits to start with", null);
      store(tx, purse);
    }
  }

  /**
   * What the user can spend now. Writes nothing: a day that has begun is shown as the first
   * movement will store it.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
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
    CreditAccount purse = new CreditAccount(ids, tx.now(), found.many());
    Tier tier = found.one().tier();
    purse.settle(entitled(tier, found.one().perk()));
    return new Statement(purse.balance(), tier, CreditAccount.endOf(CreditAccount.day(tx.now())));
  }

  /**
   * The ledger, newest first.
   *
   * @throws Refusal {@code UNAUTHORIZED} if the account is gone
   */
  public Page<HistoryEntry> history(Tx tx, PageRequest page) {
    return tx.sql("credits.list_entries").page(page, HistoryEntry::of);
  }

  /**
   * Takes credits for one charge.
   *
   * @param ref names the charge; a refund finds it by this, and it can be taken once
   * @param description in plain words, for the history
   * @return what is left
   * @throws Refusal {@code INSUFFICIENT_CREDITS}
   */
  public int spend(Tx tx, int amount, String ref, String description) {
    CreditAccount purse = open(tx);
    if (!purse.spend(amount, ref, description)) {
      throw Refusal.of(ErrorCode.INSUFFICIENT_CREDITS, "this takes more credits than there are")
          .with("required", amount)
          .with("available", purse.total());
    }
    store(tx, purse);
    return purse.total();
  }

  /**
   * Gives back what a charge took, or part of it; only once for each charge, and nothing for one
   * that never was.
   *
   * @param most how many at most
   * @return what is there now
   */
  public int refund(Tx tx, String ref, int most) {
    CreditAccount purse = open(tx);
    List<Grant> taken = new ArrayList<>();
    Map<UUID, Integer> counts = new LinkedHashMap<>();
    boolean refunded = false;
    record Charged(Grant grant, int taken, boolean refunded) {}
    for (Charged charged :
        tx.sql("credits.find_charge")
            .bind("ref", ref)
            .list(row -> new Charged(Grant.of(row), row.integer("taken"), row.bool("refunded")))) {
      refunded |= charged.refunded();
      taken.add(charged.grant());
      counts.put(charged.grant().id(), charged.taken());
    }
    if (!refunded) {
      purse.refund(taken, counts, most, ref);
    }
    store(tx, purse);
    return purse.total();
  }

  /**
   * Grants a month of Pro and settles the one before (FR-039, FR-041): at activation and at each
   * renewal.
   *
   * @param period names the month that begins; unique per user
   */
  public void beginMonth(Tx tx, String period) {
    CreditAccount purse = open(tx);
    purse.endMonth(config.maxCarryover(), period);
    purse.grant(
        CreditType.SUBSCRIPTION,
        config.proMonthly(),
        "month:" + period,
        "Credits of the month",
        null);
    store(tx, purse);
  }

  /**
   * Settles the last month of somebody who leaves Pro: what may carry on stays.
   *
   * @param period names the month that ends; unique per user
   */
  public void endMonth(Tx tx, String period) {
    CreditAccount purse = open(tx);
    purse.endMonth(config.maxCarryover(), period);
    store(tx, purse);
  }

  /** Grants bought credits, which never expire; the purchase's id makes it happen once. */
  public void grantPurchased(Tx tx, UUID purchase, int amount) {
    CreditAccount purse = open(tx);
    purse.grant(CreditType.PURCHASED, amount, "purchase:" + purchase, "Credits bought", purchase);
    store(tx, purse);
  }

  /** Takes what is left of a purchase whose money went back. */
  public void revokePurchased(Tx tx, UUID purchase) {
    CreditAccount purse = open(tx);
    purse.revoke(purchase);
    store(tx, purse);
  }

  /** Brings the user's day up to date: the daily job, and whoever earns a perk or changes tier. */
  public void settleDay(Tx tx) {
    store(tx, open(tx));
  }

  /** The owner's credits as of after the lock, with the day up to date. */
  private CreditAccount open(Tx tx) {
    LockedUser owner = tx.owner();
    CreditAccount purse =
        new CreditAccount(
            ids,
            tx.now(),
            tx.sql("credits.find_grants")
                .bind("today", CreditAccount.day(tx.now()).toString())
                .list(Grant::of));
    purse.settle(entitled(owner.tier(), owner.perkDailyCredits()));
    return purse;
  }

  private int entitled(Tier tier, int perk) {
    return perk
        + switch (tier) {
          case FREE -> 0;
          case PRO -> config.proDaily();
        };
  }

  private void store(Tx tx, CreditAccount purse) {
    if (purse.movements().isEmpty()) {
      return;
    }
    tx.sql("credits.store_grants").bind("grants", json.text(purse.changed())).atCommit();
    tx.sql("credits.append_entries").bind("entries", json.text(purse.movements())).atCommit();
    tx.afterCommit(() -> purse.movements().forEach(metrics::moved));
    // What the clock did is nobody's decision.
    Tx system = tx.actingFor(tx.userId(), Actor.Source.SYSTEM);
    for (LedgerEntry movement : purse.movements()) {
      UUID grant = movement.grantId();
      String type = movement.type().wireName();
      int amount = Math.abs(movement.amount());
      switch (movement.operation()) {
        case CONSUME -> events.emit(tx, new Event.CreditsConsumed(grant, type, amount));
        case REFUND -> events.emit(system, new Event.CreditsRefunded(grant, type, amount));
        case EXPIRE -> events.emit(system, new Event.CreditsExpired(grant, type, amount));
        case GRANT -> events.emit(system, new Event.CreditsGranted(grant, type, amount));
        case CARRYOVER -> {
          // The grant that carries on says it; its source merely empties.
          if (movement.amount() > 0) {
            events.emit(system, new Event.CreditsGranted(grant, type, amount));
          }
        }
      }
    }
  }
}
