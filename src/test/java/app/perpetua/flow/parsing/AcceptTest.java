package app.perpetua.flow.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AcceptTest {
  private static final String JSON = "application/json";
  private static final String EVENTS = "text/event-stream";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | 1 | 1 | false",
        "*/* | 1 | 1 | false",
        "text/event-stream | 0 | 1 | true",
        "TEXT/Event-Stream | 0 | 1 | true",
        "text/event-stream;q=0 | 1 | 0 | false",
        "text/event-stream;q=0.000 | 1 | 0 | false",
        "text/event-stream ; Q=0 , */* | 1 | 0 | false",
        "text/event-stream;q=0, application/json | 1 | 0 | false",
        "text/event-stream;q=0.5, application/json | 1 | 0.5 | false",
        "text/event-stream, application/json;q=0.9 | 0.9 | 1 | true",
        "text/event-stream;q=0.001, application/json;q=0 | 0 | 0.001 | true",
        "application/json, text/event-stream | 1 | 1 | true",
        "text/event-stream, */* | 1 | 1 | true",
        "text/event-stream;q=0.1, */* | 1 | 0.1 | false",
        "text/*, application/* | 1 | 1 | false",
        "text/* | 0 | 1 | true",
        "text/*;q=0, text/event-stream | 0 | 1 | true",
        "*/*;q=0 | 0 | 0 | false",
        "application/json;q=0 | 0 | 1 | true",
        "application/json;q=0, text/event-stream;q=0 | 0 | 0 | false",
        "image/png | 0 | 0 | false",
        "text/event-stream;charset=utf-8;q=0.4 | 0 | 0.4 | true",
        "text/event-stream;x=\"a,b;q=0\" | 0 | 1 | true",
        "text/event-stream;q=1.000;ext=1 | 0 | 1 | true",
        "text/event-stream;q=0., */* | 1 | 0 | false"
      })
  void the_most_specific_range_and_its_q_decide(
      String header, double json, double events, boolean prefersEvents) {
    Accept accept = Accept.parse(List.of(header));
    assertEquals(json, accept.quality(JSON));
    assertEquals(events, accept.quality(EVENTS));
    assertEquals(prefersEvents, accept.prefers(EVENTS, JSON));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"q=abc", "q=1.1", "q=2", "q=-1", "q=0.1234", "q=", "q", "q=.5", "q=1e0", "q=NaN"})
  void a_range_with_a_malformed_q_is_ignored(String parameter) {
    Accept only = Accept.parse(List.of("text/event-stream;" + parameter));
    assertFalse(only.prefers(EVENTS, JSON));
    assertEquals(1, only.quality(JSON));
    Accept other = Accept.parse(List.of("text/event-stream;" + parameter + ", application/json"));
    assertEquals(0, other.quality(EVENTS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "/", "*", "text/", "*/json", "text/event stream", "(text/html)"})
  void a_malformed_range_is_ignored(String range) {
    assertEquals(1, Accept.parse(List.of(range)).quality(JSON));
    assertEquals(0, Accept.parse(List.of(range, "text/html")).quality(JSON));
  }

  @Test
  void several_headers_are_one_list() {
    Accept accept = Accept.parse(List.of("application/json;q=0.2", "text/event-stream;q=0.3"));
    assertEquals(0.2, accept.quality(JSON));
    assertEquals(0.3, accept.quality(EVENTS));
    assertEquals(1, Accept.parse(List.of()).quality(JSON));
  }
}
