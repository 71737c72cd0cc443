package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.connection.ClientOutput;
import app.perpetua.flow.parsing.EntityTags;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** Sends answers, with the headers that follow from route and body. Thread-safe. */
final class ReplySender {
  private static final Pattern PARAMETER = Pattern.compile("\\{([a-z_]+)}");

  private final Json json;
  private final Errors errors;

  ReplySender(Json json, Errors errors) {
    this.json = json;
    this.errors = errors;
  }

  /** Sends an answer, and a failure of streaming as far as that is possible. */
  void send(RequestContext context, Route route, ServerResponse response, Reply reply) {
    switch (reply) {
      case Reply.Body(int status, Object body) when body == null ->
          response.status(Status.create(status)).send();
      case Reply.Body body -> send(context, route, response, body.rendered(json));
      case Reply.Bytes(int status, String type, String cacheControl, byte[] bytes) -> {
        if (status == Status.CREATED_201.code()) {
          response.header(HeaderNames.LOCATION, location(route, bytes));
        }
        if (answersRepresentation(route, status, bytes)) {
          response.header(HeaderNames.ETAG, EntityTags.of(bytes));
        }
        response
            .status(Status.create(status))
            .header(HeaderNames.CONTENT_TYPE, type)
            .header(HeaderNames.CACHE_CONTROL, cacheControl)
            .send(bytes);
      }
      case Reply.Refused(Refusal refusal) -> errors.send(context, response, refusal);
      case Reply.Failed(RuntimeException cause) ->
          errors.send(context, response, errors.refusal(cause, context.requestId()));
      case Reply.WithHeaders(Reply inner, Map<String, String> headers) -> {
        headers.forEach((name, value) -> response.header(name, value));
        send(context, route, response, inner);
      }
      case Reply.WithNext(Reply page, String _, String _) -> send(context, route, response, page);
      case Reply.Stream(int status, String type, String cacheControl, Reply.Writer writer) -> {
        response
            .status(Status.create(status))
            .header(HeaderNames.CONTENT_TYPE, type)
            .header(HeaderNames.CACHE_CONTROL, cacheControl);
        stream(context, response, writer);
      }
    }
  }

  /** From the body, because a replayed answer has no headers. */
  private String location(Route route, byte[] body) {
    return PARAMETER
        .matcher(Objects.requireNonNull(route.created(), "route without the created resource"))
        .replaceAll(
            member ->
                URLEncoder.encode(json.dataText(body, member.group(1)), StandardCharsets.UTF_8));
  }

  /**
   * A failure while streaming closes the connection without the last chunk, because the status has
   * been sent: so the client sees that the answer is not complete (RFC 9112, section 8).
   */
  private void stream(RequestContext context, ServerResponse response, Reply.Writer writer) {
    ClientOutput out = new ClientOutput(response.outputStream());
    try {
      writer.write(out);
      out.close();
    } catch (IOException | RuntimeException e) {
      context.interrupted(out.isDisconnected());
      if (!out.isDisconnected()) {
        context.code(errors.refusal(e, context.requestId()).code());
      }
      throw new CloseConnectionException("a streamed response was not completed", e);
    }
  }

  /** Whether a PATCH answers what the read of its path answers; it may have more beside it. */
  private boolean answersRepresentation(Route route, int status, byte[] body) {
    return route.handler() instanceof Route.Write
        && route.validation() != null
        && route.validation().answered()
        && status == Status.OK_200.code()
        && json.hasOnlyData(body);
  }
}
