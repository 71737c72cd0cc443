package app.perpetua.flow.http;

import app.perpetua.flow.base.Refusal;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an endpoint answers, as a value: {@link Endpoint} renders, stores and measures it.
 * Immutable.
 */
public sealed interface Reply {
  /** {@code Cache-Control} of what must not be cached: every answer of the API. */
  String NO_STORE = "no-store";

  /** The HTTP status. */
  int status();

  /**
   * An answer with a JSON body, or none.
   *
   * @param body what Jackson writes; null for an empty answer
   */
  record Body(int status, @Nullable Object body) implements Reply {}

  /**
   * An answer of ready bytes.
   *
   * @param contentType the media type
   * @param cacheControl {@code Cache-Control}; API answers say {@code no-store}
   */
  record Bytes(int status, String contentType, String cacheControl, byte[] bytes)
      implements Reply {}

  /**
   * An answer written as it comes, when it may be larger than what one would hold in memory.
   *
   * @param contentType the media type
   * @param cacheControl {@code Cache-Control}; API answers say {@code no-store}
   */
  record Stream(int status, String contentType, String cacheControl, Writer writer)
      implements Reply {}

  /**
   * A refusal whose transaction commits all the same: what was found out, such as a stolen token,
   * must survive it.
   */
  record Refused(Refusal refusal) implements Reply {
    @Override
    public int status() {
      return refusal.code().status();
    }
  }

  /**
   * An answer with headers of its own.
   *
   * @param reply the answer, without them
   * @param headers by name
   */
  record Headed(Reply reply, Map<String, String> headers) implements Reply {
    @Override
    public int status() {
      return reply.status();
    }
  }

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
  static Reply page(Page page, Page.Slice<?> slice) {
    return page(page, slice, Map.of());
  }

  /** 200 with one page of a list and further members beside it, in their order. */
  static Reply page(Page page, Page.Slice<?> slice, Map<String, ?> beside) {
    Map<String, Object> envelope = new LinkedHashMap<>();
    List<?> items = slice.items();
    envelope.put("data", items);
    envelope.put("pagination", page.of(slice));
    envelope.putAll(beside);
    return new Body(200, envelope);
  }

  /** 200 with this very body. */
  static Reply bare(Object body) {
    return new Body(200, body);
  }

  /** 200 with what is written as it comes, and not to be cached. */
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
