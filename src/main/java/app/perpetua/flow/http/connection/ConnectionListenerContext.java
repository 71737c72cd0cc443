package app.perpetua.flow.http.connection;

import io.helidon.common.context.Context;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.http.DirectHandlers;
import java.util.concurrent.ExecutorService;

/**
 * The listener's context for the requests of one connection, with the connection registered in it
 * for filters to find.
 */
record ConnectionListenerContext(ListenerContext listener, Context context)
    implements ListenerContext {
  static ListenerContext of(ListenerContext listener, ClientConnection connection) {
    Context context = Context.builder().parent(listener.context()).build();
    context.register(connection);
    return new ConnectionListenerContext(listener, context);
  }

  @Override
  public MediaContext mediaContext() {
    return listener.mediaContext();
  }

  @Override
  public ContentEncodingContext contentEncodingContext() {
    return listener.contentEncodingContext();
  }

  @Override
  public DirectHandlers directHandlers() {
    return listener.directHandlers();
  }

  @Override
  public ListenerConfig config() {
    return listener.config();
  }

  @Override
  public ExecutorService executor() {
    return listener.executor();
  }
}
