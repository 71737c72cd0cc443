package app.perpetua.flow.achievements;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.time.MutableClock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Random changes over several days: the user's counters match those computed from the complete
 * activity log.
 */
class AchievementPropertyTest {
  private static final int STEPS = 160;

  /** Shorter than the retention period of the activity log. */
  private static final Duration SPAN = Duration.ofDays(25);

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database).with("FREE_MAX_TASKS", "1000");

  private final List<String> open = new ArrayList<>();
  private final List<String> completed = new ArrayList<>();
  private final List<String> unlocked = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void SC_007_the_counters_match_the_activity_log(int seed) {
    Random random = new Random(seed);
    service.clock().set(MutableClock.START);
    AchievementFixture on = new AchievementFixture(database, service);
    for (int step = 0; step < STEPS; step++) {
      // Further changes of a task, such as its recovery, belong here.
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> open.add(on.create());
        case 3 -> completeBySubtask(on);
        case 4, 5, 6 -> complete(on, random);
        case 7 -> force(on, random);
        case 8 -> reopen(on, random);
        case 9 -> delete(on, random.nextBoolean() ? open : completed, random);
        case 10 -> later(on, Duration.ofMinutes(random.nextInt(36 * 60)));
        default -> service.runDueJobs();
      }
      if (step % 10 == 0) {
        compare(on, "seed " + seed + ", step " + step);
      }
    }
    compare(on, "seed " + seed);
    Invariants.check(database);
  }

  private void completeBySubtask(AchievementFixture on) {
    String task = on.create();
    completed.add(task);
    remember(on.finish(on.subtask(task)));
  }

  private void complete(AchievementFixture on, Random random) {
    if (!open.isEmpty()) {
      String task = open.remove(random.nextInt(open.size()));
      completed.add(task);
      remember(on.set(task, true));
    }
  }

  private void force(AchievementFixture on, Random random) {
    if (!open.isEmpty()) {
      String task = open.remove(random.nextInt(open.size()));
      completed.add(task);
      Api.Answer answer = on.force(task);
      assertEquals(on.streak(), answer.data().get("streak").intValue());
      remember(answer);
    }
  }

  private void reopen(AchievementFixture on, Random random) {
    if (!completed.isEmpty()) {
      String task = completed.remove(random.nextInt(completed.size()));
      open.add(task);
      on.set(task, false);
    }
  }

  private static void delete(AchievementFixture on, List<String> from, Random random) {
    if (!from.isEmpty()) {
      String task = from.remove(random.nextInt(from.size()));
      on.api().delete(AchievementFixture.TASKS + "/" + task).expect(200);
    }
  }

  private static void later(AchievementFixture on, Duration duration) {
    Instant then = service.clock().instant().plus(duration);
    if (then.isBefore(MutableClock.START.plus(SPAN))) {
      on.at(then);
    }
  }

  private void remember(Api.Answer answer) {
    unlocked.addAll(AchievementFixture.unlocked(answer));
  }

  private void compare(AchievementFixture on, String when) {
    List<LocalDate> counted =
        database
            .rows(
                """
                select min(created_at) as first from activity.activity_logs
                where user_id = ? and action = 'task_completed' group by entity_id
                """,
                on.user())
            .stream()
            .map(row -> LocalDate.ofInstant((Instant) row.get("first"), ZoneOffset.UTC))
            .toList();
    Set<LocalDate> days = new TreeSet<>(counted);
    LocalDate today = LocalDate.ofInstant(service.clock().instant(), ZoneOffset.UTC);
    int streak = run(days, days.contains(today) ? today : today.minusDays(1));
    int longest = days.stream().mapToInt(day -> run(days, day)).max().orElse(0);
    JsonNode mine = on.mine();
    assertEquals(
        "%d %d %d".formatted(counted.size(), streak, longest),
        "%d %d %d"
            .formatted(
                mine.at("/stats/lifetime_tasks_completed").intValue(),
                mine.at("/stats/current_streak").intValue(),
                mine.at("/stats/longest_streak").intValue()),
        when);
    List<String> earned =
        Stream.of("tasks_5", "tasks_25", "tasks_100", "streak_7", "streak_30")
            .filter(
                id ->
                    (id.startsWith("tasks") ? counted.size() : longest)
                        >= Integer.parseInt(id.substring(id.indexOf('_') + 1)))
            .toList();
    assertEquals(
        earned,
        AchievementFixture.ids(mine.get("unlocked")).stream().sorted(order()).toList(),
        when);
    assertEquals(earned, unlocked.stream().sorted(order()).toList(), when);
  }

  /** The catalogue's order. */
  private static Comparator<String> order() {
    return Comparator.comparingInt(
        List.of("tasks_5", "tasks_25", "tasks_100", "streak_7", "streak_30")::indexOf);
  }

  private static int run(Set<LocalDate> days, LocalDate end) {
    int run = 0;
    while (days.contains(end.minusDays(run))) {
      run++;
    }
    return run;
  }
}
