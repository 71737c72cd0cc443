package app.perpetua.flow.achievements;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One user's standing while one transaction counts: what it leaves for the commit cannot be read
 * again, so it is kept here. Confined to one thread.
 */
final class Reckoning {
  private final List<Achievement> locked;
  private final List<Achievements.Unlocked> unlocked = new ArrayList<>();
  private Standing standing;

  /** As it was read. */
  Reckoning(Standing standing, List<Achievement> locked) {
    this.standing = standing;
    this.locked = new ArrayList<>(locked);
  }

  /** Counts; what that unlocks, each once. */
  List<Achievement> count(UnaryOperator<Standing> change) {
    standing = change.apply(standing);
    List<Achievement> reached = locked.stream().filter(standing::reaches).toList();
    locked.removeAll(reached);
    reached.forEach(achievement -> unlocked.add(Achievements.Unlocked.of(achievement)));
    return reached;
  }

  Standing standing() {
    return standing;
  }

  List<Achievements.Unlocked> unlocked() {
    return List.copyOf(unlocked);
  }
}
