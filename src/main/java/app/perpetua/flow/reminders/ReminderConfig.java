package app.perpetua.flow.reminders;

/**
 * Limits of reminders.
 *
 * @param max reminders of one task, fired ones included (FR-025)
 */
public record ReminderConfig(int max) {}
