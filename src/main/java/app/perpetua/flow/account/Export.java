package app.perpetua.flow.account;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Query;
import app.perpetua.flow.sql.Tx;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;

/**
 * Writes all data of a user as one JSON document. Rows are read in pages, and the connection is
 * returned to the pool before a page is written, so that a slow client holds none. The document is
 * therefore not a snapshot. Thread-safe.
 */
public final class Export {
  private static final int PAGE_SIZE = 50;

  /** Rows have up to 100,000 characters, and a page stays in memory until it is written. */
  private static final int VOICE_PAGE_SIZE = 5;

  private static final String NO_ID = "00000000-0000-0000-0000-000000000000";

  /**
   * An array of the document.
   *
   * @param statement selects {@code cursor} and {@code json} of the rows after {@code :after}
   * @param start a cursor before the first row
   */
  private record Section(String name, Function<Tx, Query> statement, String start, int pageSize) {
    Section(String name, Function<Tx, Query> statement, String start) {
      this(name, statement, start, PAGE_SIZE);
    }
  }

  private static final List<Section> SECTIONS =
      List.of(
          new Section("tasks", tx -> tx.sql("export.page_tasks"), NO_ID),
          new Section("templates", tx -> tx.sql("export.page_templates"), NO_ID),
          new Section("notes", tx -> tx.sql("export.page_notes"), NO_ID),
          new Section("reminders", tx -> tx.sql("export.page_reminders"), NO_ID),
          new Section("focus_sessions", tx -> tx.sql("export.page_focus_sessions"), NO_ID),
          new Section(
              "voice_sessions", tx -> tx.sql("export.page_voice_sessions"), NO_ID, VOICE_PAGE_SIZE),
          new Section("suggestions", tx -> tx.sql("export.page_suggestions"), NO_ID),
          new Section("notifications", tx -> tx.sql("export.page_notifications"), NO_ID),
          new Section("push_subscriptions", tx -> tx.sql("export.page_push_subscriptions"), NO_ID),
          new Section("purchases", tx -> tx.sql("export.page_purchases"), NO_ID),
          new Section("payment_events", tx -> tx.sql("export.page_payment_events"), NO_ID),
          new Section("sessions", tx -> tx.sql("export.page_sessions"), NO_ID),
          new Section("activity", tx -> tx.sql("export.page_activity"), NO_ID),
          new Section("tombstones", tx -> tx.sql("export.page_tombstones"), NO_ID));

  private static final List<Section> CREDITS =
      List.of(
          new Section("grants", tx -> tx.sql("export.page_grants"), NO_ID),
          new Section("history", tx -> tx.sql("export.page_ledger"), "0"));

  private final Db db;
  private final Json json;

  public Export(Db db, Json json) {
    this.db = db;
    this.json = json;
  }

  /**
   * Writes everything that the user has entered, as one JSON document.
   *
   * @param now the time of the request
   */
  public void write(Actor actor, User user, Instant now, OutputStream out) throws IOException {
    put(out, "{\"exported_at\":" + json.text(now) + ",\"user\":" + json.text(user));
    for (Section section : SECTIONS) {
      put(out, ",");
      writeArray(actor, section, out);
    }
    put(out, ",\"credits\":{\"balance\":" + object(actor, tx -> tx.sql("export.find_balance")));
    for (Section section : CREDITS) {
      put(out, ",");
      writeArray(actor, section, out);
    }
    put(out, "},\"achievements\":" + object(actor, tx -> tx.sql("export.find_achievements")));
    put(out, ",\"subscription\":" + object(actor, tx -> tx.sql("export.find_subscription")) + "}");
  }

  private void writeArray(Actor actor, Section section, OutputStream out) throws IOException {
    record Item(String cursor, String json) {}
    put(out, "\"" + section.name() + "\":[");
    String after = section.start();
    List<Item> page;
    do {
      String from = after;
      page =
          db.read(
              actor,
              tx ->
                  section
                      .statement()
                      .apply(tx)
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

  private String object(Actor actor, Function<Tx, Query> statement) {
    return db.read(actor, tx -> statement.apply(tx).one(row -> row.text("json"))).orElse("null");
  }

  private static void put(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }
}
