package app.perpetua.flow.sql;

import app.perpetua.flow.base.WireName;
import java.time.Instant;

/**
 * The acting user's row as it stands while this transaction holds its lock. Every transaction that
 * writes a user's data takes this lock first, so whatever it reads afterwards stays true until it
 * commits.
 *
 * @param tier free or pro
 * @param email the account's address
 * @param timezone an IANA zone, the default for recurrences
 * @param openTasks tasks neither completed, hidden nor archived
 * @param notes notes not archived
 * @param perkTasks open tasks allowed beyond the tier's limit
 * @param perkNotes notes allowed beyond the tier's limit
 * @param perkDailyCredits daily credits beyond the tier's
 * @param createdAt when the account was made
 */
public record LockedUser(
    Tier tier,
    String email,
    String timezone,
    int openTasks,
    int notes,
    int perkTasks,
    int perkNotes,
    int perkDailyCredits,
    Instant createdAt) {
  /** What the account is entitled to. */
  public enum Tier implements WireName {
    FREE,
    PRO
  }

  /** The same account on that tier. */
  public LockedUser on(Tier other) {
    return new LockedUser(
        other,
        email,
        timezone,
        openTasks,
        notes,
        perkTasks,
        perkNotes,
        perkDailyCredits,
        createdAt);
  }

  /** With perks on top of those that there are. */
  public LockedUser withPerks(int tasks, int notes, int dailyCredits) {
    return new LockedUser(
        tier,
        email,
        timezone,
        openTasks,
        this.notes,
        perkTasks + tasks,
        perkNotes + notes,
        perkDailyCredits + dailyCredits,
        createdAt);
  }

  /** Reads the columns that every opening statement yields. */
  public static LockedUser of(Row row) {
    return new LockedUser(
        row.wireName("tier", Tier.class),
        row.text("email"),
        row.text("timezone"),
        row.integer("open_tasks"),
        row.integer("notes"),
        row.integer("perk_tasks"),
        row.integer("perk_notes"),
        row.integer("perk_daily_credits"),
        row.instant("created_at"));
  }
}
