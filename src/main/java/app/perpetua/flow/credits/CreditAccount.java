package app.perpetua.flow.credits;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.UtcDay;
import app.perpetua.flow.credits.LedgerEntry.Operation;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A user's grants at one instant, and the rules for changing them, without a database. The caller
 * has locked the user's row and stores {@link #changedGrants()} and {@link #entries()} in the same
 * transaction. Not thread-safe.
 */
final class CreditAccount {
  /**
   * What a charge spent of one grant.
   *
   * @param grant in its current state
   * @param refunded whether any part of the charge was refunded
   */
  record Spent(Grant grant, int count, boolean refunded) {
    static Spent of(Row row) {
      return new Spent(Grant.of(row), row.integer("taken"), row.bool("refunded"));
    }
  }

  private static final Comparator<Grant> SPEND_ORDER =
      Comparator.comparing(Grant::type).thenComparing(Grant::createdAt).thenComparing(Grant::id);

  private final Ids ids;
  private final Instant now;
  private final Map<UUID, Grant> grants = new LinkedHashMap<>();
  private final Map<UUID, Grant> changedGrants = new LinkedHashMap<>();
  private final List<LedgerEntry> entries = new ArrayList<>();
  private int total;

  /**
   * @param grants all with credits remaining, and all of today's entitlement
   */
  CreditAccount(Ids ids, Instant now, Collection<Grant> grants) {
    this.ids = ids;
    this.now = now;
    grants.forEach(grant -> this.grants.put(grant.id(), grant));
    this.total = grants.stream().mapToInt(Grant::remaining).sum();
  }

  static LocalDate day(Instant now) {
    return UtcDay.of(now);
  }

  static Instant endOf(LocalDate day) {
    return UtcDay.endOf(day);
  }

  int total() {
    return total;
  }

  Balance balance() {
    return new Balance(
        sum(CreditType.DAILY),
        sum(CreditType.SUBSCRIPTION),
        sum(CreditType.PURCHASED),
        sum(CreditType.KICKSTART),
        total);
  }

  /**
   * Expires the remaining credits of earlier days (FR-040) and grants those of today's that have
   * not been granted yet.
   *
   * @param entitlement today's daily credits by the user's tier and perks
   */
  void refreshDaily(int entitlement) {
    List.copyOf(grants.values()).stream()
        .filter(grant -> grant.isExpired(now))
        .forEach(
            grant -> expire(grant, grant.remaining(), dayRef(), "Expired at the end of the day"));
    LocalDate today = day(now);
    int granted =
        grants.values().stream()
            .filter(grant -> today.equals(grant.entitledOn()))
            .mapToInt(grant -> grant.amounts().amount())
            .sum();
    if (entitlement > granted) {
      String key = "daily:" + today + ":" + entitlement;
      int count = entitlement - granted;
      apply(
          newGrant(CreditType.DAILY, count, key, endOf(today), today, null),
          Operation.GRANT,
          count,
          key,
          "Credits of the day");
    }
  }

  /** Uses up today's entitlement to that many daily credits. */
  void takeOverDaily(int count) {
    LocalDate today = day(now);
    String key = "daily:" + today + ":former";
    Grant grant = newGrant(CreditType.DAILY, count, key, endOf(today), today, null);
    apply(grant, Operation.GRANT, count, key, "Credits of the day");
    expire(grant, count, key, "Granted before the account was deleted");
  }

  /**
   * Spends credits by type, daily ones first, and within a type oldest first (FR-042).
   *
   * @return false, without a change, if there are not enough
   */
  boolean spend(int count, String ref, String description) {
    if (count > total) {
      return false;
    }
    int left = count;
    for (Grant grant : grants.values().stream().sorted(SPEND_ORDER).toList()) {
      int spent = Math.min(left, grant.remaining());
      if (spent > 0) {
        apply(grant.spend(spent), Operation.CONSUME, -spent, ref, description);
        left -= spent;
      }
    }
    return true;
  }

