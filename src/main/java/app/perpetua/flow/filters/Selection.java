package app.perpetua.flow.filters;

import java.util.List;

/**
 * The tasks that a filter means for its user at a time. Immutable.
 *
 * @param clauses one of which a task must satisfy
 */
public record Selection(List<Clause> clauses) {
  /** Whether no other tasks match than open ones: not completed, hidden or archived. */
  public boolean onlyOpen() {
    return clauses.stream().allMatch(Drivers::isOpen);
  }
}
