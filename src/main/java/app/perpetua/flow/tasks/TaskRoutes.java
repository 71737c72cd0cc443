package app.perpetua.flow.tasks;

import app.perpetua.flow.achievements.Achievements;
import app.perpetua.flow.http.Body;
import app.perpetua.flow.http.Page;
import app.perpetua.flow.http.Query;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.sql.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;

/** Requests about tasks: parsed, checked as far as that needs no database, answered. */
public final class TaskRoutes {
  private static final int TITLE = 200;
  private static final int MAX_MINUTES = 720;
  private static final String[] PRIORITIES = {"low", "medium", "high"};
  private static final String[] SORTS = {
    "created_at",
    "-created_at",
    "due_date",
    "-due_date",
    "priority",
    "-priority",
    "updated_at",
    "-updated_at"
  };

  private final Tasks tasks;
  private final Achievements achievements;
  private final int longestDescription;

  /** The routes over these rules; answers tell what a completion has unlocked. */
  public TaskRoutes(Tasks tasks, Achievements achievements, TaskConfig config) {
    this.tasks = tasks;
    this.achievements = achievements;
    this.longestDescription = Math.max(config.freeDescription(), config.proDescription());
  }

  /** GET /tasks. */
  public Function<Tx, Reply> list(Request request) {
    Query query = request.query();
    Page page = query.page();
    String sort = query.oneOf("sort", SORTS);
    String order = sort == null ? "created_at" : sort.replaceFirst("^-", "");
    // Newest first is the natural order of what has happened, soonest first of what is to come.
    boolean naturallyDescending = order.equals("created_at") || order.equals("updated_at");
    boolean reversed = sort != null && sort.startsWith("-");
    String words = query.text("q", TITLE);
    TaskFilter filter =
        new TaskFilter(
            query.bool("completed"),
            query.oneOf("priority", PRIORITIES),
            Boolean.TRUE.equals(query.bool("hidden")),
            Boolean.TRUE.equals(query.bool("archived")),
            query.instant("due_before"),
            query.instant("due_after"),
            query.uuid("template_id"),
            words == null ? List.of() : List.of(words.split("\\s+")),
            order,
            naturallyDescending != reversed,
            page.offset(),
            page.limit());
    query.done();
    return tx -> {
      Tasks.Listing listing = tasks.list(tx, filter);
      return Reply.page(page, new Page.Slice<>(listing.tasks(), listing.total()));
    };
  }

  /** GET /tasks/{id}. */
  public Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(tasks.detail(tx, id));
  }

  /** POST /tasks. */
  public Function<Tx, Reply> create(Request request) {
    Body body = request.body().required("title").notNull("priority");
    String title = body.text("title", 1, TITLE);
    String description = body.verbatim("description", 0, longestDescription);
    String priority = body.oneOf("priority", PRIORITIES);
    Instant due = body.instant("due_date");
    Integer minutes = body.integer("estimated_duration", 1, MAX_MINUTES);
    if (due != null && !Tasks.dueDateFits(due, request.now())) {
      body.fault("due_date", Tasks.dueDateMessage());
    }
    body.done();
    TaskDraft draft =
        new TaskDraft(
            Objects.requireNonNull(title),
            description == null ? "" : description,
            priority == null ? "medium" : priority,
            due,
            minutes);
    return tx -> Reply.created(tasks.create(tx, draft));
  }

  /** PATCH and PUT /tasks/{id}. */
  public Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    Body body =
        request.body().notNull("version", "title", "priority", "completed", "hidden", "archived");
    String description = body.verbatim("description", 0, longestDescription);
    TaskPatch patch =
        new TaskPatch(
            body.integer("version", Integer.MIN_VALUE, Integer.MAX_VALUE),
            body.text("title", 1, TITLE),
            body.has("description") && description == null ? "" : description,
            body.oneOf("priority", PRIORITIES),
            new TaskPatch.Edit<>(body.has("due_date"), body.instant("due_date")),
            new TaskPatch.Edit<>(
                body.has("estimated_duration"), body.integer("estimated_duration", 1, MAX_MINUTES)),
            body.bool("completed"),
            body.bool("hidden"),
            body.bool("archived"));
    if (patch.setsFields() && !body.has("version")) {
      body.fault("version", "is required unless only completed, hidden or archived are set");
    }
    body.done();
    return tx -> {
      Tasks.Changed changed = tasks.patch(tx, id, patch);
      return Reply.data(
          200,
          changed.task(),
          changed.completedNow()
              ? Map.of("unlocked_achievements", achievements.unlocked(tx))
              : Map.of());
    };
  }

  /** POST /tasks/{id}/force-complete. */
  public Function<Tx, Reply> forceComplete(Request request) {
    UUID id = request.pathId("id");
    Body body = request.body().required("version");
    Integer version = body.integer("version", Integer.MIN_VALUE, Integer.MAX_VALUE);
    body.done();
    return tx -> {
      Task task = tasks.forceComplete(tx, id, Objects.requireNonNull(version));
      return Reply.ok(new Forced(task, achievements.unlocked(tx), achievements.streak(tx)));
    };
  }

  /** DELETE /tasks/{id}. */
  public Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(tasks.delete(tx, id));
  }

  /** The answer to a forced completion. */
  private record Forced(Task task, List<Achievements.Unlocked> unlockedAchievements, int streak) {}
}
