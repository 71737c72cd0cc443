package app.perpetua.flow.credits;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.credits.LedgerEntry.Operation;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A user's credits at one instant, and the arithmetic of moving them: nothing here knows a
 * database. Whoever changes it holds the user's row and stores {@link #changed()} and {@link
 * #movements()} in the same transaction. Not thread-safe.
 */
final class CreditAccount {
  private static final Comparator<Grant> SPEND_ORDER =
      Comparator.comparing(Grant::type).thenComparing(Grant::createdAt).thenComparing(Grant::id);

  private final Ids ids;
  private final Instant now;
  private final Map<UUID, Grant> grants = new LinkedHashMap<>();
  private final Map<UUID, Grant> changed = new LinkedHashMap<>();
  private final List<LedgerEntry> movements = new ArrayList<>();
  private int total;

  /**
   * @param grants all that hold something, and all of today's entitlement
   */
  CreditAccount(Ids ids, Instant now, Collection<Grant> grants) {
    this.ids = ids;
    this.now = now;
    grants.forEach(grant -> this.grants.put(grant.id(), grant));
    this.total = grants.stream().mapToInt(Grant::remaining).sum();
  }

  static LocalDate day(Instant now) {
    return LocalDate.ofInstant(now, ZoneOffset.UTC);
  }

  static Instant endOf(LocalDate day) {
    return day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  /** What lies in it, in all. */
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
   * Brings it up to this instant: what is over expires (FR-040), and what today entitles to and has
   * not yielded yet is granted.
   *
   * @param entitled daily credits that the user's tier and perks give today
   */
  void settle(int entitled) {
    List<Grant> over =
        grants.values().stream()
            .filter(grant -> grant.remaining() > 0 && grant.isExpired(now))
            .toList();
    for (Grant grant : over) {
      expire(grant, grant.remaining(), "expired at the end of its day");
    }
    LocalDate today = day(now);
    int granted =
        grants.values().stream()
            .filter(grant -> today.equals(grant.entitledOn()))
            .mapToInt(Grant::amount)
            .sum();
    if (entitled > granted) {
      String key = "daily:" + today + ":" + entitled;
      add(
          CreditType.DAILY,
          entitled - granted,
          Operation.GRANT,
          key,
          "Credits of the day",
          new Origin(key, endOf(today), today, null));
    }
  }

  /**
   * Takes credits, daily ones first, of each type the oldest first (FR-042).
   *
   * @return false, with nothing taken, if there are not so many
   */
  boolean spend(int count, String ref, String description) {
    if (count > total) {
      return false;
    }
    int left = count;
    for (Grant grant : grants.values().stream().sorted(SPEND_ORDER).toList()) {
      int taken = Math.min(left, grant.remaining());
      if (taken > 0) {
        move(grant.spend(taken), Operation.CONSUME, -taken, ref, description);
        left -= taken;
      }
    }
    return true;
  }

  /**
   * Gives credits of a charge back to the grants they came from, last taken first; those of a day
   * that is over go to today.
   *
   * @param taken the charge's grants as they are now, in the order in which it took from them
   * @param counts how many it took from each
   * @param count how many to give back; no more than were taken
   */
  void refund(List<Grant> taken, Map<UUID, Integer> counts, int count, String ref) {
    int left = count;
    for (Grant grant : taken.reversed()) {
      int back = Math.min(left, counts.getOrDefault(grant.id(), 0));
      if (back == 0) {
        continue;
      }
      left -= back;
      if (grant.isExpired(now)) {
        LocalDate today = day(now);
        add(
            CreditType.DAILY,
            back,
            Operation.REFUND,
            ref,
            "Given back",
            new Origin("refund:" + ref + ":" + grant.id(), endOf(today), null, null));
      } else {
        Grant current = grants.getOrDefault(grant.id(), grant);
        move(current.refund(back), Operation.REFUND, back, ref, "Given back");
      }
    }
  }

  /** Adds credits that do not expire by themselves. */
  void grant(CreditType type, int count, String dedupKey, String text, @Nullable UUID purchase) {
    add(type, count, Operation.GRANT, dedupKey, text, new Origin(dedupKey, null, null, purchase));
  }

  /**
   * Ends a month of Pro: of what is left of the monthly credits some carry on, in a grant of their
   * own, and the rest expires (FR-041).
   *
   * @param most how many carry on at most
   * @param period which month ends; unique
   */
  void endMonth(int most, String period) {
    List<Grant> monthly =
        grants.values().stream()
            .filter(grant -> grant.type() == CreditType.SUBSCRIPTION && grant.remaining() > 0)
            .sorted(SPEND_ORDER)
            .toList();
    int carried = Math.min(most, monthly.stream().mapToInt(Grant::remaining).sum());
    int left = carried;
    // The newest carry on: what was carried over once already is the first to go.
    for (Grant grant : monthly.reversed()) {
      int kept = Math.min(left, grant.remaining());
      left -= kept;
      expire(grant, grant.remaining() - kept, "expired with its month");
      if (kept > 0) {
        Grant rest = grants.getOrDefault(grant.id(), grant);
        move(rest.expire(kept), Operation.CARRYOVER, -kept, "carryover:" + period, "Carried over");
      }
    }
    if (carried > 0) {
      String key = "carryover:" + period;
      add(
          CreditType.SUBSCRIPTION,
          carried,
          Operation.CARRYOVER,
          key,
          "Carried over from the month before",
          new Origin(key, null, null, null));
    }
  }

  /** Takes what is left of a purchase whose money went back. */
  void revoke(UUID purchase) {
    grants.values().stream()
        .filter(grant -> purchase.equals(grant.purchaseId()))
        .toList()
        .forEach(grant -> expire(grant, grant.remaining(), "its purchase was refunded"));
  }

  /** Grants that are new or other than before, to be stored. */
  Collection<Grant> changed() {
    return changed.values();
  }

  /** What happened, in order. */
  List<LedgerEntry> movements() {
    return movements;
  }

  private record Origin(
      String dedupKey,
      @Nullable Instant expiresAt,
      @Nullable LocalDate entitledOn,
      @Nullable UUID purchaseId) {}

  private void expire(Grant grant, int count, String why) {
    if (count > 0) {
      move(grant.expire(count), Operation.EXPIRE, -count, "expire:" + day(now), why);
    }
  }

  private void add(
      CreditType type,
      int count,
      Operation operation,
      String ref,
      String description,
      Origin origin) {
    Grant grant =
        new Grant(
            ids.next(),
            type,
            count,
            count,
            0,
            0,
            origin.entitledOn(),
            origin.purchaseId(),
            origin.dedupKey(),
            origin.expiresAt(),
            now);
    move(grant, operation, count, ref, description);
  }

  private void move(Grant after, Operation operation, int amount, String ref, String description) {
    grants.put(after.id(), after);
    changed.put(after.id(), after);
    total += amount;
    movements.add(
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
