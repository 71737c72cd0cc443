package app.perpetua.flow.quickadd.parser;

import app.perpetua.flow.tasks.Priority;

/**
 * A part of a text that a sign or a priority makes, in UTF-16 units.
 *
 * @param end the unit after it
 */
record Marker(int begin, int end, Meaning meaning) {
  /** What it determines. */
  sealed interface Meaning {
    record ToList(String name) implements Meaning {}

    record Label(String name) implements Meaning {}

    record WithPriority(String text, Priority priority) implements Meaning {}

    record Reminder(RemindAt at) implements Meaning {}

    record Escape() implements Meaning {}
  }
}
