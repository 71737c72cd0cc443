package app.perpetua.flow.fuzz.contract;

import app.perpetua.flow.fuzz.contract.Draft.Change;
import java.util.function.Consumer;

/**
 * One change of a valid request.
 *
 * @param name what it changes, and to what
 * @param touches what it may make wrong
 */
record Mutation(String name, Change touches, Consumer<Draft> change) {
  void apply(Draft draft) {
    change.accept(draft);
    draft.changes.add(touches);
  }
}
