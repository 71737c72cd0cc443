package app.perpetua.flow.achievements;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One user's counters during a transaction. It is kept in the transaction's memo ({@link
 * app.perpetua.flow.sql.Tx#memoized}), because the statements that store the counters are deferred
 * to the commit and cannot be read back. Confined to one thread.
 */
final class AchievementTally {
  private final List<Achievement> locked;
  private final List<Achievements.Unlocked> unlocked = new ArrayList<>();
  private AchievementStats stats;

  AchievementTally(AchievementStats stats, List<Achievement> locked) {
    this.stats = stats;
    this.locked = new ArrayList<>(locked);
  }

  /** Applies the change and returns the achievements that it unlocks. */
  List<Achievement> count(UnaryOperator<AchievementStats> change) {
    stats = change.apply(stats);
    List<Achievement> reached = locked.stream().filter(stats::reaches).toList();
    locked.removeAll(reached);
    reached.forEach(achievement -> unlocked.add(Achievements.Unlocked.of(achievement)));
    return reached;
  }

  /** Replaces the counters by what the database has, which includes what this object counted. */
  void reload(AchievementStats stored, List<Achievement> stillLocked) {
    stats = stored;
    locked.clear();
    locked.addAll(stillLocked);
  }

  /** Applies a change that unlocks nothing. */
  AchievementStats takeBack(UnaryOperator<AchievementStats> change) {
    stats = change.apply(stats);
    return stats;
  }

  AchievementStats stats() {
    return stats;
  }

  List<Achievements.Unlocked> unlocked() {
    return List.copyOf(unlocked);
  }
}
