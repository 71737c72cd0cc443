package app.perpetua.flow.http;

import app.perpetua.flow.base.Cancellation;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.sql.Tx;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request that calls a provider: reserves in one transaction, calls outside of any, and settles
 * in another. The first transaction inserts a pending idempotency record, which the second
 * completes. If a crash prevents that, a job releases the reservation.
 *
 * @param reserve receives the idempotency key; with the owner locked, checks the request, reserves
 *     the cost, and enqueues the job that releases both if the request is never settled. Throws a
 *     {@link Refusal} to reserve nothing. May run again
 * @param call calls the provider, in bounded time
 * @param settle stores the result, with the owner locked; may run again
 */
public record TwoPhaseRequest<R, O>(
    BiFunction<Tx, UUID, R> reserve, Call<R, O> call, Settlement<R, O> settle) {
  /** The call; failures of the provider are results, not exceptions. */
  @FunctionalInterface
  public interface Call<R, O> {
    /**
     * Calls the provider.
     *
     * @param deltas receives the text as it arrives; null for the complete result only
     * @param cancellation ends the call
     */
    O call(R reserved, @Nullable Consumer<String> deltas, Cancellation cancellation);
  }

  /** The second transaction. */
  @FunctionalInterface
  public interface Settlement<R, O> {
    /**
     * Stores the result of the call.
     *
     * @return a body to be stored for the key, or a refusal, which commits and frees the key
     */
    Reply settle(Tx tx, R reserved, O result);
  }
}
