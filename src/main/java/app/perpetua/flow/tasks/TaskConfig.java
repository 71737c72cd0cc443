package app.perpetua.flow.tasks;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.LockedUser;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/**
 * Limits of tasks and subtasks.
 *
 * @param freeMax open tasks on the free tier, before perks
 * @param proMax open tasks on Pro, before perks
 * @param freeMaxSubtasks subtasks of one task on the free tier
 * @param proMaxSubtasks subtasks of one task on Pro
 * @param freeDescription characters of a description on the free tier
 * @param proDescription characters of a description on Pro
 * @param dueDateMaxDays how many days ahead a new due date may lie; 0 for no limit
 */
public record TaskConfig(
    int freeMax,
    int proMax,
    int freeMaxSubtasks,
    int proMaxSubtasks,
    int freeDescription,
    int proDescription,
    int dueDateMaxDays) {
  /** The lead of instances where due dates are not limited. */
  private static final Duration DEFAULT_LEAD = Duration.ofDays(30);

  /**
   * Without a limit, due dates end here, so that reminders after them have a year of four digits.
   */
  private static final Instant LATEST = Instant.parse("9999-01-01T00:00:00Z");

  int max(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proMax : freeMax;
  }

  int maxSubtasks(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proMaxSubtasks : freeMaxSubtasks;
  }

  int maxDescription(LockedUser.Tier tier) {
    return tier == LockedUser.Tier.PRO ? proDescription : freeDescription;
  }

  /**
   * How long before its occurrence the next instance of a template is created. Without a limit of
   * due dates 30 days, so that a yearly rule does not show a year ahead.
   */
  public Duration instanceLead() {
    return dueDateMaxDays == 0 ? DEFAULT_LEAD : Duration.ofDays(dueDateMaxDays);
  }

  /** Why a new due date is not allowed (FR-013); null if it is, or if there is none. */
  @Nullable String dueDateError(@Nullable Instant due, Instant now) {
    if (due == null) {
      return null;
    }
    boolean allowed =
        due.isAfter(now)
            && (dueDateMaxDays == 0
                ? due.isBefore(LATEST)
                : !due.isAfter(now.plus(Duration.ofDays(dueDateMaxDays))));
    return allowed ? null : "must be later than now and " + latest();
  }

  /** Refuses a new due date that is not allowed with {@code VALIDATION_ERROR} (FR-013). */
  void checkDueDate(@Nullable Instant due, Instant now) {
    String error = dueDateError(due, now);
    if (error != null) {
      throw Refusal.invalid("due_date", error);
    }
  }

  /** As {@link #dueDateError}, of a day without a time, which may be today. */
  @Nullable String dueOnError(LocalDate day, LocalDate today) {
    boolean allowed =
        !day.isBefore(today)
            && (dueDateMaxDays == 0
                ? day.getYear() < 9999
                : !day.isAfter(today.plusDays(dueDateMaxDays)));
    return allowed ? null : "must be today or later and " + latest();
  }

  /** Refuses a new day that is not allowed with {@code VALIDATION_ERROR} (FR-013). */
  void checkDueOn(LocalDate day, LocalDate today) {
    String error = dueOnError(day, today);
    if (error != null) {
      throw Refusal.invalid("due_on", error);
    }
  }

  private String latest() {
    return dueDateMaxDays == 0
        ? "before the year 9999"
        : "at most " + dueDateMaxDays + " days ahead";
  }

  /** The limit that holds before the account's tier is known. */
  public int longestDescription() {
    return Math.max(freeDescription, proDescription);
  }
}
