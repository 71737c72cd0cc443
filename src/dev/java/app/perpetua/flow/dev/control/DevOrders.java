package app.perpetua.flow.dev.control;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Finds the order of a simulated payment event; creates a matching order if the service has none.
 * Thread-safe.
 */
public final class DevOrders {
  /** An order and its payment, if it has one. */
  record Found(UUID id, int amountCents, @Nullable String paymentId) {}

  /** The payment belongs to another user. */
  static final class Foreign extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Foreign() {
      super("that payment is another user's, or of another kind", null, false, false);
    }
  }

  private final DataSource database;
  private final int proCents;
  private final int creditCents;

  /**
   * @param proCents price of a month of Pro
   * @param creditCents price of a credit
   */
  public DevOrders(DataSource database, int proCents, int creditCents) {
    this.database = database;
    this.proCents = proCents;
    this.creditCents = creditCents;
  }

  /** Price of a month of Pro, in cents. */
  int proCents() {
    return proCents;
  }

  /**
   * The order.
   *
   * @param paid whether the event concerns an earlier payment: a refund or dispute
   * @param paymentId null if the event names none
   * @param credits number of credits of an order that is created
   * @return empty if there is no such user
   * @throws Foreign if the payment belongs to another order
   */
  Optional<Found> order(
      UUID user,
      boolean forCredits,
      boolean paid,
      @Nullable String paymentId,
      int credits,
      Instant now) {
    try (Connection connection = database.getConnection()) {
      if (paymentId != null) {
        Optional<Found> known = byPayment(connection, user, forCredits, paymentId);
        if (known.isPresent()) {
          return known;
        }
      }
      Optional<Found> newest = newest(connection, user, forCredits, paid ? "captured" : "open");
      if (newest.isPresent() && (paymentId == null || paid || newest.get().paymentId() == null)) {
        return newest;
      }
      return made(connection, user, forCredits, credits, now);
    } catch (SQLException e) {
      throw new IllegalStateException("orders cannot be read", e);
    }
  }

  private static Optional<Found> byPayment(
      Connection connection, UUID user, boolean forCredits, String paymentId) throws SQLException {
    try (PreparedStatement find =
        connection.prepareStatement(
            """
            select id, amount_cents, payment_id, user_id = ? and (kind = 'credits') = ? as fits
            from billing.purchases
            where payment_id = ?
            """)) {
      find.setObject(1, user);
      find.setBoolean(2, forCredits);
      find.setString(3, paymentId);
      try (ResultSet row = find.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        if (!row.getBoolean("fits")) {
          throw new Foreign();
        }
        return Optional.of(found(row));
      }
    }
  }

  private static Optional<Found> newest(
      Connection connection, UUID user, boolean forCredits, String status) throws SQLException {
    try (PreparedStatement find =
        connection.prepareStatement(
            """
            select id, amount_cents, payment_id
            from billing.purchases
            where user_id = ? and (kind = 'credits') = ? and status = ?
            order by created_at desc, id desc
            limit 1
            """)) {
      find.setObject(1, user);
      find.setBoolean(2, forCredits);
      find.setString(3, status);
      try (ResultSet row = find.executeQuery()) {
        return row.next() ? Optional.of(found(row)) : Optional.empty();
      }
    }
  }

  /** A subscriber's next payment is a renewal. */
  private Optional<Found> made(
      Connection connection, UUID user, boolean forCredits, int credits, Instant now)
      throws SQLException {
    try (PreparedStatement make =
        connection.prepareStatement(
            """
            insert into billing.purchases
              (id, user_id, kind, credits, amount_cents, currency, period_start, attempt,
               created_at, updated_at)
            select ?, u.id,
                   case when ? then 'credits' when s.id is null then 'subscription'
                        else 'renewal' end,
                   case when ? then ? end, ?, 'USD',
                   case when not ? then s.current_period_end end,
                   case when not ? and s.id is not null then 1 + (
                     select coalesce(max(p.attempt), 0)
                     from billing.purchases p
                     where p.user_id = u.id and p.period_start = s.current_period_end) end,
                   ?, ?
            from auth.users u
            left join billing.subscriptions s
              on s.user_id = u.id and s.status in ('active', 'past_due', 'grace')
            where u.id = ?
            returning id, amount_cents, payment_id
            """)) {
      make.setObject(1, UUID.randomUUID());
      make.setBoolean(2, forCredits);
      make.setBoolean(3, forCredits);
      make.setInt(4, credits);
      make.setInt(5, forCredits ? Math.multiplyExact(credits, creditCents) : proCents);
      make.setBoolean(6, forCredits);
      make.setBoolean(7, forCredits);
      make.setObject(8, now.atOffset(ZoneOffset.UTC));
      make.setObject(9, now.atOffset(ZoneOffset.UTC));
      make.setObject(10, user);
      try (ResultSet row = make.executeQuery()) {
        return row.next() ? Optional.of(found(row)) : Optional.empty();
      }
    }
  }

  private static Found found(ResultSet row) throws SQLException {
    return new Found(
        row.getObject("id", UUID.class), row.getInt("amount_cents"), row.getString("payment_id"));
  }
}
