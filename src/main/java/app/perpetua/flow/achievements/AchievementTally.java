package app.perpetua.flow.achievements;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One user's standing while one transaction counts: what it leaves for the commit cannot be read
 * again, so it is kept here. Confined to one thread.
 */
final class AchievementTally {
  private final List<Achievement> locked;
  private final List<Achievements.Unlocked> unlocked = new ArrayList<>();
  private AchievementStats stats;

  AchievementTally(AchievementStats standing, List<Achievement> locked) {
    this.stats = standing;
    this.locked = new ArrayList<>(locked);
  }

  /** Counts; what that unlocks, each once. */
  List<Achievement> count(UnaryOperator<AchievementStats> change) {
    stats = change.apply(stats);
    List<Achievement> reached = locked.stream().filter(stats::reaches).toList();
    locked.removeAll(reached);
    reached.forEach(achievement -> unlocked.add(Achievements.Unlocked.of(achievement)));
    return reached;
  }

  AchievementStats stats() {
    return stats;
  }

  List<Achievements.Unlocked> unlocked() {
    return List.copyOf(unlocked);
  }
}
