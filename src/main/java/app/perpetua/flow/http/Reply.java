package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Page;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An endpoint's answer as a value, rendered, stored and sent by {@link Endpoint}. Immutable. */
public sealed interface Reply {
  /** {@code Cache-Control} of every answer except the documentation. */
  String NO_STORE = "no-store";

  /** The media type of server-sent events. */
  String EVENT_STREAM = "text/event-stream";

  /** Renders a JSON body, so that the bytes that are stored are those that are sent. */
  default Reply rendered(Json json) {
    return this;
  }

  /** An answer with a JSON body, serialized by Jackson, or with none. */
  record Body(int status, @Nullable Object body) implements Reply {
    @Override
    public Reply rendered(Json json) {
      return body == null ? this : Bytes.json(status, json.bytes(body));
    }
  }

  /** An answer whose body is rendered. */
  record Bytes(int status, String contentType, String cacheControl, byte[] bytes) implements Reply {
    static Bytes json(int status, byte[] body) {
      return new Bytes(status, "application/json", NO_STORE, body);
    }

    String text() {
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  /** An answer written while it is produced, because it may be too large for the memory. */
  record Stream(int status, String contentType, String cacheControl, Writer writer)
      implements Reply {}

  /**
   * A refusal whose transaction commits, because its changes, such as the revocation of a stolen
   * token, must be kept.
   */
  record Refused(Refusal refusal) implements Reply {}

  /** The error for a failure; a refusal is its own error. */
  record Failed(RuntimeException cause) implements Reply {}

  /** An answer with additional headers, by name. */
  record WithHeaders(Reply reply, Map<String, String> headers) implements Reply {}

  /**
   * A page that is followed by another one.
   *
   * @param parameter of the query, in which the next page's request differs
   * @param value of that parameter; needs no percent-encoding
   */
  record WithNext(Reply reply, String parameter, String value) implements Reply {}

  /** Writes a streamed body. */
  @FunctionalInterface
  interface Writer {
    /** Writes everything; the caller closes the stream. */
    void write(OutputStream out) throws IOException;
  }

  /** 200 with {@code {"data": …}}. */
  static Reply ok(@Nullable Object data) {
    return data(200, data, Map.of());
  }

  /** 201 with {@code {"data": …}}. */
  static Reply created(Object data) {
    return data(201, data, Map.of());
  }

  /** {@code {"data": …}} with further members beside it, in their order. */
  static Reply data(int status, @Nullable Object data, Map<String, ?> beside) {
    Map<String, @Nullable Object> envelope = new LinkedHashMap<>();
    envelope.put("data", data);
    envelope.putAll(beside);
    return new Body(status, envelope);
  }

  /** 200 with one page of a list. */
  static Reply page(Page<?> page) {
    return page(page, Map.of());
  }

  /** 200 with one page of a list and further members beside it, in their order. */
  static Reply page(Page<?> page, Map<String, ?> beside) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("pagination", pagination(page));
    members.putAll(beside);
    Reply reply = data(200, page.items(), members);
    return switch (page) {
      case Page.ByOffset<?> part ->
          part.hasMore()
              ? new WithNext(
                  reply, "offset", Integer.toString(part.request().offset() + part.items().size()))
              : reply;
      case Page.ByCursor<?> part ->
          part.nextCursor() == null ? reply : new WithNext(reply, "cursor", part.nextCursor());
    };
  }

  private static Object pagination(Page<?> page) {
    return switch (page) {
      case Page.ByOffset<?> part ->
          new Pagination(
              part.request().offset(), part.request().limit(), part.total(), part.hasMore());
      case Page.ByCursor<?> part ->
          new CursorPagination(part.limit(), part.nextCursor() != null, part.nextCursor());
    };
  }

  /** The contract's {@code pagination} object of a page by offset. */
  record Pagination(int offset, int limit, int total, boolean hasMore) {}

  /** The contract's {@code pagination} object of a page by cursor. */
  record CursorPagination(int limit, boolean hasMore, @Nullable String nextCursor) {}

  /** 200 with this body, without an envelope. */
  static Reply bare(Object body) {
    return new Body(200, body);
  }

  /** 200 with this body, which a client may keep, but must ask for again before each use. */
  static Reply revalidated(String contentType, byte[] body) {
    return new Bytes(200, contentType, Preconditions.REVALIDATE, body);
  }

  /** 200 with a body that is written while it is produced; not to be cached. */
  static Reply stream(String contentType, Writer writer) {
    return new Stream(200, contentType, NO_STORE, writer);
  }

  /** 204. */
  static Reply noContent() {
    return new Body(204, null);
  }

  /** A refusal that commits. */
  static Reply refused(Refusal refusal) {
    return new Refused(refusal);
  }
}
