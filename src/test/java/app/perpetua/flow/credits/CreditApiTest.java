package app.perpetua.flow.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

class CreditApiTest {
  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  @Test
  void FR_037_a_new_user_has_five_credits() {
    JsonNode balance = api.get("/api/v1/credits/balance").expect(200).data();
    assertEquals(5, balance.get("kickstart").intValue());
    assertEquals(5, balance.get("total").intValue());
    JsonNode history = api.get("/api/v1/credits/history").expect(200).json();
    assertEquals(1, history.get("pagination").get("total").intValue());
    JsonNode line = history.get("data").get(0);
    assertEquals("kickstart", line.get("credit_type").stringValue());
    assertEquals("grant", line.get("operation").stringValue());
    assertEquals(5, line.get("balance_after").intValue());
  }

  @Test
  void FR_132_type_and_category_have_the_values_of_operation_and_credit_type() {
    JsonNode line = api.get("/api/v1/credits/history").expect(200).data().get(0);
    assertEquals("grant", line.get("type").stringValue());
    assertEquals("kickstart", line.get("category").stringValue());
  }

  @Test
  void FR_038_the_assistants_view_shows_when_daily_credits_expire() {
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
    JsonNode credits = api.get("/api/v1/ai/credits").expect(200).data();
    assertEquals(10, credits.get("balance").get("daily_free").intValue());
    assertEquals(15, credits.get("balance").get("total").intValue());
    assertEquals("pro", credits.get("tier").stringValue());
    String midnight =
        service
                .clock()
                .instant()
                .atOffset(ZoneOffset.UTC)
                .truncatedTo(ChronoUnit.DAYS)
                .plusDays(1)
                .toLocalDate()
            + "T00:00:00.000Z";
    assertEquals(midnight, credits.get("daily_reset_at").stringValue());
  }

  @Test
  void FR_040_the_daily_job_stores_what_the_balance_shows() {
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
    service.clock().advance(Duration.ofDays(1));
    JsonNode shown =
        service.signIn(subject()).api().get("/api/v1/credits/balance").expect(200).data();
    service.runDueJobs();
    assertEquals(
        shown, service.signIn(subject()).api().get("/api/v1/credits/balance").expect(200).data());
    assertEquals(
        10,
        database.number(
            "select sum(amount) from billing.ai_credit_grants where user_id = ? and credit_type = 'daily'",
            user.userId()));
  }

  private String subject() {
    return String.valueOf(
        database
            .row("select google_id from auth.users where id = ?", user.userId())
            .get("google_id"));
  }

  @Test
  void invalid_paging_of_the_ledger_is_refused() {
    api.invalidOnPurpose().get("/api/v1/credits/history?limit=0").expect(400);
    service.api().get("/api/v1/credits/balance").expect(401);
  }
}
