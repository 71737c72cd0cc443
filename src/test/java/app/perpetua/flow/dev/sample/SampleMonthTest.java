package app.perpetua.flow.dev.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.dev.sample.SampleMonth.Result;
import app.perpetua.flow.dev.sample.SampleMonth.Step;
import app.perpetua.flow.dev.sample.SampleMonth.Visit;
import java.time.LocalTime;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleMonthTest {
  /** Of 100 in a minute, so that the person can also sign in and look around at once. */
  private static final int GENERAL_REQUESTS = 90;

  private static final int AI_REQUESTS = 10;

  @Test
  void visits_have_requests_and_payments() {
    SampleMonth month =
        SampleMonth.parse(
            """
            # A comment.
            day 3, 07:10
            POST /tasks {"title": "A -> b"} -> task_a
            POST /ai/chat {"message": "c"} -> chat /data/suggested_actions/0/id

            day 12, 23:59
            PATCH /tasks/{open:plan} {"completed": true}
            pay {order}
            decline {order}
            today
            DELETE /tasks/{task_a}
            """);
    assertEquals(
        List.of(
            new Visit(
                3,
                LocalTime.of(7, 10),
                List.of(
                    new Step.Request(
                        "POST",
                        "/tasks",
                        "{\"title\": \"A -> b\"}",
                        Optional.of(new Result("task_a", "/data/id"))),
                    new Step.Request(
                        "POST",
                        "/ai/chat",
                        "{\"message\": \"c\"}",
                        Optional.of(new Result("chat", "/data/suggested_actions/0/id"))))),
            new Visit(
                12,
                LocalTime.of(23, 59),
                List.of(
                    new Step.Request(
                        "PATCH", "/tasks/{open:plan}", "{\"completed\": true}", Optional.empty()),
                    new Step.Payment("order", true),
                    new Step.Payment("order", false)))),
        month.visits());
    assertEquals(
        List.of(new Step.Request("DELETE", "/tasks/{task_a}", "", Optional.empty())),
        month.today());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST /tasks {}           | line 1 is invalid: POST /tasks {}",
        "day 100, 07:10           | line 1 is invalid: day 100, 07:10",
        "day 1                    | line 1 is invalid: day 1",
        "today;GET /tasks         | line 2 is invalid: GET /tasks",
        "today;POST tasks         | line 2 is invalid: POST tasks",
        "today;# comment;refund {a} | line 3 is invalid: refund {a}"
      })
  void an_invalid_line_is_named(String text, String message) {
    IllegalArgumentException invalid =
        assertThrows(
            IllegalArgumentException.class, () -> SampleMonth.parse(text.replace(';', '\n')));
    assertEquals(message, invalid.getMessage());
  }

  @Test
  void the_visits_are_in_order_and_within_five_weeks() {
    List<Visit> visits = SampleMonth.load().visits();
    int last = 0;
    for (Visit visit : visits) {
      int minutes = visit.day() * 1_440 + visit.time().toSecondOfDay() / 60;
      // While the month is replayed, the clock keeps running.
      assertTrue(minutes > last + 4, visit::toString);
      last = minutes;
    }
    assertTrue(visits.getLast().day() <= 35);
  }

  @Test
  void the_requests_stay_below_the_rate_limits() {
    SampleMonth month = SampleMonth.load();
    List<String> paths =
        Stream.concat(
                month.visits().stream().flatMap(visit -> visit.steps().stream()),
                month.today().stream())
            .filter(Step.Request.class::isInstance)
            .map(step -> ((Step.Request) step).path())
            .toList();
    long ai =
        paths.stream()
            .filter(
                path ->
                    path.endsWith("/convert")
                        || (path.startsWith("/ai/") && !path.endsWith("/confirm-action")))
            .count();
    assertTrue(ai <= AI_REQUESTS, () -> "AI: " + ai);
    assertTrue(paths.size() - ai <= GENERAL_REQUESTS, () -> "general: " + (paths.size() - ai));
  }
}
