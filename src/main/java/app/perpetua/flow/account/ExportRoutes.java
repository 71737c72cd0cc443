package app.perpetua.flow.account;

import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.limits.FileAdmission;
import app.perpetua.flow.http.limits.Permit;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Tx;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;

/** The endpoint that exports a user's data. */
final class ExportRoutes {
  /** On disk, each until its client has read it. */
  private static final int FILES_AT_ONCE = 8;

  private static final String JSON = "application/json";
  private static final String CSV = "text/csv";

  private final Export export;
  private final FileAdmission files = new FileAdmission(FILES_AT_ONCE, "exports");

  ExportRoutes(Export export) {
    this.export = export;
  }

  /** GET /users/me/export. */
  Function<Tx, Supplier<Reply>> export(Request request) {
    String format = request.query().oneOf("format", "json", "csv");
    boolean csv = format == null ? request.accept().prefers(CSV, JSON) : format.equals("csv");
    return tx -> {
      Actor actor = tx.actor();
      UUID user = tx.userId();
      return () -> {
        Permit permit = files.acquire(user);
        return csv ? tasks(actor, permit) : document(actor, permit);
      };
    };
  }

  private Reply tasks(Actor actor, Permit permit) {
    return new Reply.WithHeaders(
        Reply.stream(CSV + "; charset=utf-8", sending(() -> export.tasks(actor), permit)),
        Map.of("Content-Disposition", "attachment; filename=\"tasks.csv\""));
  }

  private Reply document(Actor actor, Permit permit) {
    return Reply.stream(JSON, sending(() -> export.document(actor), permit));
  }

  private static Reply.Writer sending(Supplier<Export.Result> read, Permit permit) {
    Export.Result result = null;
    try {
      result = read.get();
    } finally {
      if (result == null) {
        permit.close();
      }
    }
    Export.Result complete = result;
    return out -> {
      try (permit;
          complete) {
        complete.writeTo(out);
      }
    };
  }
}
