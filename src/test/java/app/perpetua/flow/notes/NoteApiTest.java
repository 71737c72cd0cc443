package app.perpetua.flow.notes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class NoteApiTest {
  private static final String NOTES = "/api/v1/notes";
  private static final String URL = "https://recordings.example.com/4f1c.webm?sig=a%2Fb";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final TestService service = new TestService(database);

  private final TestService.Session user = service.newUser();
  private final Api api = user.api();

  /** The same user, for requests that violate the contract. */
  private final Api careless = api.invalidOnPurpose();

  @AfterEach
  void invariants() {
    Invariants.check(database);
  }

  @Test
  void a_created_note_is_stored_as_returned() {
    Api.Answer made = api.post(NOTES, Map.of("content", "  Täsk 👩‍🚀\n  indented\n")).expect(201);
    JsonNode note = made.data();
    assertEquals("  Täsk 👩‍🚀\n  indented\n", text(note, "content"));
    assertEquals(user.userId().toString(), text(note, "user_id"));
    for (String empty : List.of("voice_url", "voice_duration_seconds", "transcription_status")) {
      assertTrue(note.get(empty).isNull(), empty);
    }
    assertEquals(made.text(), api.get(one(note)).expect(200).text());
    assertEquals(1, counter());
    assertEquals(1, entries("note_created"));
  }

  @Test
  void FR_023_a_note_holds_1_to_2000_characters() {
    String longest = "𐀀".repeat(2_000);
    String note = one(api.post(NOTES, Map.of("content", longest)).expect(201).data());
    assertEquals(longest, text(api.get(note).data(), "content"));
    for (String bad : List.of("", " \t\n", longest + "x")) {
      assertEquals(List.of("content"), faults(careless.post(NOTES, Map.of("content", bad))));
      assertEquals(List.of("content"), faults(careless.patch(note, Map.of("content", bad))));
    }
    assertEquals(List.of("content"), faults(careless.post(NOTES, Map.of())));
    assertEquals(
        List.of("colour", "content"),
        faults(careless.post(NOTES, Map.of("content", 5, "colour", "red"))));
    assertEquals(1, counter());
  }

  @Test
  void FR_022_the_eleventh_note_is_refused_and_archived_notes_do_not_count() {
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      made.add(one(create("n" + i)));
    }
    JsonNode error =
        api.post(NOTES, Map.of("content", "one too many"))
            .expect(409, "LIMIT_EXCEEDED")
            .json()
            .get("error");
    assertEquals(10, error.get("limit").intValue());
    assertEquals(10, error.get("current").intValue());
    api.patch(made.getFirst(), Map.of("archived", true)).expect(200);
    create("in its place");
    api.post(NOTES, Map.of("content", "one too many")).expect(409, "LIMIT_EXCEEDED");
    // Unarchiving is not subject to the limit.
    api.patch(made.getFirst(), Map.of("archived", false)).expect(200);
    assertEquals(11, counter());
    api.delete(made.getFirst()).expect(200);
    api.delete(made.getLast()).expect(200);
    assertEquals(9, counter());
    create("room again");
    onPro();
    IntStream.range(0, 15).forEach(i -> create("pro " + i));
    error =
        api.post(NOTES, Map.of("content", "x")).expect(409, "LIMIT_EXCEEDED").json().get("error");
    assertEquals(25, error.get("limit").intValue());
  }

  @Test
  void FR_046_perks_raise_the_limit() {
    onPro();
    for (int i = 0; i < 10; i++) {
      String note = NOTES + "/" + create("note " + i).get("id").stringValue();
      String suggestion = api.post(note + "/convert").data().get("suggestion_id").stringValue();
      api.post("/api/v1/ai/confirm-action", Map.of("suggestion_id", suggestion)).expect(200);
    }
    database.run("update auth.users set notes = 29 where id = ?", user.userId());
    create("the thirtieth");
    assertEquals(
        30,
        api.post(NOTES, Map.of("content", "x"))
            .expect(409, "LIMIT_EXCEEDED")
            .json()
            .at("/error/limit")
            .intValue());
    database.run("update auth.users set notes = 1 where id = ?", user.userId());
  }

  @Test
  void FR_022_the_limit_holds_under_parallel_creates() throws Exception {
    IntStream.range(0, 9).forEach(i -> create("n" + i));
    List<Integer> statuses =
        together(20, i -> api.post(NOTES, Map.of("content", "last " + i)).status());
    assertEquals(1, statuses.stream().filter(status -> status == 201).count());
    assertEquals(19, statuses.stream().filter(status -> status == 409).count());
    assertEquals(10, counter());
  }

  @Test
  void FR_024_a_recording_requires_pro_and_its_transcription_is_pending() {
    Map<String, Object> recorded = Map.of("voice_url", URL, "voice_duration_seconds", 300);
    JsonNode error = api.post(NOTES, recorded).expect(403, "TIER_REQUIRED").json().get("error");
    assertEquals("pro", text(error, "required_tier"));
    assertEquals("free", text(error, "current_tier"));
    onPro();
    JsonNode note = api.post(NOTES, recorded).expect(201).data();
    assertEquals("", text(note, "content"));
    assertEquals(URL, text(note, "voice_url"));
    assertEquals(300, note.get("voice_duration_seconds").intValue());
    assertEquals("pending", text(note, "transcription_status"));
    assertEquals(note, api.get(one(note)).data());

    JsonNode written =
        api.post(NOTES, Map.of("content", "what was said", "voice_url", URL)).expect(201).data();
    assertEquals("completed", text(written, "transcription_status"));
    assertTrue(written.get("voice_duration_seconds").isNull());
    Map<String, @Nullable Object> nothing = new HashMap<>(recorded);
    for (String content :
        new @Nullable String[] {"", "  ", "\u00a0\n", "\u3164", "\u200b\ufeff", null}) {
      nothing.put("content", content);
      JsonNode silent = api.post(NOTES, nothing).expect(201).data();
      assertEquals("", text(silent, "content"));
      assertEquals("pending", text(silent, "transcription_status"));
    }

    // Writing the text completes the transcription.
    JsonNode typed = api.patch(one(note), Map.of("content", "by hand")).expect(200).data();
    assertEquals("completed", text(typed, "transcription_status"));
  }

  @Test
  void FR_024_a_recording_has_an_https_url_and_300_seconds_at_most() {
    onPro();
    for (String bad :
        List.of("http://a.example/b", "javascript:alert(1)", "/b.webm", "https:b", "https://a b")) {
      assertEquals(List.of("voice_url"), faults(careless.post(NOTES, Map.of("voice_url", bad))));
    }
    assertEquals(
        List.of("voice_duration_seconds"),
        faults(careless.post(NOTES, Map.of("voice_url", URL, "voice_duration_seconds", 301))));
    assertEquals(
        List.of("content", "voice_duration_seconds"),
        faults(careless.post(NOTES, Map.of("voice_duration_seconds", 3))));
    assertEquals(
        List.of("voice_duration_seconds"),
        faults(careless.post(NOTES, Map.of("content", "x", "voice_duration_seconds", 3))));
    assertEquals(0, counter());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://127.0.0.1/a.webm",
        "https://10.1.2.3/a.webm",
        "https://2130706433/a.webm",
        "https://0177.0.0.1/a.webm",
        "https://127.1/a.webm",
        "https://0x7f.1/a.webm",
        "https://[::1]/a.webm",
        "https://[::ffff:10.1.2.3]/a.webm",
        "https://[fd00::1]/a.webm",
        "https://[64:ff9b::7f00:1]/a.webm",
        "https://localhost/a.webm",
        "https://LOCALHOST:443/a.webm",
        "https://db.internal/a.webm",
        "https://example.com./a.webm",
        "https://intranet/a.webm",
      })
  void promise_26_a_recording_is_not_at_a_private_host(String url) {
    onPro();
    Api.Answer answer = careless.post(NOTES, Map.of("voice_url", url)).expect(400);
    assertEquals(
        "must have a permitted host at a public address",
        answer.json().at("/error/details/0/message").stringValue());
    assertEquals("voice_url", answer.json().at("/error/details/0/field").stringValue());
    assertEquals(0, counter());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://u:p@example.com/a.webm",
        "https://example.com:8443/a.webm",
        "https://example.com/a.webm#t=1",
      })
  void a_recording_has_neither_credentials_nor_another_port(String url) {
    onPro();
    assertEquals(List.of("voice_url"), faults(careless.post(NOTES, Map.of("voice_url", url))));
  }

  @Test
  void a_recording_may_be_at_a_public_address() {
    onPro();
    for (String url : List.of("https://8.8.8.8/a.webm", "https://[2606:4700::1111]/a.webm")) {
      api.post(NOTES, Map.of("voice_url", url)).expect(201);
    }
  }

  @Test
  void the_first_applicable_refusal_is_answered() {
    IntStream.range(0, 10).forEach(i -> create("n" + i));
    careless
        .post(NOTES, Map.of("voice_url", URL, "voice_duration_seconds", 301))
        .expect(400, "VALIDATION_ERROR");
    api.post(NOTES, Map.of("voice_url", URL)).expect(403, "TIER_REQUIRED");
    api.post(NOTES, Map.of("content", "x")).expect(409, "LIMIT_EXCEEDED");
    Api other = service.newUser().api();
    String foreign = one(other.post(NOTES, Map.of("content", "theirs")).data());
    careless.patch(foreign, Map.of("content", "")).expect(400, "VALIDATION_ERROR");
    api.patch(foreign, Map.of("content", "mine")).expect(403, "FORBIDDEN");
    api.get(foreign).expect(403, "FORBIDDEN");
    api.delete(foreign).expect(403, "FORBIDDEN");
    String nowhere = NOTES + "/" + UUID.randomUUID();
    api.patch(nowhere, Map.of("archived", true)).expect(404, "NOT_FOUND");
    api.get(nowhere).expect(404, "NOT_FOUND");
    api.delete(nowhere).expect(404, "NOT_FOUND");
    other.get(foreign).expect(200);
  }

  @Test
  void FR_060_notes_are_paged_newest_first_and_archived_ones_are_listed_separately() {
    String first = id(create("first"));
    service.clock().advance(Duration.ofSeconds(1));
    String second = id(create("second"));
    service.clock().advance(Duration.ofSeconds(1));
    String third = id(create("third"));
    String archived = id(create("archived"));
    api.patch(NOTES + "/" + archived, Map.of("archived", true)).expect(200);
    assertEquals(List.of(third, second, first), ids(api.get(NOTES)));
    assertEquals(List.of(archived), ids(api.get(NOTES + "?archived=true")));
    Api.Answer page = api.get(NOTES + "?limit=2&offset=1").expect(200);
    assertEquals(List.of(second, first), ids(page));
    assertEquals(3, page.json().at("/pagination/total").intValue());
    Api.Answer beyond = api.get(NOTES + "?offset=9").expect(200);
    assertEquals(3, beyond.json().at("/pagination/total").intValue());
    assertEquals(List.of(), ids(service.newUser().api().get(NOTES)));
    careless.get(NOTES + "?archived=yes&limit=101").expect(400, "VALIDATION_ERROR");
  }

  @Test
  void a_search_requires_every_word_and_treats_wildcards_literally() {
    String tap = id(create("Ask the LANDLORD about\nthe leaking tap"));
    service.clock().advance(Duration.ofSeconds(1));
    String sale = id(create("100% of_the tap\\price"));
    assertEquals(List.of(tap), ids(api.get(NOTES + "?q=tap%20landlord")));
    assertEquals(List.of(sale, tap), ids(api.get(NOTES + "?q=TAP")));
    assertEquals(List.of(sale), ids(api.get(NOTES + "?q=%25")));
    assertEquals(List.of(sale), ids(api.get(NOTES + "?q=of_the")));
    assertEquals(List.of(), ids(api.get(NOTES + "?q=t%25p")));
    assertEquals(List.of(sale), ids(api.get(NOTES + "?q=p%5Cp")));
  }

  @Test
  void FR_058_a_patch_changes_only_the_given_fields() {
    JsonNode note = create("before");
    service.clock().advance(Duration.ofSeconds(1));
    JsonNode edited = api.patch(one(note), Map.of("content", "after")).expect(200).data();
    assertEquals("after", text(edited, "content"));
    assertEquals(Json.instant(service.clock().instant()), text(edited, "updated_at"));
    assertEquals(note.get("created_at"), edited.get("created_at"));
    JsonNode archived = api.patch(one(note), Map.of("archived", true)).expect(200).data();
    assertEquals("after", text(archived, "content"));
    // An archived note can be edited.
    api.patch(one(note), Map.of("content", "later")).expect(200);
    assertEquals(3, entries("note_updated"));
    service.clock().advance(Duration.ofSeconds(1));
    JsonNode same = api.get(one(note)).data();
    assertEquals(same, api.patch(one(note), Map.of()).expect(200).data());
    assertEquals(same, api.patch(one(note), Map.of("archived", true)).expect(200).data());
    assertEquals(same, api.patch(one(note), Map.of("content", "later")).expect(200).data());
    assertEquals(3, entries("note_updated"));
    Map<String, @Nullable Object> cleared = new HashMap<>();
    cleared.put("content", null);
    cleared.put("archived", null);
    assertEquals(List.of("archived", "content"), faults(careless.patch(one(note), cleared)));
    assertEquals(List.of("voice_url"), faults(careless.patch(one(note), Map.of("voice_url", URL))));
  }

  @Test
  void FR_059_the_same_key_creates_one_note() {
    UUID key = UUID.randomUUID();
    Api once = api.withKey(key);
    Api.Answer made = once.post(NOTES, Map.of("content", "once")).expect(201);
    Api.Answer again = once.post(NOTES, Map.of("content", "once")).expect(201);
    assertEquals("true", again.header("X-Idempotent-Replayed").orElse(""));
    assertEquals(made.text(), again.text());
    once.post(NOTES, Map.of("content", "twice")).expect(422, "IDEMPOTENCY_KEY_REUSED");
    assertEquals(1, counter());
  }

  @Test
  void FR_062_a_deleted_note_leaves_a_tombstone_with_its_first_line() {
    JsonNode note = create("\n  Shopping 🛒 " + "x".repeat(200) + "\nmilk");
    JsonNode deleted = api.delete(one(note)).expect(200).data();
    assertEquals(
        Json.instant(service.clock().instant().plus(Duration.ofDays(7))),
        text(deleted, "recoverable_until"));
    api.get(one(note)).expect(404, "NOT_FOUND");
    api.delete(one(note)).expect(404, "NOT_FOUND");
    Map<String, @Nullable Object> row =
        database.row(
            "select id::text, entity_type, entity_id::text, title from tasks.deletion_tombstones where user_id = ?",
            user.userId());
    assertEquals(text(deleted, "tombstone_id"), row.get("id"));
    assertEquals("note", row.get("entity_type"));
    assertEquals(id(note), row.get("entity_id"));
    assertEquals("Shopping 🛒 " + "x".repeat(89), row.get("title"));
    assertEquals(0, counter());
    assertEquals(1, entries("note_deleted"));
  }

  @Test
  void notes_of_a_deleted_account_are_unauthorized() {
    String email = text(api.get("/api/v1/users/me").data(), "email");
    String note = one(create("x"));
    api.delete("/api/v1/users/me", Map.of("confirm", email)).expect(204);
    api.get(NOTES).expect(401, "UNAUTHORIZED");
    api.get(note).expect(401, "UNAUTHORIZED");
  }

  private JsonNode create(String content) {
    return api.post(NOTES, Map.of("content", content)).expect(201).data();
  }

  private void onPro() {
    database.run("update auth.users set tier = 'pro' where id = ?", user.userId());
  }

  private long counter() {
    return database.number("select notes from auth.users where id = ?", user.userId());
  }

  private long entries(String action) {
    return database.number(
        "select count(*) from activity.activity_logs where user_id = ? and action = ?"
            + " and entity_type = 'note' and source = 'user' and request_id is not null",
        user.userId(),
        action);
  }

  private static String one(JsonNode note) {
    return NOTES + "/" + id(note);
  }

  private static String id(JsonNode note) {
    return text(note, "id");
  }

  private static String text(JsonNode node, String field) {
    return node.get(field).stringValue();
  }

  private static List<String> ids(Api.Answer page) {
    return page.expect(200).data().values().stream().map(NoteApiTest::id).toList();
  }

  private static List<String> faults(Api.Answer answer) {
    return answer.expect(400, "VALIDATION_ERROR").json().at("/error/details").values().stream()
        .map(fault -> text(fault, "field"))
        .sorted()
        .toList();
  }

  @FunctionalInterface
  private interface Caller<T> {
    T call(int number);
  }

  private static <T> List<T> together(int callers, Caller<T> caller) throws Exception {
    List<Callable<T>> calls =
        IntStream.range(0, callers).<Callable<T>>mapToObj(i -> () -> caller.call(i)).toList();
    List<T> answers = new ArrayList<>();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var answer : executor.invokeAll(calls)) {
        answers.add(answer.get());
      }
    }
    return answers;
  }
}
