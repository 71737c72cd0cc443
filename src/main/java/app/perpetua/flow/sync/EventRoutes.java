package app.perpetua.flow.sync;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Tx;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The endpoint of event streams. */
final class EventRoutes {
  private static final String LAST_EVENT_ID = "Last-Event-ID";
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  /** Otherwise nginx, and what is built on it, delays events. */
  private static final Map<String, String> UNBUFFERED = Map.of("X-Accel-Buffering", "no");

  private final Sync sync;
  private final EventStreams streams;

  EventRoutes(Sync sync, EventStreams streams) {
    this.sync = sync;
    this.streams = streams;
  }

  /** GET /events. */
  Function<Tx, Supplier<Reply>> open(Request request) {
    Set<String> types = request.query().anyOf("types", sync.typeNames());
    Long lastEventId = lastEventId(request.header(LAST_EVENT_ID).orElse(null));
    Principal principal = request.principal();
    return tx -> {
      ChangeFeed.Start start = ChangeFeed.start(tx, lastEventId);
      return () -> {
        EventStream stream = streams.open(principal, types, start);
        return new Reply.WithHeaders(
            Reply.stream(Reply.EVENT_STREAM, out -> streams.run(stream, out)), UNBUFFERED);
      };
    };
  }

  private static @Nullable Long lastEventId(@Nullable String header) {
    if (header == null) {
      return null;
    }
    if (!NUMBER.matcher(header).matches()) {
      throw Refusal.invalid(LAST_EVENT_ID, "must be the id of an event");
    }
    return Long.valueOf(header);
  }
}
