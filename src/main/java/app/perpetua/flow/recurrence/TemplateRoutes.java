package app.perpetua.flow.recurrence;

import app.perpetua.flow.base.TimeZoneNames;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.tasks.TaskDraft;
import app.perpetua.flow.tasks.TaskForm;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Endpoints of templates. */
final class TemplateRoutes {
  private static final int MAX_TIMEZONE = 64;
  private static final String START_BOUNDS = "must be from 1970 on and at most five years ahead";
  private static final int PREVIEW = 10;
  private static final int MAX_PREVIEW = 100;

  private final Templates templates;
  private final TaskForm form;

  TemplateRoutes(Templates templates, TaskForm form) {
    this.templates = templates;
    this.form = form;
  }

  /** GET /templates. */
  Function<Tx, Reply> list(Request request) {
    QueryParameters query = request.query();
    PageRequest.ByOffset page = query.page();
    Boolean active = query.bool("active");
    query.validate();
    return tx -> Reply.page(templates.list(tx, active, page));
  }

  /** GET /templates/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(templates.get(tx, id));
  }

  /** POST /templates. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().required("rrule");
    TaskDraft fields = form.templateFields(body);
    Rrule rule = rule(body);
    Timing timing = timing(body, request.now());
    body.validate();
    TemplateDraft draft =
        new TemplateDraft(Objects.requireNonNull(fields), Objects.requireNonNull(rule), timing);
    return tx -> {
      body.checkTime();
      Templates.Created created = templates.create(tx, draft);
      return Reply.data(
          201,
          created.template(),
          Collections.<String, @Nullable Object>singletonMap("task", created.task().orElse(null)));
    };
  }

  /** PATCH /templates/{id}. */
  Function<Tx, Reply> patch(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("version", "rrule", "active", "apply_to");
    TemplatePatch patch =
        new TemplatePatch(
            body.version(),
            form.fieldPatch(body),
            rule(body),
            timing(body, request.now()),
            body.bool("active"),
            "future".equals(body.oneOf("apply_to", "template", "future")));
    body.validate();
    return tx -> {
      body.checkTime();
      return Reply.ok(templates.patch(tx, id, patch));
    };
  }

  /** DELETE /templates/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      templates.delete(tx, id);
      return Reply.noContent();
    };
  }

  /** GET /templates/{id}/preview. */
  Function<Tx, Reply> preview(Request request) {
    UUID id = request.pathId("id");
    QueryParameters query = request.query();
    int count = query.integer("count", PREVIEW, 1, MAX_PREVIEW);
    query.validate();
    return tx -> Reply.ok(templates.preview(tx, id, count));
  }

  /** POST /templates/preview. */
  Function<Tx, Reply> previewRule(Request request) {
    QueryParameters query = request.query();
    int defaultCount = query.integer("count", PREVIEW, 1, MAX_PREVIEW);
    query.validate();
    JsonReader body = request.body().required("rrule").notNull("count");
    int count = Objects.requireNonNullElse(body.integer("count", 1, MAX_PREVIEW), defaultCount);
    Rrule rule = rule(body);
    Timing timing = timing(body, request.now());
    body.validate();
    return tx -> {
      body.checkTime();
      return Reply.ok(templates.preview(tx, Objects.requireNonNull(rule), timing, count));
    };
  }

  private static @Nullable Rrule rule(JsonReader body) {
    String text = body.text("rrule", 1, RruleParser.MAX_LENGTH);
    if (text == null) {
      return null;
    }
    return switch (RruleParser.parse(text)) {
      case Rrule.Parsed.Valid(Rrule rule) -> rule;
      case Rrule.Parsed.Invalid(String reason) -> {
        body.addError("rrule", reason);
        yield null;
      }
    };
  }

  private static Timing timing(JsonReader body, Instant now) {
    body.notNull("starts_at", "starts_on", "timezone", "anchor");
    Instant startsAt = body.instant("starts_at");
    Instant latest = now.plus(Recurrence.LOOKAHEAD);
    if (startsAt != null && (startsAt.isBefore(Instant.EPOCH) || startsAt.isAfter(latest))) {
      body.addErrorOfNow("starts_at", START_BOUNDS);
    }
    LocalDate startsOn = body.date("starts_on");
    if (startsOn != null
        && (startsOn.isBefore(LocalDate.EPOCH)
            || startsOn.isAfter(LocalDate.ofInstant(latest, ZoneOffset.UTC)))) {
      body.addErrorOfNow("starts_on", START_BOUNDS);
    }
    if (startsAt != null && startsOn != null) {
      body.addError("starts_on", "must be absent if starts_at is given");
    }
    return new Timing(startsAt, startsOn, timezone(body), body.oneOf("anchor", Anchor.class));
  }

  private static @Nullable String timezone(JsonReader body) {
    String name = body.text("timezone", 1, MAX_TIMEZONE);
    if (name != null && !TimeZoneNames.contains(name)) {
      body.addError("timezone", "must be an IANA time zone such as Europe/Berlin");
      return null;
    }
    return name;
  }
}
