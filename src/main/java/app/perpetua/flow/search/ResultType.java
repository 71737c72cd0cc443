package app.perpetua.flow.search;

import app.perpetua.flow.base.WireName;

/** What a search finds. */
enum ResultType implements WireName {
  TASK("search.walk_tasks", "search.look_up_tasks"),
  SUBTASK("search.walk_subtasks", "search.look_up_subtasks"),
  NOTE("search.walk_notes", "search.look_up_notes");

  private final String walk;
  private final String lookUp;

  ResultType(String walk, String lookUp) {
    this.walk = walk;
    this.lookUp = lookUp;
  }

  /** The statement that finds matches by reading the newest rows. */
  String walk() {
    return walk;
  }

  /** The statement that finds matches through the index of words. */
  String lookUp() {
    return lookUp;
  }
}
