package app.perpetua.flow.imports;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.Upload;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Endpoints of imports. */
final class ImportRoutes {
  /** Code points of the name of a list. */
  private static final int MAX_LIST = 100;

  private final Imports imports;

  ImportRoutes(Imports imports) {
    this.imports = imports;
  }

  /** POST /imports. */
  BiFunction<Tx, Upload, Reply> create(Request request) {
    QueryParameters query = request.query();
    Source source = query.oneOf("source", Source.class);
    boolean dryRun = Boolean.TRUE.equals(query.bool("dry_run"));
    String list = query.text("list", MAX_LIST);
    query.validate();
    if (source == null) {
      throw Refusal.invalid("source", "is required: where the file comes from");
    }
    if (list != null && source.namesLists()) {
      throw Refusal.invalid("list", "is for todoist_csv and icalendar: other files name lists");
    }
    return (tx, upload) ->
        Reply.created(imports.create(tx, source, dryRun, list, upload.file(), upload.compressed()));
  }

  /** GET /imports. */
  Function<Tx, Reply> list(Request request) {
    PageRequest.ByOffset page = request.query().page();
    request.query().validate();
    return tx -> Reply.page(imports.list(tx, page));
  }

  /** GET /imports/{id}. */
  Function<Tx, Reply> show(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(imports.get(tx, id));
  }

  /** GET /imports/{id}/report. */
  Function<Tx, Reply> report(Request request) {
    UUID id = request.pathId("id");
    QueryParameters query = request.query();
    ReportLine.Outcome outcome = query.oneOf("outcome", ReportLine.Outcome.class);
    PageRequest.ByOffset page = query.page();
    query.validate();
    return tx -> Reply.page(imports.report(tx, id, outcome, page));
  }
}
