package app.perpetua.flow.account;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.DatabaseException;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Writes all data of a user as one JSON document. Rows are read in pages, each of which continues
 * after the key of the one before, so that the whole costs what its rows cost. The connection is
 * returned to the pool before a page is written, so that a slow client holds none, and the time
 * limits of the database apply to a page. The document is therefore not a snapshot. Thread-safe.
 */
final class Export {
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
          new Section("notes", "export.page_notes"),
          new Section("reminders", "export.page_reminders", NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("focus_sessions", "export.page_focus_sessions", NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("voice_sessions", "export.page_voice_sessions", NO_ID, VOICE_PAGE_SIZE),
          new Section("suggestions", "export.page_suggestions"),
          new Section("notifications", "export.page_notifications"),
          new Section("push_subscriptions", "export.page_push_subscriptions"),
          new Section("webhook_endpoints", "export.page_webhook_endpoints"),
          new Section("webhook_deliveries", "export.page_webhook_deliveries"),
          new Section("calendar_feeds", "export.page_calendar_feeds"),
          new Section("purchases", "export.page_purchases"),
          new Section("payment_events", "export.page_payment_events"),
          new Section("sessions", "export.page_sessions"),
          new Section(
              "activity", "export.page_activity", "-infinity/" + NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("tombstones", "export.page_tombstones"));

  private static final List<Section> CREDITS =
      List.of(
          new Section("grants", "export.page_grants", NO_ID, SHORT_ROWS_PAGE_SIZE),
          new Section("history", "export.page_ledger", "0", SHORT_ROWS_PAGE_SIZE));

  private final Db db;
  private final Json json;

  Export(Db db, Json json) {
    this.db = db;
    this.json = json;
  }

  /** Writes the document; {@code now} is the time of the request. */
  void write(Actor actor, User user, Instant now, OutputStream out) throws IOException {
    put(out, "{\"exported_at\":" + json.text(now) + ",\"user\":" + json.text(user));
    for (Section section : SECTIONS) {
      put(out, ",");
      writeArray(actor, section, out);
    }
    put(out, ",\"credits\":{\"balance\":" + object(actor, "export.find_balance"));
    for (Section section : CREDITS) {
      put(out, ",");
      writeArray(actor, section, out);
    }
    put(out, "},\"achievements\":" + object(actor, "export.find_achievements"));
    put(out, ",\"subscription\":" + object(actor, "export.find_subscription") + "}");
  }

  private void writeArray(Actor actor, Section section, OutputStream out) throws IOException {
    record Item(String cursor, String json) {}
    put(out, "\"" + section.name() + "\":[");
    String after = section.start();
    List<Item> page;
    do {
      String from = after;
      page =
          read(
              actor,
              tx ->
                  tx.sql(section.statement())
                      .bind("after", from)
                      .bind("page", section.pageSize())
                      .list(row -> new Item(row.text("cursor"), row.text("json"))));
      StringBuilder text = new StringBuilder();
      for (Item item : page) {
        text.append(after.equals(section.start()) ? "" : ",").append(item.json());
        after = item.cursor();
      }
      put(out, text.toString());
    } while (page.size() == section.pageSize());
    put(out, "]");
  }

  private String object(Actor actor, String statement) {
    return read(actor, tx -> tx.sql(statement).one(row -> row.text("json"))).orElse("null");
  }

  /**
   * Reads again after a failure that may pass: one of thousands of pages must not end the whole.
   */
  private <T> T read(Actor actor, Function<Tx, T> work) {
    for (int attempt = 1; true; attempt++) {
      try {
        return db.read(actor, work);
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
