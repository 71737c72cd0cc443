package app.perpetua.flow.sql;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingDeque;

/**
 * A transaction pooler with two sessions of the server, the last used one first, as PgBouncer. Like
 * its older releases it does not know prepared statements, so that they meet those of other
 * clients. The server must trust local users. Thread-safe.
 */
public final class TransactionPooler implements AutoCloseable {
  private static final int SESSIONS = 2;
  private static final int SSL_REQUEST = 80_877_103;
  private static final int GSS_REQUEST = 80_877_104;

  private record Session(Socket socket, DataInputStream in) {}

  private record Message(byte type, byte[] bytes) {}

  private final ServerSocket listener;
  private final boolean refusesOptions;
  private final BlockingDeque<Session> idle = new LinkedBlockingDeque<>();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private byte[] greeting = new byte[0];

  /**
   * @param refusesOptions whether it refuses clients with settings, as PgBouncer does unless it is
   *     told to ignore them
   */
  public TransactionPooler(int serverPort, String user, String database, boolean refusesOptions)
      throws IOException {
    this.refusesOptions = refusesOptions;
    for (int i = 0; i < SESSIONS; i++) {
      idle.push(login(serverPort, user, database));
    }
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  private Session login(int port, String user, String database) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    sockets.add(socket);
    byte[] parameters =
        ("user\0"
                + user
                + "\0database\0"
                + database
                + "\0DateStyle\0ISO\0client_encoding\0UTF8\0\0")
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer startup = ByteBuffer.allocate(8 + parameters.length);
    startup.putInt(8 + parameters.length).putInt(3 << 16).put(parameters);
    socket.getOutputStream().write(startup.array());
    Session session = new Session(socket, new DataInputStream(socket.getInputStream()));
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    Message message;
    do {
      message = read(session.in());
      received.writeBytes(message.bytes());
    } while (message.type() != 'Z');
    greeting = received.toByteArray();
    return session;
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        client.setTcpNoDelay(true);
        sockets.add(client);
        Thread.ofVirtual().start(() -> serve(client));
      }
    } catch (IOException e) {
      // The listener is closed.
    }
  }

  private void serve(Socket client) {
    try (client) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      OutputStream out = client.getOutputStream();
      String startup = startup(in, out);
      if (refusesOptions && startup.contains("\0options\0")) {
        out.write(error("unsupported startup parameter in options: statement_timeout"));
        return;
      }
      out.write(greeting);
      while (transaction(in, out)) {
        // The next transaction may get another session.
      }
    } catch (IOException e) {
      // The client or the pooler has ended.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String startup(DataInputStream in, OutputStream out) throws IOException {
    while (true) {
      byte[] body = new byte[in.readInt() - 4];
      in.readFully(body);
      int code = ByteBuffer.wrap(body).getInt();
      if (code != SSL_REQUEST && code != GSS_REQUEST) {
        return new String(body, StandardCharsets.UTF_8);
      }
      out.write('N');
    }
  }

  /** Relays until the session is idle again; false if the client has ended. */
  private boolean transaction(DataInputStream in, OutputStream out)
      throws IOException, InterruptedException {
    Message message = read(in);
    if (message.type() == 'X') {
      return false;
    }
    Session session = idle.takeFirst();
    while (true) {
      session.socket().getOutputStream().write(message.bytes());
      if (message.type() == 'Q' || message.type() == 'S') {
        Message ready = answer(session, out);
        boolean isIdle = ready.bytes()[5] == 'I';
        if (isIdle) {
          idle.putFirst(session);
        }
        out.write(ready.bytes());
        if (isIdle) {
          return true;
        }
      }
      message = read(in);
    }
  }

  /** Relays what the server says until it is ready for the next query, which it returns. */
  private static Message answer(Session session, OutputStream out) throws IOException {
    for (Message message = read(session.in()); ; message = read(session.in())) {
      if (message.type() == 'Z') {
        return message;
      }
      out.write(message.bytes());
    }
  }

  private static Message read(DataInputStream in) throws IOException {
    byte type = in.readByte();
    int length = in.readInt();
    ByteBuffer bytes = ByteBuffer.allocate(1 + length);
    bytes.put(type).putInt(length);
    in.readFully(bytes.array(), 5, length - 4);
    return new Message(type, bytes.array());
  }

  private static byte[] error(String text) {
    byte[] fields = ("SFATAL\0C08P01\0M" + text + "\0\0").getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(5 + fields.length)
        .put((byte) 'E')
        .putInt(4 + fields.length)
        .put(fields)
        .array();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
