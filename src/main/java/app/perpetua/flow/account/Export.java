package app.perpetua.flow.account;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Spool;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Reads all data of a user from one snapshot. The snapshot is read into a compressed temporary
 * file, as fast as the disk takes it, and its connection is returned before the file is sent: a
 * client that reads slowly holds disk space, but neither a connection nor memory. Rows are read in
 * pages, each of which continues after the key of the one before, so that the whole costs what its
 * rows cost. Thread-safe.
 */
final class Export {
  /** The name and version of the format of the document, its first member. */
  static final String FORMAT = "perpetua-flow/1";

  /** For reading a snapshot; an account with a million entries takes half of it. */
  private static final Duration TIME = Duration.ofSeconds(60);

  /** On disk, compressed to a tenth in most cases. */
  private static final long MAX_FILE_BYTES = 256L * 1024 * 1024;

  private static final int BUFFER_BYTES = 64 * 1024;

  // A page stays in memory until it is written: a few hundred kilobytes in most cases.
  private static final int PAGE_SIZE = 50;

  /** For rows without texts. */
  private static final int SHORT_ROWS_PAGE_SIZE = 500;

  /** For rows of up to 100,000 characters. */
  private static final int VOICE_PAGE_SIZE = 5;

  private static final String NO_ID = "00000000-0000-0000-0000-000000000000";

  private static final int ATTEMPTS = 3;
  private static final Duration PAUSE = Duration.ofMillis(500);
  private static final Set<DatabaseException.Kind> TRANSIENT =
      EnumSet.of(
          DatabaseException.Kind.UNAVAILABLE,
          DatabaseException.Kind.LOCKED,
          DatabaseException.Kind.RETRY);

  /**
   * An array of the document.
   *
   * @param statement selects {@code cursor} and {@code json} of the rows after {@code :after}
   * @param start a cursor before the first row
   */
  private record Section(String name, String statement, String start, int pageSize) {
    Section(String name, String statement) {
      this(name, statement, NO_ID, PAGE_SIZE);
    }
  }

