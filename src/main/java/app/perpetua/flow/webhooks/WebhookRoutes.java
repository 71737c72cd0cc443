package app.perpetua.flow.webhooks;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.AddressGuard.Verdict;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.filters.Filter;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import app.perpetua.flow.webhooks.WebhookEndpoint.Payload;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Endpoints of webhooks. */
final class WebhookRoutes {
  /** Characters; {@code whsec_} and 64 bytes in base64 need fewer. */
  private static final int MAX_SECRET = 100;

  private static final List<String> EVENTS =
      Stream.concat(Stream.of(WebhookEvent.ALL), Arrays.stream(WireName.all(WebhookEvent.class)))
          .toList();

  /** The answer to a creation or rotation, the only one with the secret. */
  record Created(
      @JsonUnwrapped WebhookEndpoint endpoint, @JsonProperty("secret") String secretText) {
    static Created of(Webhooks.WithSecret created) {
      return new Created(created.endpoint(), created.secret().text());
    }

    @Override
    public String toString() {
      return "Created[" + endpoint.id() + "]";
    }
  }

  private final Webhooks webhooks;
  private final AddressGuard guard;

  /**
   * @param guard decides which URLs are permitted
   */
  WebhookRoutes(Webhooks webhooks, AddressGuard guard) {
    this.webhooks = webhooks;
    this.guard = guard;
  }

  /** GET /webhooks/endpoints. */
  Function<Tx, Reply> list(Request request) {
    return tx -> Reply.ok(webhooks.list(tx));
  }

  /** GET /webhooks/endpoints/{id}. */
  Function<Tx, Reply> find(Request request) {
    UUID id = request.pathId("id");
    return tx -> Reply.ok(webhooks.find(tx, id));
  }

  /** POST /webhooks/endpoints. */
  Function<Tx, Reply> create(Request request) {
    JsonReader body = request.body().required("url", "events").notNull("payload");
    String url = url(body);
    List<String> events = events(body);
    Payload payload = body.oneOf("payload", Payload.class);
    String text = body.text("filter", 1, Filter.MAX_LENGTH);
    WebhookSecret secret = secret(body);
    body.validate();
    Filter filter = text == null ? null : Filter.of(text, "filter");
    return tx ->
        Reply.created(
            Created.of(
                webhooks.create(
                    tx,
                    Objects.requireNonNull(url),
                    Objects.requireNonNull(events),
                    payload == null ? Payload.THIN : payload,
                    filter,
                    secret)));
  }

  /** PATCH /webhooks/endpoints/{id}. */
  Function<Tx, Reply> update(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body().notNull("url", "events", "payload", "enabled");
    String url = url(body);
    List<String> events = events(body);
    Payload payload = body.oneOf("payload", Payload.class);
    String filter = body.text("filter", 1, Filter.MAX_LENGTH);
    Boolean enabled = body.bool("enabled");
    body.validate();
    Webhooks.Change change =
        new Webhooks.Change(
            url,
            events,
            payload,
            body.has("filter"),
            filter == null ? null : Filter.of(filter, "filter"),
            enabled);
    return tx -> Reply.ok(webhooks.update(tx, id, change));
  }

  /** DELETE /webhooks/endpoints/{id}. */
  Function<Tx, Reply> delete(Request request) {
    UUID id = request.pathId("id");
    return tx -> {
      webhooks.delete(tx, id);
      return Reply.noContent();
    };
  }

  /** POST /webhooks/endpoints/{id}/rotate-secret. */
  Function<Tx, Reply> rotate(Request request) {
    UUID id = request.pathId("id");
    JsonReader body = request.body();
    WebhookSecret secret = secret(body);
    body.validate();
    return tx -> Reply.ok(Created.of(webhooks.rotate(tx, id, secret)));
  }

  /** POST /webhooks/endpoints/{id}/test. */
  Function<Tx, Reply> test(Request request) {
    UUID id = request.pathId("id");
    request.body().validate();
    return tx -> Reply.ok(webhooks.test(tx, id));
  }

  /** GET /webhooks/endpoints/{id}/deliveries. */
  Function<Tx, Reply> deliveries(Request request) {
    UUID id = request.pathId("id");
    QueryParameters query = request.query();
    PageRequest page = query.pageOrCursor();
    query.validate();
    return tx -> Reply.page(webhooks.deliveries(tx, id, page));
  }

  /** POST /webhooks/endpoints/{id}/deliveries/{delivery_id}/redeliver. */
  Function<Tx, Reply> redeliver(Request request) {
    UUID id = request.pathId("id");
    UUID delivery = request.pathId("delivery_id");
    request.body().validate();
    return tx -> Reply.ok(webhooks.redeliver(tx, id, delivery));
  }

  /** Resolves the host, which must not happen inside a transaction. */
  private @Nullable String url(JsonReader body) {
    String url = body.text("url", 1, AddressGuard.MAX_LENGTH);
    if (url == null) {
      return null;
    }
    try {
      switch (guard.check(url)) {
        case Verdict.Allowed _ -> {}
        case Verdict.Malformed(String reason) -> body.addError("url", reason);
        case Verdict.Denied _, Verdict.Unknown _ -> body.addError("url", AddressGuard.HOST_RULE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusal.of(ErrorCode.SERVICE_UNAVAILABLE, "the service is shutting down")
          .retryAfter(Duration.ofSeconds(1));
    }
    return url;
  }

  private static @Nullable List<String> events(JsonReader body) {
    List<String> events = body.listOf("events", EVENTS.size(), EVENTS);
    return events == null ? null : events.stream().distinct().toList();
  }

  private static @Nullable WebhookSecret secret(JsonReader body) {
    String text = body.text("secret", 1, MAX_SECRET);
    if (text == null) {
      return null;
    }
    Optional<WebhookSecret> secret = WebhookSecret.parse(text);
    if (secret.isEmpty()) {
      body.addError("secret", WebhookSecret.RULE);
    }
    return secret.orElse(null);
  }
}
