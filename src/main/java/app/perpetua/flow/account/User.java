package app.perpetua.flow.account;

import app.perpetua.flow.sql.LockedUser;
import app.perpetua.flow.sql.Row;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A user as the API returns it.
 *
 * @param email from the last sign-in; not unique
 * @param name Google's, until the user changes it
 * @param avatarUrl null if there is none
 * @param timezone an IANA zone
 * @param allDayReminderTime such as 09:00: from when on the day of an all-day task its relative
 *     reminders count
 */
public record User(
    UUID id,
    String googleId,
    String email,
    String name,
    @Nullable String avatarUrl,
    String timezone,
    String allDayReminderTime,
    LockedUser.Tier tier,
    Instant createdAt,
    Instant updatedAt) {
  static User of(Row row) {
    return new User(
        row.uuid("id"),
        row.text("google_id"),
        row.text("email"),
        row.text("name"),
        row.textOrNull("avatar_url"),
        row.text("timezone"),
        row.text("all_day_reminder_time").substring(0, "HH:MM".length()),
        row.wireName("tier", LockedUser.Tier.class),
        row.instant("created_at"),
        row.instant("updated_at"));
  }
}