  private static final List<Section> SECTIONS =
      List.of(
          new Section("tasks", "export.page_tasks"),
          new Section("templates", "export.page_templates"),
          new Section("lists", "export.page_lists"),
          new Section("labels", "export.page_labels"),
          new Section("notes", "export.page_notes"),
          new Section("filters", "export.page_filters"),
          new Section("reminders", "export.page_reminders", NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("focus_sessions", "export.page_focus_sessions", NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("voice_sessions", "export.page_voice_sessions", NO_ID, VOICE_PAGE_SIZE),
          new Section("suggestions", "export.page_suggestions"),
          new Section("notifications", "export.page_notifications"),
          new Section("push_subscriptions", "export.page_push_subscriptions"),
          new Section("webhook_endpoints", "export.page_webhook_endpoints"),
          new Section("webhook_deliveries", "export.page_webhook_deliveries"),
          new Section("access_tokens", "export.page_access_tokens"),
          new Section("calendar_feeds", "export.page_calendar_feeds"),
          new Section("purchases", "export.page_purchases"),
          new Section("payment_events", "export.page_payment_events"),
          new Section("sessions", "export.page_sessions"),
          new Section(
              "activity", "export.page_activity", "-infinity/" + NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("tombstones", "export.page_tombstones"),
          new Section("imports", "export.page_imports"));

  private static final List<Section> CREDITS =
      List.of(
          new Section("grants", "export.page_grants", NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("history", "export.page_ledger", "0", SHORT_ROWS_PAGE_SIZE));

  /** Writes one of the formats from the snapshot of a transaction. */
  private interface Format {
    void write(Tx tx, OutputStream out) throws IOException;
  }

  private final Db db;
  private final Users users;
  private final Json json;
  private final TaskCsv csv;

  Export(Db db, Users users, Json json) {
    this.db = db;
    this.users = users;
    this.json = json;
    this.csv = new TaskCsv(json);
  }

  /** A file that has been read, to be sent once. */
  static final class Result implements AutoCloseable {
    private final Spool file;

    private Result(Spool file) {
      this.file = file;
    }

    /** Writes it, without the compression. */
    void writeTo(OutputStream out) throws IOException {
      try (InputStream in = new GZIPInputStream(file.input(), BUFFER_BYTES)) {
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          out.write(buffer, 0, read);
        }
      }
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /**
   * Reads the document.
   *
   * @throws Refusal {@code SERVICE_UNAVAILABLE} if the temporary file cannot be written
   */
  Result document(Actor actor) {
    return new Result(read(() -> snapshot(actor, this::writeDocument)));
  }

  /** Reads the tasks as CSV, as {@link #document}. */
  Result tasks(Actor actor) {
    Format format =
        (tx, out) -> {
          csv.writeHeader(out);
          forEachPage(tx, SECTIONS.getFirst(), page -> csv.writeTasks(page, out));
        };
    return new Result(read(() -> snapshot(actor, format)));
  }

  private Spool snapshot(Actor actor, Format format) {
    try {
      Spool file = Spool.create(MAX_FILE_BYTES);
      boolean complete = false;
      try (OutputStream out = new FastGzip(file.output())) {
        db.snapshot(
            actor,
            TIME,
            tx -> {
              try {
                format.write(tx, out);
                return file;
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
        complete = true;
      } finally {
        if (!complete) {
          file.close();
        }
      }
      return file;
    } catch (IOException | UncheckedIOException e) {
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the export cannot be stored at the moment")
          .retryAfter(Duration.ofSeconds(10))
          .because(e);
    }
  }

  /** The fastest level takes a third of the time of the usual one, for a tenth more bytes. */
  private static final class FastGzip extends GZIPOutputStream {
    FastGzip(OutputStream out) throws IOException {
      super(out, BUFFER_BYTES);
      def.setLevel(Deflater.BEST_SPEED);
    }
  }

  private void writeDocument(Tx tx, OutputStream out) throws IOException {
    put(
        out,
        "{\"format\":\""
            + FORMAT
            + "\",\"exported_at\":"
            + json.text(tx.now())
            + ",\"user\":"
            + json.text(users.me(tx)));
    for (Section section : SECTIONS) {
      put(out, ",");
      writeArray(tx, section, out);
    }
    put(out, ",\"credits\":{\"balance\":" + object(tx, "export.find_balance"));
    for (Section section : CREDITS) {
      put(out, ",");
      writeArray(tx, section, out);
    }
    put(out, "},\"achievements\":" + object(tx, "export.find_achievements"));
    put(out, ",\"subscription\":" + object(tx, "export.find_subscription") + "}");
  }

  private static void writeArray(Tx tx, Section section, OutputStream out) throws IOException {
    put(out, "\"" + section.name() + "\":[");
    boolean[] first = {true};
    forEachPage(
        tx,
        section,
        page -> {
          for (String row : page) {
            put(out, first[0] ? row : "," + row);
            first[0] = false;
          }
        });
    put(out, "]");
  }

  private interface PageWriter {
    void write(List<String> rows) throws IOException;
  }

  private static void forEachPage(Tx tx, Section section, PageWriter writer) throws IOException {
    record Item(String cursor, String json) {}
    String after = section.start();
    List<Item> page;
    do {
      page =
          tx.sql(section.statement())
              .bind("after", after)
              .bind("page", section.pageSize())
              .list(row -> new Item(row.text("cursor"), row.text("json")));
      writer.write(page.stream().map(Item::json).toList());
      after = page.isEmpty() ? after : page.getLast().cursor();
    } while (page.size() == section.pageSize());
  }

  private static String object(Tx tx, String statement) {
    return tx.sql(statement).one(row -> row.text("json")).orElse("null");
  }

  /**
   * Reads again after a failure that may pass: one of thousands of pages must not end the whole.
   */
  private static <T> T read(Supplier<T> work) {
    for (int attempt = 1; true; attempt++) {
      try {
        return work.get();
      } catch (DatabaseException e) {
        if (attempt == ATTEMPTS || !TRANSIENT.contains(e.kind())) {
          throw e;
        }
        pause(e);
      }
    }
  }

  private static void pause(DatabaseException failure) {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }

  private static void put(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
