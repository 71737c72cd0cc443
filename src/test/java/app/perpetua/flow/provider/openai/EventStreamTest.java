package app.perpetua.flow.provider.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.assistant.Failure;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventStreamTest {
  private static final String STREAM =
      """
      \uFEFFdata: one

      : comment
      event: x
      data: zwei ü👩‍🚀
      data:drei
      data
      id: 4

      event: nothing

      datas: no
      data : no

      data:  two spaces

      data: unfinished
      """;

  private static final List<String> EVENTS = List.of("one", "zwei ü👩‍🚀\ndrei\n", " two spaces");

  private static List<String> read(EventStream stream, byte[]... pieces) throws ModelCallException {
    List<String> events = new ArrayList<>();
    for (byte[] piece : pieces) {
      stream.feed(ByteBuffer.wrap(piece));
      for (Optional<String> next = stream.poll(); next.isPresent(); next = stream.poll()) {
        events.add(next.get());
      }
    }
    return events;
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void chunk_boundaries_do_not_matter(String newline) throws Exception {
    byte[] bytes = STREAM.replace("\n", newline).getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i <= bytes.length; i++) {
      byte[] one = Arrays.copyOf(bytes, i);
      byte[] other = Arrays.copyOfRange(bytes, i, bytes.length);
      assertEquals(EVENTS, read(new EventStream(1_000), one, other), "cut at " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void chunk_sizes_do_not_matter(int size) throws Exception {
    byte[] bytes = STREAM.getBytes(StandardCharsets.UTF_8);
    List<byte[]> pieces = new ArrayList<>();
    for (int i = 0; i < bytes.length; i += size) {
      pieces.add(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + size)));
    }
    assertEquals(EVENTS, read(new EventStream(1_000), pieces.toArray(byte[][]::new)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "data:¶¶ | ",
        "data¶¶ | ",
        "data: ¶¶ | ",
        "data:¶data:¶¶ | ",
        "event: ping¶data:¶¶ | ",
        "event: ping¶¶ | ",
        ": comment¶¶ | ",
        ":¶:¶¶:¶ | ",
        "id: 1¶retry: 5¶¶ | ",
        "¶¶¶ | ",
        "data:one¶¶ | one",
        "data: one¶¶ | one",
        "data: one | ",
        "data: one¶ | ",
        "data: one¶¶data: two¶ | one",
        "data: one¶data: two¶¶ | one+two",
        "data: one¶data¶data:¶data: two¶¶ | one+++two",
        "data:¶data: one¶¶ | +one",
        "data: one¶: comment¶event: x¶id¶retry:¶unknown: y¶:¶data: two¶¶ | one+two",
        "data: one¶¶data:¶¶: c¶¶event: ping¶data¶¶data: two¶¶ | one,two",
        "¶¶data: one¶¶¶¶data: two¶¶ | one,two",
        "BOMdata: one¶¶BOMdata: two¶¶ | one",
        "BOMBOMdata: one¶¶ | ",
        "Data: one¶¶ | ",
        "` data: one¶¶` | ",
        "data : one¶¶ | ",
        "data: a:b: c¶¶ | a:b: c",
        "event: response.created¶data: one¶id: 7¶¶ | one",
      })
  void an_event_has_the_data_of_its_lines(String stream, @Nullable String expected)
      throws Exception {
    List<String> events =
        expected == null
            ? List.of()
            : Arrays.stream(expected.split(",")).map(event -> event.replace('+', '\n')).toList();
    for (String newline : List.of("\n", "\r\n", "\r")) {
      byte[] bytes =
          stream.replace("BOM", "\uFEFF").replace("¶", newline).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i <= bytes.length; i++) {
        byte[] one = Arrays.copyOf(bytes, i);
        byte[] other = Arrays.copyOfRange(bytes, i, bytes.length);
        assertEquals(events, read(new EventStream(1_000), one, other), "cut at " + i);
      }
    }
  }

  @Test
  void line_ends_can_be_mixed() throws Exception {
    byte[] bytes =
        "data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r\n".getBytes(StandardCharsets.UTF_8);
    assertEquals(List.of("a\nb\nc", "d"), read(new EventStream(100), bytes));
  }

  @Test
  void invalid_utf_8_is_replaced() throws Exception {
    byte[] bytes = {'d', 'a', 't', 'a', ':', (byte) 0xC3, '\n', '\n'};
    assertEquals(List.of("\uFFFD"), read(new EventStream(100), bytes));
  }

  @Test
  void lines_and_events_are_bounded() throws Exception {
    byte[] fits = ("data:" + "x".repeat(95) + "\n\n").getBytes(StandardCharsets.UTF_8);
    assertEquals(2, read(new EventStream(100), fits, fits).size());
    byte[] line = "x".repeat(101).getBytes(StandardCharsets.UTF_8);
    assertTooLarge(line);
    assertTooLarge("data:xxxxxxxxxx\n".repeat(20).getBytes(StandardCharsets.UTF_8));
  }

  private static void assertTooLarge(byte[] bytes) {
    ModelCallException broken =
        assertThrows(ModelCallException.class, () -> read(new EventStream(100), bytes));
    assertInstanceOf(Failure.TooLarge.class, broken.failure());
  }
}