  /**
   * Refunds credits of a charge to the grants that it spent, in reverse order; instead of an
   * expired grant, a new one of today receives them. Does nothing if the charge was refunded.
   *
   * @param charge in the order of spending
   * @param max how many to refund, at most
   */
  void refund(List<Spent> charge, int max, String ref) {
    int left = charge.stream().anyMatch(Spent::refunded) ? 0 : max;
    for (Spent spent : charge.reversed()) {
      int count = Math.min(left, spent.count());
      if (count == 0) {
        continue;
      }
      left -= count;
      Grant grant = spent.grant();
      if (grant.isExpired(now)) {
        String key = "refund:" + ref + ":" + grant.id();
        Grant today = newGrant(CreditType.DAILY, count, key, endOf(day(now)), null, null);
        apply(today, Operation.REFUND, count, ref, "Refund");
      } else {
        Grant current = grants.getOrDefault(grant.id(), grant);
        apply(current.spend(-count), Operation.REFUND, count, ref, "Refund");
      }
    }
  }

  /** Grants credits without an expiry. */
  void grant(
      CreditType type, int count, String dedupKey, String description, @Nullable UUID purchase) {
    Grant grant = newGrant(type, count, dedupKey, null, null, purchase);
    apply(grant, Operation.GRANT, count, dedupKey, description);
  }

  /**
   * Ends a month of Pro: carries over monthly credits into a new grant, and expires the rest
   * (FR-041).
   *
   * @param maxCarryover how many are carried over at most
   * @param period names the month; unique per user
   * @return the number of credits that expired
   */
  int endMonth(int maxCarryover, String period) {
    List<Grant> monthly =
        grants.values().stream()
            .filter(grant -> grant.type() == CreditType.SUBSCRIPTION && grant.remaining() > 0)
            .sorted(SPEND_ORDER)
            .toList();
    int unused = monthly.stream().mapToInt(Grant::remaining).sum();
    int carried = Math.min(maxCarryover, unused);
    int left = carried;
    String key = "carryover:" + period;
    // The newest are carried over, so that those of earlier months expire first.
    for (Grant grant : monthly.reversed()) {
      int moved = Math.min(left, grant.remaining());
      left -= moved;
      expire(grant, grant.remaining() - moved, dayRef(), "Expired with the month");
      if (moved > 0) {
        Grant rest = grants.getOrDefault(grant.id(), grant);
        apply(rest.expire(moved), Operation.CARRYOVER, -moved, key, "Carried over");
      }
    }
    if (carried > 0) {
      Grant grant = newGrant(CreditType.SUBSCRIPTION, carried, key, null, null, null);
      apply(grant, Operation.CARRYOVER, carried, key, "Carried over from the month before");
    }
    return unused - carried;
  }

  /**
   * Makes the expired credits of a purchase available again.
   *
   * @param grant as stored; purchased credits expire by {@link #revoke} only
   */
  void restore(Grant grant, String ref) {
    Grant current = grants.getOrDefault(grant.id(), grant);
    int count = current.amounts().expired();
    if (count > 0) {
      apply(
          current.expire(-count), Operation.GRANT, count, ref, "Credits of a purchase given back");
    }
  }

  /**
   * Expires the remaining credits of a refunded purchase.
   *
   * @param ref unique, because a purchase may be revoked again after its credits were restored
   */
  void revoke(UUID purchase, String ref) {
    grants.values().stream()
        .filter(grant -> purchase.equals(grant.purchaseId()))
        .toList()
        .forEach(grant -> expire(grant, grant.remaining(), ref, "Purchase refunded"));
  }

  Collection<Grant> changedGrants() {
    return changedGrants.values();
  }

  List<LedgerEntry> entries() {
    return entries;
  }

  private String dayRef() {
    return "expire:" + day(now);
  }

  private void expire(Grant grant, int count, String ref, String description) {
    if (count > 0) {
      apply(grant.expire(count), Operation.EXPIRE, -count, ref, description);
    }
  }

  private Grant newGrant(
      CreditType type,
      int count,
      String dedupKey,
      @Nullable Instant expiresAt,
      @Nullable LocalDate entitledOn,
      @Nullable UUID purchaseId) {
    Grant.Amounts amounts = new Grant.Amounts(count, count, 0, 0);
    return new Grant(ids.next(), type, amounts, entitledOn, purchaseId, dedupKey, expiresAt, now);
  }

  private void apply(Grant after, Operation operation, int amount, String ref, String description) {
    grants.put(after.id(), after);
    changedGrants.put(after.id(), after);
    total += amount;
    entries.add(
        new LedgerEntry(
            ids.next(),
            after.id(),
            after.type(),
            operation,
            amount,
            total,
            ref,
            description,
            after.expiresAt()));
  }

  private int sum(CreditType type) {
    return grants.values().stream()
        .filter(grant -> grant.type() == type)
        .mapToInt(Grant::remaining)
        .sum();
  }
}
