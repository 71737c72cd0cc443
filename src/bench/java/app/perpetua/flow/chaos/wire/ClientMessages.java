package app.perpetua.flow.chaos.wire;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes commits in the messages that a client of PostgreSQL sends on one connection: {@code
 * COMMIT} in the simple protocol, in the extended one, also of a statement that was prepared
 * earlier, and the end of a batch that writes outside a transaction, which commits by itself. Not
 * thread-safe.
 */
final class ClientMessages {
  /** The last message of a batch of the extended protocol. */
  static final char SYNC = 'S';

  private static final char QUERY = 'Q';
  private static final char PARSE = 'P';
  private static final char BIND = 'B';
  private static final char EXECUTE = 'E';
  private static final char CLOSE = 'C';
  private static final char STATEMENT = 'S';

  private static final Pattern WRITES =
      Pattern.compile("(?s).*\\b(insert into|delete from|update [a-z_]+\\.[a-z_]+)\\b.*");

  /** What a statement does to the transaction. */
  private enum Effect {
    READ,
    WRITE,
    BEGIN,
    COMMIT,
    ROLLBACK
  }

  /** What a message means for the transaction. */
  enum Meaning {
    /** Nothing. */
    PLAIN,
    /** When the server has processed it, the transaction is committed. */
    COMMIT,
    /** Ends a batch; the server answers with {@code ReadyForQuery}. */
    END,
    /** Ends a batch and thereby commits it. */
    END_AND_COMMIT
  }

  private final Map<String, Effect> statements = new HashMap<>();
  private final Map<String, Effect> portals = new HashMap<>();

  /** The next message is the first one of a batch. */
  private boolean isFirst = true;

  private boolean isOpen;
  private boolean hasWritten;

  /**
   * Classifies the next message.
   *
   * @param body without type and length
   * @param reported whether a transaction is open, as the server reported after the last batch;
   *     null if it has not answered yet, as the driver sends {@code BEGIN} ahead of a batch
   */
  Meaning next(char type, byte[] body, @Nullable Boolean reported) {
    if (isFirst && reported != null) {
      isOpen = reported;
    }
    isFirst = false;
    switch (type) {
      case QUERY -> {
        boolean commits = false;
        for (String statement : text(body, 0).split(";", -1)) {
          commits |= execute(effect(statement));
        }
        return end(commits);
      }
      case PARSE -> {
        String name = text(body, 0);
        statements.put(name, effect(text(body, name.length() + 1)));
      }
      case BIND -> {
        String portal = text(body, 0);
        String statement = text(body, portal.length() + 1);
        portals.put(portal, statements.getOrDefault(statement, Effect.READ));
      }
      case EXECUTE -> {
        if (execute(portals.getOrDefault(text(body, 0), Effect.READ))) {
          return Meaning.COMMIT;
        }
      }
      case CLOSE -> {
        if (body[0] == STATEMENT) {
          statements.remove(text(body, 1));
        }
      }
      case SYNC -> {
        return end(false);
      }
      default -> {}
    }
    return Meaning.PLAIN;
  }

  private Meaning end(boolean hasCommitted) {
    boolean commits = hasCommitted || (hasWritten && !isOpen);
    hasWritten = false;
    isFirst = true;
    return commits ? Meaning.END_AND_COMMIT : Meaning.END;
  }

  /** Returns whether it is an explicit commit. */
  private boolean execute(Effect effect) {
    switch (effect) {
      case BEGIN -> isOpen = true;
      case WRITE -> hasWritten = true;
      case COMMIT, ROLLBACK -> {
        isOpen = false;
        hasWritten = false;
      }
      case READ -> {}
    }
    return effect == Effect.COMMIT;
  }

  private static Effect effect(String sql) {
    String plain = sql.strip().toLowerCase(Locale.ROOT);
    String first = plain.split("[\\s;]", 2)[0];
    return switch (first) {
      case "begin", "start" -> Effect.BEGIN;
      case "commit", "end" -> Effect.COMMIT;
      case "rollback", "abort" -> Effect.ROLLBACK;
      default -> WRITES.matcher(plain).matches() ? Effect.WRITE : Effect.READ;
    };
  }

  /** A string that ends with NUL; Latin 1 keeps its length in bytes. */
  private static String text(byte[] body, int from) {
    int end = from;
    while (end < body.length && body[end] != 0) {
      end++;
    }
    return new String(body, from, end - from, StandardCharsets.ISO_8859_1);
  }
}
