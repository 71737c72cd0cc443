package app.perpetua.flow.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of W3C Trace Context, and headers that violate it. */
class TraceContextTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";
  private static final String VALID = "00-" + TRACE + "-" + SPAN + "-01";

  @ParameterizedTest
  @ValueSource(
      strings = {
        VALID,
        " " + VALID + " ",
        "00-" + TRACE + "-" + SPAN + "-00",
        "01-" + TRACE + "-" + SPAN + "-01",
        "cc-" + TRACE + "-" + SPAN + "-01-what-the-future-will-be-like"
      })
  void a_valid_header_is_continued_with_a_new_span(String header) {
    TraceContext trace = TraceContext.continued(List.of(header));
    assertEquals(TRACE, trace.traceId());
    assertNotEquals(SPAN, trace.spanId());
    assertTrue(
        trace.traceparent().matches("00-" + TRACE + "-[0-9a-f]{16}-0[01]"), trace.traceparent());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "garbage",
        "ff-" + TRACE + "-" + SPAN + "-01",
        "00-00000000000000000000000000000000-" + SPAN + "-01",
        "00-" + TRACE + "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" + SPAN + "-01",
        "00-" + TRACE + "-" + SPAN,
        "00-" + TRACE + "-" + SPAN + "-1",
        "00-" + TRACE + "-" + SPAN + "-01-more",
        "00-" + TRACE + "-" + SPAN + "-01x",
        "cc-" + TRACE + "-" + SPAN + "-01.more",
        "0-" + TRACE + "-" + SPAN + "-01",
        "00-" + TRACE + "x-" + SPAN + "-01"
      })
  void an_invalid_header_is_ignored(String header) {
    TraceContext trace = TraceContext.continued(List.of(header));
    assertNotEquals(TRACE, trace.traceId());
    assertEquals(trace, new TraceContext(trace.traceId(), trace.spanId(), "01"));
    assertTrue(trace.traceparent().matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01"));
  }

  @Test
  void several_headers_are_ignored() {
    assertNotEquals(TRACE, TraceContext.continued(List.of(VALID, VALID)).traceId());
    assertNotEquals(TraceContext.start().traceId(), TraceContext.start().traceId());
  }

  @Test
  void a_child_has_the_trace_and_a_span_of_its_own() {
    TraceContext parent = TraceContext.continued(List.of(VALID));
    TraceContext child = parent.child();
    assertEquals(TRACE, child.traceId());
    assertEquals(parent.flags(), child.flags());
    assertNotEquals(parent.spanId(), child.spanId());
  }

  @Test
  void a_span_is_current_while_its_work_runs() {
    TraceContext trace = TraceContext.start();
    assertEquals(Optional.of(trace), trace.call(TraceContext::current));
    assertEquals(Optional.empty(), TraceContext.current());
  }
}
