package app.perpetua.flow.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NextLinkTest {
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "'', offset=25",
        "limit=25, limit=25&offset=25",
        "offset=0&limit=25, limit=25&offset=25",
        "offset=0&offset=7&q=a%20b+c, q=a%20b+c&offset=25",
        "%6Fffset=3&q=%C3%A9, q=%C3%A9&offset=25",
        "cursor=&sort=-due_date, sort=-due_date&offset=25",
        "cursor&&hidden=true, hidden=true&offset=25",
        "q=a>b\"é, q=a%3Eb%22%C3%A9&offset=25",
        "q=%zz&%zz=1, q=%zz&%zz=1&offset=25",
      })
  void FR_119_the_next_page_keeps_the_other_parameters(String query, String next) {
    assertEquals(
        "</api/v1/tasks?" + next + ">; rel=\"next\"",
        NextLink.of("/api/v1/tasks", query, "offset", "25"));
  }
}
