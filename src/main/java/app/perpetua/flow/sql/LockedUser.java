package app.perpetua.flow.sql;

import app.perpetua.flow.base.WireName;
import java.time.Instant;

/**
 * The acting user's row, locked by this transaction. Every transaction that writes data of a user
 * takes this lock first, so what it reads afterwards does not change until it commits.
 *
 * @param timezone an IANA zone, the default for recurrences
 * @param openTasks number of tasks neither completed, hidden nor archived
 * @param notes number of notes not archived
 * @param perkTasks open tasks allowed beyond the tier's limit
 * @param perkNotes notes allowed beyond the tier's limit
 * @param perkDailyCredits daily credits beyond the tier's
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
  public enum Tier implements WireName {
    FREE,
    PRO
  }

  public LockedUser withTier(Tier newTier) {
    return new LockedUser(
        newTier,
        email,
        timezone,
        openTasks,
        notes,
        perkTasks,
        perkNotes,
        perkDailyCredits,
        createdAt);
  }

  /** A copy with these perks added. */
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

  /** Reads the columns that every statement returns which locks the user's row. */
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
