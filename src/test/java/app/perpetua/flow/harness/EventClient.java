package app.perpetua.flow.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.base.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client of {@code GET /events}, which validates each event. A virtual thread reads the stream;
 * tests take the events.
 */
public final class EventClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final String CUT = "cut";

  private final InputStream body;
  private final HttpResponse<InputStream> response;
  private final BlockingQueue<SseEvent> events = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> comments = new LinkedBlockingQueue<>();
  private final Json json = new Json();

  private EventClient(HttpResponse<InputStream> response) {
    this.response = response;
    this.body = response.body();
    Thread.startVirtualThread(this::read);
  }

  /** Opens a stream from now on, and waits for the answer. */
  public static EventClient open(int port, String token) {
    return open(port, token, "", null);
  }

  /**
   * Opens a stream, and waits for the answer.
   *
   * @param query with its question mark, or empty
   * @param lastEventId null for a stream from now on
   */
  public static EventClient open(
      int port, String token, String query, @Nullable String lastEventId) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/events" + query))
            .header("Authorization", "Bearer " + token)
            .header("Accept", "text/event-stream");
    if (lastEventId != null) {
      request.header("Last-Event-ID", lastEventId);
    }
    try {
      HttpResponse<InputStream> response =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      if (response.statusCode() != 200) {
        try (InputStream body = response.body()) {
          throw new AssertionError(
              response.statusCode()
                  + " "
                  + new String(body.readAllBytes(), StandardCharsets.UTF_8));
        }
      }
      return new EventClient(response);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void read() {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
      StringBuilder block = new StringBuilder();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(":")) {
          comments.add(line);
        } else if (line.isEmpty()) {
          SseEvent.of(block.toString()).forEach(events::add);
          block.setLength(0);
        } else {
          block.append(line).append('\n');
        }
      }
    } catch (IOException e) {
      // Cut off, which the event below reports.
    }
    events.add(new SseEvent(CUT, "", null));
  }

  /** A header of the answer; empty if it has none. */
  public String header(String name) {
    return response.headers().firstValue(name).orElse("");
  }

  /**
   * The next event, which must have this name.
   *
   * @throws AssertionError also if the stream is over
   */
  public SseEvent next(String name) {
    SseEvent event = next();
    assertEquals(name, event.name(), event.toString());
    return event;
  }

  /** The next event; one with the name {@code cut} after the last. */
  public SseEvent next() {
    return take(events);
  }

  /** Waits for a comment. */
  public String comment() {
    return take(comments);
  }

  private static <T> T take(BlockingQueue<T> from) {
    try {
      return Objects.requireNonNull(
          from.poll(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS), "nothing arrived in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The next changes, that many. */
  public List<SseEvent> changes(int count) {
    List<SseEvent> changes = new ArrayList<>();
    while (changes.size() < count) {
      changes.add(next("change"));
    }
    return changes;
  }

  /** Whether nothing has arrived that was not taken. */
  public boolean isQuiet() {
    return events.isEmpty();
  }

  /** The events that have arrived and were not taken. */
  public List<SseEvent> arrived() {
    List<SseEvent> arrived = new ArrayList<>();
    events.drainTo(arrived);
    return arrived;
  }

  /** The data of an event. */
  public JsonNode data(SseEvent event) {
    return json.parse(event.data());
  }

  /** Waits for the end of the stream, and returns its reason. */
  public String endReason() {
    SseEvent event = next();
    while (event.name().equals("change") || event.name().equals("ready")) {
      event = next();
    }
    assertEquals("end", event.name(), "cut off without a reason");
    assertEquals(CUT, next().name(), "nothing follows the end");
    return data(event).get("reason").stringValue();
  }

  /** Cuts the connection. */
  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
