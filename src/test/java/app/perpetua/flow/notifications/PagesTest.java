package app.perpetua.flow.notifications;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.Config;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages that notifications open. */
class PagesTest {
  private static final UUID TASK = UUID.fromString("019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/{task_id}",
        "/dashboard/tasks/{task_id}",
        "/dashboard?task={task_id}&tab=1#{task_id}",
        "https://app.example.com/tasks/{task_id}",
        "https://app.example.com:8443/#/tasks/{task_id}"
      })
  void FR_097_a_path_or_an_https_URL_with_the_placeholder_is_accepted(String pattern) {
    Pages pages = new Pages(Pages.pattern(pattern), "/achievements", "/subscription");
    assertEquals(pattern.replace("{task_id}", TASK.toString()), pages.task(TASK));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/dashboard/tasks",
        "/dashboard/tasks/{id}",
        "/dashboard/{user}/{task_id}",
        "dashboard/tasks/{task_id}",
        "//evil.example/{task_id}",
        "/\\evil.example/{task_id}",
        "/dashboard tasks/{task_id}",
        "http://app.example.com/tasks/{task_id}",
        "https:///tasks/{task_id}",
        "https://{task_id}.example.com/",
        "https://user:pass@app.example.com/{task_id}",
        "javascript:alert({task_id})",
        "ftp://app.example.com/{task_id}"
      })
  void FR_097_anything_else_is_refused_at_start_with_the_name_of_the_variable(String pattern) {
    List<String> faults = faults(Map.of("APP_TASK_URL", pattern));
    assertEquals(1, faults.size(), faults::toString);
    assertTrue(faults.getFirst().startsWith("APP_TASK_URL must "), faults::toString);
  }

  @Test
  void FR_097_the_other_pages_are_checked_too() {
    assertEquals(
        2,
        faults(Map.of("APP_ACHIEVEMENTS_URL", "achievements", "APP_SUBSCRIPTION_URL", "mailto:a@b"))
            .size());
    assertEquals(List.of(), faults(Map.of()));
    assertEquals(List.of(), faults(Map.of("APP_SUBSCRIPTION_URL", "https://app.example.com/pro")));
    String longest = "/" + "x".repeat(1_000);
    assertEquals(1, faults(Map.of("APP_ACHIEVEMENTS_URL", longest)).size());
  }

  /** The errors of these settings; other required settings are missing, too. */
  private static List<String> faults(Map<String, String> environment) {
    return assertThrows(Config.InvalidException.class, () -> Config.load(environment))
        .errors()
        .stream()
        .filter(fault -> fault.startsWith("APP_"))
        .toList();
  }
}
