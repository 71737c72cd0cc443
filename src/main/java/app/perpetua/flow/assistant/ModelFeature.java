package app.perpetua.flow.assistant;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.Tx;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A kind of request that the assistant answers: a transaction before and one after a run of the
 * model. Implementations are thread-safe.
 *
 * @param <I> the input of the client
 * @param <D> the data that the first transaction reads for the model
 * @param <T> a usable result of the run
 */
interface ModelFeature<I, D, T> {
  /**
   * Reads the data and reserves the credits.
   *
   * @param key of the request's idempotency record
   * @throws Refusal if the data does not permit the request, or as {@link Charges#reserve}
   */
  Reserved<D> reserve(Tx tx, UUID key, Principal principal, I input);

  /**
   * Calls the model, outside any transaction.
   *
   * @param onText receives text as it arrives; null for a complete answer only
   */
  Result<T> call(
      Reserved<D> reserved, @Nullable Consumer<String> onText, Cancellation cancellation);

  /**
   * Stores the suggestions, commits the charge and returns the response.
   *
   * @return empty, with nothing stored or committed, if nothing is left of the result for the user
   */
  Optional<Object> settle(Tx tx, Reserved<D> reserved, Result.Success<T> result);
}
