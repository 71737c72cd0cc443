package app.perpetua.flow.sql.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Secret;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DatabaseUrlTest {
  /** Neon's URLs have libpq's parameters, the direct one and the pooler's. */
  @ParameterizedTest
  @CsvSource({
    "ep-cool-name-123456.us-east-2.aws.neon.tech",
    "ep-cool-name-123456-pooler.us-east-2.aws.neon.tech",
  })
  void FR_111_urls_are_accepted_as_Neon_shows_them(String host) {
    DatabaseUrl url =
        DatabaseUrl.parse(
            "postgresql://flow_owner:npg_aB3%2Fx@"
                + host
                + "/flow?sslmode=require&channel_binding=require");
    assertEquals(
        "jdbc:postgresql://" + host + "/flow?sslmode=require&channelBinding=require",
        url.jdbcUrl());
    assertEquals("flow_owner", url.user().orElseThrow());
    assertEquals("npg_aB3/x", url.password().map(Secret::value).orElseThrow());
    assertEquals(host + ":5432/flow", url.address());
  }
}
