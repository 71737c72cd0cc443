package app.perpetua.flow.http.connection;

import io.helidon.common.socket.PeerInfo;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.Router;
import java.util.concurrent.ExecutorService;

/** The parts of Helidon's connection that stay as they are. */
abstract class DelegatingConnection implements ConnectionContext {
  private final ConnectionContext helidon;

  DelegatingConnection(ConnectionContext helidon) {
    this.helidon = helidon;
  }

  @Override
  public ExecutorService executor() {
    return helidon.executor();
  }

  @Override
  public Router router() {
    return helidon.router();
  }

  @Override
  public PeerInfo remotePeer() {
    return helidon.remotePeer();
  }

  @Override
  public PeerInfo localPeer() {
    return helidon.localPeer();
  }

  @Override
  public boolean isSecure() {
    return helidon.isSecure();
  }

  @Override
  public String socketId() {
    return helidon.socketId();
  }

  @Override
  public String childSocketId() {
    return helidon.childSocketId();
  }
}
