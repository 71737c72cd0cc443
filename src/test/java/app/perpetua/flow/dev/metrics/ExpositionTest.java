package app.perpetua.flow.dev.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.dev.metrics.Exposition.Series;
import app.perpetua.flow.observability.Metrics;
import app.perpetua.flow.parsing.Accept;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExpositionTest {
  @Test
  void samples_are_read_and_comments_are_not() {
    Exposition read =
        Exposition.parse(
            """
            # HELP up Whether it is up {a="b"} 1
            # TYPE up gauge

            up 1
            seconds_bucket{route="/tasks/{id}",le="+Inf"} 3.5e2
            seconds_bucket{ route = "x" , } 2 1395066363000
            low -Inf
            nothing NaN
            """
                .replace(" = ", "="));
    assertEquals(
        Map.of(
            new Series("up", Map.of()),
            1.0,
            new Series("seconds_bucket", Map.of("route", "/tasks/{id}", "le", "+Inf")),
            350.0,
            new Series("seconds_bucket", Map.of("route", "x")),
            2.0,
            new Series("low", Map.of()),
            Double.NEGATIVE_INFINITY,
            new Series("nothing", Map.of()),
            Double.NaN),
        read.values());
  }

  @Test
  void escapes_in_label_values_are_resolved() {
    Exposition read = Exposition.parse("a{path=\"C:\\\\new\\n\\\"x\\\", $1\"} 1");
    assertEquals("C:\\new\n\"x\", $1", read.values().keySet().iterator().next().label("path"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"<html>", "up", "up one", "up{a=\"b} 1", "up{a=b} 1", "up{a=\"b\" c=\"d\"} 1"})
  void other_text_is_refused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Exposition.parse(text));
  }

  @Test
  void the_services_own_metrics_are_read_completely() {
    try (Metrics metrics = new Metrics()) {
      String text = metrics.scrape(Accept.parse(List.of())).text();
      long samples = text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).count();
      Exposition read = Exposition.parse(text);
      assertEquals(samples, read.values().size());
      assertFalse(read.of("jvm_memory_used_bytes").sum() <= 0);
    }
  }

  @Test
  void a_counter_counts_from_zero_after_a_reset_and_at_its_beginning() {
    Series series = new Series("n", Map.of());
    Exposition five = Exposition.parse("n 5");
    assertEquals(4, Exposition.parse("n 9").increase(series, five));
    assertEquals(2, Exposition.parse("n 2").increase(series, five));
    assertEquals(5, five.increase(series, Exposition.EMPTY));
    assertEquals(0, Exposition.EMPTY.increase(series, five));
  }
}
