package app.perpetua.flow.credits;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.function.Function;

/** Endpoints of credits. */
final class CreditRoutes {
  private record AssistantBalance(
      int dailyFree, int subscription, int purchased, int kickstart, int total) {}

  private record AssistantStatement(AssistantBalance balance, Instant dailyResetAt, Tier tier) {}

  private final Credits credits;

  CreditRoutes(Credits credits) {
    this.credits = credits;
  }

  /** GET /credits/balance. */
  Function<Tx, Reply> balance(Request request) {
    return tx -> Reply.ok(credits.statement(tx).balance());
  }

  /** GET /credits/history. */
  Function<Tx, Reply> history(Request request) {
    QueryParameters query = request.query();
    PageRequest page = query.pageOrCursor();
    query.validate();
    return tx -> Reply.page(credits.history(tx, page));
  }

  /** GET /ai/credits: the balance in the shape of the assistant's endpoints. */
  Function<Tx, Reply> forAssistant(Request request) {
    return tx -> {
      Credits.Statement statement = credits.statement(tx);
      Balance balance = statement.balance();
      return Reply.ok(
          new AssistantStatement(
              new AssistantBalance(
                  balance.daily(),
                  balance.subscription(),
                  balance.purchased(),
                  balance.kickstart(),
                  balance.total()),
              statement.dailyResetAt(),
              statement.tier()));
    };
  }
}
