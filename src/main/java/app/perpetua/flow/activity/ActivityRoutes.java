package app.perpetua.flow.activity;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.util.function.Function;

/** Endpoints of the activity log. */
final class ActivityRoutes {
  private static final int MAX_ACTION_LENGTH = 100;
  private static final String[] ENTITY_TYPES = {
    "task", "subtask", "template", "note",
    "reminder", "focus", "ai", "credit",
    "subscription", "achievement", "user", "list",
    "label", "filter"
  };

  private final Activity activity;

  ActivityRoutes(Activity activity) {
    this.activity = activity;
  }

  /** GET /activity. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    ActivityFilter filter =
        new ActivityFilter(
            query.oneOf("entity_type", ENTITY_TYPES),
            query.uuid("entity_id"),
            query.text("action", MAX_ACTION_LENGTH),
            query.oneOf("source", Actor.Source.class),
            query.instant("since"),
            query.pageOrCursor());
    query.validate();
    return tx -> Reply.page(activity.list(tx, filter));
  }
}
