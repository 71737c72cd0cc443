package app.perpetua.flow.tasks;

import app.perpetua.flow.base.WireName;

/** The importance of a task (FR-007), lowest first. */
public enum Priority implements WireName {
  LOW,
  MEDIUM,
  HIGH
}
