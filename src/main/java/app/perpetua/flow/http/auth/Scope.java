package app.perpetua.flow.http.auth;

import app.perpetua.flow.base.WireName;

/**
 * What a personal access token may be used for (FR-155). No scope implies another: a program that
 * reads and changes tasks needs both.
 */
public enum Scope implements WireName {
  TASKS_READ("tasks:read"),
  TASKS_WRITE("tasks:write"),
  NOTES_READ("notes:read"),
  NOTES_WRITE("notes:write"),
  REMINDERS_READ("reminders:read"),
  REMINDERS_WRITE("reminders:write"),
  ACTIVITY_READ("activity:read"),
  /** Spends the user's credits. */
  AI_USE("ai:use"),
  ACCOUNT_READ("account:read"),
  EXPORT_READ("export:read");

  private final String wireName;

  Scope(String wireName) {
    this.wireName = wireName;
  }

  @Override
  public String wireName() {
    return wireName;
  }
}
