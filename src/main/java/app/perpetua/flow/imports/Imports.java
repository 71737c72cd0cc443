package app.perpetua.flow.imports;

import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Spool;
import app.perpetua.flow.imports.Import.Added;
import app.perpetua.flow.imports.Import.Progress;
import app.perpetua.flow.jobs.Jobs;
import app.perpetua.flow.sql.Page;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Accepts files to import and reports what became of them. Methods that write require the owner's
 * lock. Thread-safe.
 *
 * <p>Methods that take an id refuse another user's row with {@code FORBIDDEN} and a missing one
 * with {@code NOT_FOUND}; methods that list refuse a deleted account with {@code UNAUTHORIZED}.
 */
final class Imports {
  /** Of one user. */
  static final int MAX_UNFINISHED = 5;

  private static final int PART_BYTES = 256 * 1024;

  /** How long a file is kept after its import has finished. */
  private static final Duration FILES_KEPT = Duration.ofDays(7);

  private static final Duration REPORTS_KEPT = Duration.ofDays(90);

  private final Ids ids;
  private final Json json;
  private final Jobs jobs;

  Imports(Ids ids, Json json, Jobs jobs) {
    this.ids = ids;
    this.json = json;
    this.jobs = jobs;
  }

  /**
   * Stores a file and enqueues the job that imports it.
   *
   * @param list for tasks of which the file names none; null for the inbox
   * @param compressed whether the file is compressed with gzip
   * @throws Refusal {@code LIMIT_EXCEEDED} if too many imports have not finished
   */
  Import create(
      Tx tx,
      Source source,
      boolean dryRun,
      @Nullable String list,
      Spool content,
      boolean compressed) {
    int unfinished =
        tx.sql("imports.count_unfinished").one(row -> row.integer("unfinished")).orElseThrow();
    if (unfinished >= MAX_UNFINISHED) {
      throw Refusal.limitExceeded(
          "at most " + MAX_UNFINISHED + " imports may be unfinished", MAX_UNFINISHED, unfinished);
    }
    UUID id = ids.next();
    try {
      Import created =
          new Import(
              id,
              source,
              dryRun,
              Import.State.QUEUED,
              new Progress(0, null, 0, 0, 0),
              new Added(0, 0, 0, 0, 0, 0, 0, 0),
              null,
              new Import.File((int) content.size(), compressed, list, tx.owner().timezone()),
              tx.now(),
              null);
      tx.sql("imports.insert_import")
          .bind("id", id)
          .bind("source", source)
          .bind("dry_run", dryRun)
          .bind("file_bytes", created.file().bytes())
          .bind("compressed", created.file().compressed())
          .bind("list", list)
          .bind("timezone", created.file().timezone())
          .run();
      insertParts(tx, id, content);
      jobs.enqueue(tx, ImportJob.KIND, id.toString(), tx.now(), Map.of());
      return created;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void insertParts(Tx tx, UUID id, Spool content) throws IOException {
    // Not closed, because the transaction may run again.
    InputStream in = content.input();
    int part = 0;
    for (byte[] bytes = in.readNBytes(PART_BYTES);
        bytes.length > 0;
        bytes = in.readNBytes(PART_BYTES)) {
      tx.sql("imports.insert_part")
          .bind("import_id", id)
          .bind("part", part)
          .bind("content", bytes)
          .run();
      part++;
    }
  }

  /** One page of the imports, newest first. */
  Page<Import> list(Tx tx, PageRequest.ByOffset page) {
    return tx.sql("imports.list_imports").page(page, Import::of);
  }

  Import get(Tx tx, UUID id) {
    return tx.sql("imports.find_import")
        .bind("id", id)
        .one(Import::of)
        .orElseThrow(() -> tx.missing("imports.find_import_owner", "import", id));
  }

  /** One page of what became of the entries, in the order of the file. */
  Page<ReportLine> report(
      Tx tx, UUID id, ReportLine.@Nullable Outcome outcome, PageRequest.ByOffset page) {
    get(tx, id);
    return tx.sql("imports.list_report")
        .bind("import_id", id)
        .bind("outcome", outcome)
        .page(
            page,
            row ->
                new ReportLine(
                    row.integerOrNull("line"),
                    row.text("entity_type"),
                    row.text("source_id"),
                    row.text("title"),
                    row.wireName("outcome", ReportLine.Outcome.class),
                    row.uuidOrNull("entity_id"),
                    List.of(json.read(row.text("reasons"), String[].class))));
  }

  /** Deletes files of imports that finished a week ago. */
  static int deleteExpiredFiles(Tx tx, int limit) {
    return tx.sql("imports.delete_expired_parts")
        .bind("horizon", tx.now().minus(FILES_KEPT))
        .bind("count", limit)
        .run();
  }

  /** Deletes imports with their reports. */
  static int deleteExpired(Tx tx, int limit) {
    // The lines of one are deleted with it, up to a hundred thousand.
    int few = Math.max(1, limit / 100);
    return tx.sql("imports.delete_expired_imports")
        .bind("horizon", tx.now().minus(REPORTS_KEPT))
        .bind("count", few)
        .run();
  }
}
