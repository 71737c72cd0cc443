package app.perpetua.flow.calendar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.calendar.FeedTask.Alarm;
import app.perpetua.flow.calendar.FeedTask.Step;
import app.perpetua.flow.recurrence.Series;
import app.perpetua.flow.tasks.Priority;
import app.perpetua.flow.tasks.TaskDraft;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import net.fortuna.ical4j.model.Component;
import net.fortuna.ical4j.model.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CalendarWriterTest {
  private static final UUID ID = UUID.fromString("019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b");
  private static final String EVENT = ID + "-event@perpetua-flow";
  private static final Instant DUE = Instant.parse("2026-12-24T17:00:00.250Z");
  private static final Instant CREATED = Instant.parse("2026-11-01T08:00:00.900Z");
  private static final Instant UPDATED = Instant.parse("2026-11-02T09:30:00.100Z");
  private static final FeedTask PLAIN =
      task(new TaskDraft("Pay the rent", "", Priority.MEDIUM, DUE, null), null);

  private static FeedTask task(TaskDraft fields, @Nullable Instant completed) {
    return new FeedTask(ID, fields, completed, List.of(), List.of(), 3, CREATED, UPDATED);
  }

  private static Series series(String zone, String rrule) {
    return series(false, zone, rrule);
  }

  private static Series series(boolean allDay, String zone, String rrule) {
    return new Series(
        ID,
        new TaskDraft("Stand-up", "Daily.", Priority.LOW, null, 15),
        LocalDateTime.of(2026, 12, 1, 9, 30),
        allDay,
        zone,
        rrule,
        List.of(LocalDateTime.of(2026, 12, 2, 9, 30)),
        4,
        CREATED,
        UPDATED);
  }

  private static byte[] write(
      String name, CalendarFeed.Kind kind, List<FeedTask> tasks, List<Series> series) {
    CalendarFeeds.Opened opened =
        new CalendarFeeds.Opened(
            new CalendarFeed(ID, name, kind, null, null, null, null, null, CREATED),
            ID,
            ZoneId.of("Europe/Berlin"),
            LocalDate.of(2026, 11, 30),
            new CalendarFeeds.Shown.All(),
            "\"tag\"");
    return new CalendarWriter(id -> "https://app.example/tasks/" + id)
        .write(opened, new FeedContents.Contents(tasks, series));
  }

  /** The lines between those of the calendar itself. */
  private static String components(
      CalendarFeed.Kind kind, List<FeedTask> tasks, List<Series> series) {
    byte[] bytes = write("Work", kind, tasks, series);
    Ical.read(bytes);
    String text = new String(bytes, StandardCharsets.UTF_8).replace("\r\n", "\n");
    return text.substring(text.indexOf("\nBEGIN:") + 1, text.indexOf("END:VCALENDAR"));
  }

  @Test
  void FR_181_the_calendar_has_the_name_and_says_how_often_to_read_it() {
    assertEquals(
        """
        BEGIN:VCALENDAR
        VERSION:2.0
        PRODID:-//Perpetua Flow//Calendar feed 1//EN
        METHOD:PUBLISH
        NAME:Work\\, and more
        X-WR-CALNAME:Work\\, and more
        X-WR-TIMEZONE:Europe/Berlin
        X-PUBLISHED-TTL:PT1H
        REFRESH-INTERVAL;VALUE=DURATION:PT1H
        END:VCALENDAR
        """
            .replace("\n", "\r\n"),
        new String(
            write("Work, and more", CalendarFeed.Kind.BOTH, List.of(), List.of()),
            StandardCharsets.UTF_8));
  }

  @Test
  void FR_181_an_open_task_is_an_event_at_its_due_date() {
    FeedTask task =
        task(new TaskDraft("Pay the rent", "By transfer.", Priority.HIGH, DUE, 45), null)
            .with(
                List.of(new Step("Find the IBAN", true), new Step("Sign; send", false)),
                List.of(
                    new Alarm.Relative(-30),
                    new Alarm.Relative(0),
                    new Alarm.Relative(90),
                    new Alarm.At(Instant.parse("2026-12-23T07:00:00Z"))));
    assertEquals(
        """
        BEGIN:VEVENT
        UID:019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b-event@perpetua-flow
        SUMMARY:Pay the rent
        DESCRIPTION:By transfer.\\n\\n[x] Find the IBAN\\n[ ] Sign\\; send
        PRIORITY:1
        DTSTAMP:20261102T093000Z
        CREATED:20261101T080000Z
        LAST-MODIFIED:20261102T093000Z
        DTSTART:20261224T170000Z
        SEQUENCE:3
        URL:https://app.example/tasks/019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b
        DURATION:PT45M
        TRANSP:TRANSPARENT
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER;RELATED=START:-PT30M
        DESCRIPTION:Pay the rent
        END:VALARM
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER;RELATED=START:PT0M
        DESCRIPTION:Pay the rent
        END:VALARM
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER;RELATED=START:PT90M
        DESCRIPTION:Pay the rent
        END:VALARM
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER;VALUE=DATE-TIME:20261223T070000Z
        DESCRIPTION:Pay the rent
        END:VALARM
        END:VEVENT
        """,
        components(CalendarFeed.Kind.EVENT, List.of(task), List.of()));
  }

  @Test
  void FR_181_an_open_task_is_a_to_do_with_the_due_date() {
    FeedTask task = PLAIN.with(List.of(), List.of(new Alarm.Relative(-30)));
    assertEquals(
        """
        BEGIN:VTODO
        UID:019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b@perpetua-flow
        SUMMARY:Pay the rent
        PRIORITY:5
        DTSTAMP:20261102T093000Z
        CREATED:20261101T080000Z
        LAST-MODIFIED:20261102T093000Z
        DUE:20261224T170000Z
        SEQUENCE:3
        URL:https://app.example/tasks/019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b
        STATUS:NEEDS-ACTION
        BEGIN:VALARM
        ACTION:DISPLAY
        TRIGGER;RELATED=END:-PT30M
        DESCRIPTION:Pay the rent
        END:VALARM
        END:VTODO
        """,
        components(CalendarFeed.Kind.TODO, List.of(task), List.of()));
  }

  @Test
  void FR_181_a_completed_task_is_marked_and_without_a_due_date_shown_when_it_was_completed() {
    Instant completed = Instant.parse("2026-11-29T10:15:00Z");
    FeedTask task = task(PLAIN.fields().withDueDate(null), completed);
    Ical calendar = Ical.read(write("n", CalendarFeed.Kind.BOTH, List.of(task), List.of()));
    Component todo = calendar.component(ID + "@perpetua-flow");
    assertEquals(Optional.of("COMPLETED"), Ical.value(todo, Property.STATUS));
    assertEquals(Optional.of("20261129T101500Z"), Ical.value(todo, Property.COMPLETED));
    assertEquals(Optional.of("100"), Ical.value(todo, Property.PERCENT_COMPLETE));
    assertEquals(Optional.empty(), Ical.value(todo, Property.DUE));
    assertEquals(Optional.of("Pay the rent"), Ical.value(todo, Property.SUMMARY));
    Component event = calendar.component(EVENT);
    assertEquals(Optional.of("✓ Pay the rent"), Ical.value(event, Property.SUMMARY));
    assertEquals(Optional.of("20261129T101500Z"), Ical.value(event, Property.DTSTART));
  }

  @Test
  void FR_182_a_template_is_one_recurring_component_with_its_time_zone() {
    assertEquals(
        """
        BEGIN:VTIMEZONE
        TZID:Pacific/Auckland
        BEGIN:DAYLIGHT
        DTSTART:20260927T020000
        TZOFFSETFROM:+1200
        TZOFFSETTO:+1300
        RRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=-1SU
        END:DAYLIGHT
        BEGIN:STANDARD
        DTSTART:20270404T030000
        TZOFFSETFROM:+1300
        TZOFFSETTO:+1200
        RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
        END:STANDARD
        END:VTIMEZONE
        BEGIN:VEVENT
        DURATION:PT15M
        TRANSP:TRANSPARENT
        UID:019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b-event@perpetua-flow
        SUMMARY:Stand-up
        DESCRIPTION:Daily.
        PRIORITY:9
        DTSTAMP:20261102T093000Z
        CREATED:20261101T080000Z
        LAST-MODIFIED:20261102T093000Z
        DTSTART;TZID=Pacific/Auckland:20261201T093000
        RRULE:FREQ=DAILY;COUNT=5
        EXDATE;TZID=Pacific/Auckland:20261202T093000
        SEQUENCE:4
        END:VEVENT
        """,
        components(
            CalendarFeed.Kind.EVENT,
            List.of(),
            List.of(series("Pacific/Auckland", "FREQ=DAILY;COUNT=5"))));
  }

  @Test
  void FR_200_a_series_of_days_has_dates_and_no_length() {
    assertEquals(
        """
        BEGIN:VEVENT
        TRANSP:TRANSPARENT
        UID:019bd5cd-e840-7a6f-b3d4-0c81e2f59a7b-event@perpetua-flow
        SUMMARY:Stand-up
        DESCRIPTION:Daily.
        PRIORITY:9
        DTSTAMP:20261102T093000Z
        CREATED:20261101T080000Z
        LAST-MODIFIED:20261102T093000Z
        DTSTART;VALUE=DATE:20261201
        RRULE:FREQ=DAILY;UNTIL=20261231
        EXDATE;VALUE=DATE:20261202
        SEQUENCE:4
        END:VEVENT
        """,
        components(
            CalendarFeed.Kind.EVENT,
            List.of(),
            List.of(series(true, "Pacific/Auckland", "FREQ=DAILY;UNTIL=20261231"))));
  }

  /** Zones with a half-hour change, a change before midnight, no rule, no change at all. */
  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          Australia/Lord_Howe, 'FREQ=YEARLY;BYMONTH=10;BYDAY=1SU'
          America/Nuuk,        'FREQ=YEARLY;BYMONTH=3;BYDAY=SA;BYMONTHDAY=24,25,26,27,28,29,30'
          America/Los_Angeles, 'FREQ=YEARLY;BYMONTH=3;BYDAY=2SU'
          Africa/Casablanca,
          Pacific/Apia,
          EST,
          UTC,
          """)
  void FR_182_time_zones_are_described_as_java_time_knows_them(String id, @Nullable String yearly) {
    ZoneId zone = ZoneId.of(id);
    byte[] bytes =
        write("n", CalendarFeed.Kind.EVENT, List.of(), List.of(series(id, "FREQ=DAILY")));
    String text = new String(bytes, StandardCharsets.UTF_8);
    String component =
        text.substring(text.indexOf("BEGIN:VTIMEZONE"), text.indexOf("BEGIN:VEVENT"));
    assertEquals(
        yearly != null,
        component.contains("RRULE:" + (yearly == null ? "" : yearly + "\r\n")),
        component);
    Ical calendar = Ical.read(bytes);
    Instant begin = LocalDate.of(2026, 11, 30).atStartOfDay(ZoneId.of("Europe/Berlin")).toInstant();
    // Each change of twelve years, a second before and after, and days between.
    List<Instant> times = new ArrayList<>(List.of(begin));
    ZoneOffsetTransition change = zone.getRules().nextTransition(begin);
    while (change != null && times.size() < 72) {
      times.add(change.getInstant().minusSeconds(1));
      times.add(change.getInstant());
      times.add(change.getInstant().plus(Duration.ofDays(40)));
      change = zone.getRules().nextTransition(change.getInstant());
    }
    times.add(times.getLast().plus(Duration.ofDays(20)));
    for (Instant at : times) {
      assertEquals(zone.getRules().getOffset(at), calendar.offset(at), id + " " + at);
    }
  }

  @Test
  void FR_181_no_text_can_add_a_property_or_a_component() {
    Random random = new Random(5545);
    String[] parts = {
      "\r", "\n", "\r\n", "\r\n ", "\nEND:VEVENT\nBEGIN:VEVENT\n", "\\", "\\n", "\\,", ";", ",",
          ":",
      "\"", "^n", "^", "\t", " ", "\u0000", "\u0007", "\u001b", "\u007f", "\u0085", "\u2028",
      "\ud83d", "\ude00", "\ud83d\ude00", "ü", "漢", "e\u0301", "\u202e", "\ufeff", "=0D=0A", "x",
          "VALARM"
    };
    for (int i = 0; i < 300; i++) {
      StringBuilder text = new StringBuilder("t");
      for (int length = random.nextInt(60); length > 0; length--) {
        text.append(parts[random.nextInt(parts.length)]);
      }
      String title = text.append('.').toString();
      String read = CalendarText.allowed(title);
      FeedTask task =
          task(new TaskDraft(title, title, Priority.LOW, DUE, null), null)
              .with(List.of(new Step(title, false)), List.of(new Alarm.Relative(-5)));
      byte[] written = write(title, CalendarFeed.Kind.EVENT, List.of(task), List.of());
      String unfolded = new String(written, StandardCharsets.UTF_8).replace("\r\n ", "");
      assertEquals(
          1,
          unfolded
              .lines()
              .filter(line -> line.equals("SUMMARY:" + CalendarText.escaped(read)))
              .count());
      if (read.contains("\\\n")) {
        // ical4j takes an escaped backslash with an escaped line break for three characters.
        continue;
      }
      Ical calendar = Ical.read(written);
      assertEquals(List.of(EVENT), calendar.uids());
      Component event = calendar.component(EVENT);
      assertEquals(Optional.of(read), Ical.value(event, Property.SUMMARY));
      assertEquals(Optional.of(read + "\n\n[ ] " + read), Ical.value(event, Property.DESCRIPTION));
      assertEquals(11, event.getProperties().size());
      assertEquals(Optional.of(read), calendar.value("NAME"));
    }
  }

  @Test
  void FR_181_texts_lose_only_what_the_format_forbids() {
    assertEquals(
        "a\nb\nc\td\u0085e\ufffdf😀",
        CalendarText.allowed("a\r\nb\rc\td\u0085\u0000\u001be\ud800f\u007f😀"));
    assertEquals("a\\\\b\\;c\\,d\\ne", CalendarText.escaped("a\\b;c,d\ne"));
  }

  @Test
  void FR_181_lines_are_folded_at_75_octets_between_characters() {
    String line = "x".repeat(73) + "😀" + "é".repeat(40);
    String folded = new String(CalendarText.folded(line + "\r\nshort\r\n"), StandardCharsets.UTF_8);
    assertEquals(
        "x".repeat(73) + "\r\n 😀" + "é".repeat(35) + "\r\n " + "é".repeat(5) + "\r\nshort\r\n",
        folded);
  }
}
