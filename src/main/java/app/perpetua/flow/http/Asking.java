package app.perpetua.flow.http;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request that has to ask somebody else: reserve in one transaction, ask outside of any, settle
 * in another. The key's record opens with the first and closes with the last, so that a crash in
 * between leaves something to find. An object of this type serves one request.
 *
 * @param <R> what was reserved
 * @param <O> what came of asking
 */
public interface Asking<R, O> {
  /**
   * Checks everything and takes what it costs, with the owner locked. May run again if the database
   * asks for it. Leaves a job that gives back what is never settled.
   *
   * @param key names the record; whoever gives back frees it
   * @throws Refusal if it is refused, with nothing reserved
   */
  R reserve(Tx tx, UUID key);

  /**
   * Asks, in bounded time. What the other side does wrong is an outcome, not an exception.
   *
   * @param words where to say what comes, as it comes; null if only the whole is wanted
   * @param cancellation to be heeded while waiting
   */
  O ask(R reserved, @Nullable Consumer<String> words, Cancellation cancellation);

  /**
   * Stores what came of it, with the owner locked. May run again.
   *
   * @return a body to be kept for the key, or a refusal that commits: then the key is free again
   */
  Reply settle(Tx tx, R reserved, O outcome);
}
