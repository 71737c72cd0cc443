package app.perpetua.flow.provider.webpush;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.fake.FakePushService;
import app.perpetua.flow.fake.VapidKeys;
import app.perpetua.flow.harness.MutableClock;
import app.perpetua.flow.notifications.PushService;
import app.perpetua.flow.notifications.Vapid;
import java.io.IOException;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * FR-056 by somebody else's code: what we send is decrypted by npm's {@code http_ece}, our token
 * verified by {@code jose}. Needs node and npm; installs the two once, below target/.
 */
class ReadByOthersTest {
  private static final Path SOURCE = Path.of("src/test/npm/webpush");
  private static final Path HOME = Path.of("target/npm/webpush");
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final MutableClock clock = new MutableClock();
  private final Json json = new Json();

  @Test
  void FR_056_other_implementations_read_what_is_sent() throws Exception {
    install();
    List<String> texts = new ArrayList<>(List.of("{\"title\":\"Grüße 👩‍🚀\"}"));
    for (int length : new int[] {1, 15, 16, 17, 1_000, 3_992, 3_993}) {
      texts.add("x".repeat(length));
    }
    List<FakePushService.Message> sent;
    List<FakePushService.Subscription> browsers = new ArrayList<>();
    try (FakePushService service = new FakePushService(clock);
        HttpClient http = HttpClient.newHttpClient()) {
      VapidKeys keys = VapidKeys.make();
      WebPush push =
          new WebPush(
              http,
              new Vapid(
                  Vapid.publicKey(keys.publicKey()),
                  Vapid.privateKey(keys.privateKey()),
                  "mailto:push@example.com"),
              new AddressGuard(
                  List.of(AllowedHost.parse(service.origin())), InetAddress::getAllByName),
              clock);
      for (String text : texts) {
        FakePushService.Subscription browser = service.subscribe();
        browsers.add(browser);
        assertEquals(new PushService.Outcome.Sent(), push.send(message(browser, text)));
      }
      sent = service.inbox();
      JsonNode read = json.parse(node(json.text(asked(sent, browsers, service.origin()))));
      for (int i = 0; i < texts.size(); i++) {
        JsonNode one = read.get(i);
        assertEquals(texts.get(i), one.get("text").stringValue());
        assertEquals("mailto:push@example.com", one.at("/claims/sub").stringValue());
        assertEquals(service.origin(), one.at("/claims/aud").stringValue());
        long life = one.at("/claims/exp").longValue() - clock.instant().getEpochSecond();
        assertTrue(life > 0 && life <= 12 * 3_600, () -> "lives " + life + " s");
      }
      assertEquals(texts.size(), read.size());
    }
  }

  private static PushService.Push message(FakePushService.Subscription browser, String text) {
    return new PushService.Push(
        browser.endpoint(),
        Base64.getUrlDecoder().decode(browser.inbox().p256dh()),
        Base64.getUrlDecoder().decode(browser.inbox().auth()),
        "topic",
        PushService.Urgency.NORMAL,
        Duration.ofHours(1),
        text.getBytes(StandardCharsets.UTF_8));
  }

  private List<Map<String, Object>> asked(
      List<FakePushService.Message> sent,
      List<FakePushService.Subscription> browsers,
      String audience) {
    List<Map<String, Object>> asked = new ArrayList<>();
    for (int i = 0; i < sent.size(); i++) {
      // A map, since these are JavaScript's names.
      asked.add(
          Map.of(
              "body",
              Base64.getUrlEncoder().withoutPadding().encodeToString(sent.get(i).body()),
              "privateKey",
              browsers.get(i).inbox().privateKey(),
              "publicKey",
              browsers.get(i).inbox().p256dh(),
              "auth",
              browsers.get(i).inbox().auth(),
              "authorization",
              sent.get(i).authorization(),
              "audience",
              audience,
              "now",
              clock.instant().getEpochSecond()));
    }
    return asked;
  }

  /** What is locked, once; a changed lock file installs anew. */
  private static void install() throws Exception {
    Files.createDirectories(HOME);
    Path installed = HOME.resolve("installed.json");
    byte[] lock = Files.readAllBytes(SOURCE.resolve("package-lock.json"));
    for (String name : List.of("package.json", "package-lock.json", "read.mjs")) {
      Files.copy(SOURCE.resolve(name), HOME.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
    if (!Files.exists(installed) || !Arrays.equals(lock, Files.readAllBytes(installed))) {
      run("", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
      Files.write(installed, lock);
    }
  }

  private static String node(String input) throws Exception {
    return run(input, "node", "read.mjs");
  }

  private static String run(String input, String... command) throws Exception {
    Path in = HOME.resolve("input");
    Path out = HOME.resolve("output");
    Path errors = HOME.resolve("errors");
    Files.writeString(in, input);
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(HOME.toFile())
              .redirectInput(in.toFile())
              .redirectOutput(out.toFile())
              .redirectError(errors.toFile())
              .start();
    } catch (IOException e) {
      throw new AssertionError(
          command[0]
              + " is missing, and with it the proof that others can read our pushes: install"
              + " Node.js 18 or later with npm (Debian: apt-get install nodejs npm)",
          e);
    }
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(String.join(" ", command) + " does not end");
    }
    assertEquals(
        0, process.exitValue(), () -> String.join(" ", command) + ": " + text(errors) + text(out));
    return text(out);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
