package app.perpetua.flow.quickadd;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.auth.Scope;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.quickadd.QuickAdd.Added;
import app.perpetua.flow.sql.Tx;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The endpoint of quick add. */
final class QuickAddRoutes {
  private static final int CREATED = 201;
  private static final int OK = 200;
  private static final Set<Scope> OF_REMINDERS = Set.of(Scope.REMINDERS_WRITE);

  private final QuickAdd quickAdd;

  QuickAddRoutes(QuickAdd quickAdd) {
    this.quickAdd = quickAdd;
  }

  /** POST /tasks/quick. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().required("text").notNull("dry_run");
    String text = body.untrimmedText("text", 1, QuickAdd.MAX_TEXT);
    boolean dryRun = Boolean.TRUE.equals(body.bool("dry_run"));
    body.validate();
    return tx -> {
      Added added = quickAdd.prepare(tx, Objects.requireNonNull(text));
      if (!added.reminders().isEmpty()) {
        request.principal().requireScopes(OF_REMINDERS);
      }
      if (dryRun) {
        Preview preview = Preview.of(added);
        return Reply.data(
            OK,
            preview.task(),
            beside(preview.template(), preview.reminders(), preview.labelsCreated(), added));
      }
      quickAdd.insert(tx, added);
      return Reply.data(
          CREATED,
          added.task(),
          beside(added.template(), added.reminders(), added.labelsCreated(), added));
    };
  }

  private static Map<String, @Nullable Object> beside(
      @Nullable Object template, Object reminders, Object labelsCreated, Added added) {
    Map<String, @Nullable Object> beside = new LinkedHashMap<>();
    beside.put("template", template);
    beside.put("reminders", reminders);
    beside.put("labels_created", labelsCreated);
    beside.put("title", added.text().title());
    beside.put("spans", added.text().spans());
    return beside;
  }
}
