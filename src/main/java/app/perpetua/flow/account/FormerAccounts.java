package app.perpetua.flow.account;

import app.perpetua.flow.sql.Tx;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is remembered of deleted accounts, so that deleting an account and signing in again starts
 * no limit afresh (FR-071). Thread-safe.
 */
final class FormerAccounts {
  /** Documented in SECURITY.md. */
  static final Duration RETENTION = Duration.ofDays(365);

  /**
   * What a new account takes over from the deleted accounts of the same person.
   *
   * @param dailyCredits daily credits granted today
   * @param boughtCredits credits bought in this month
   */
  record Usage(int dailyCredits, int boughtCredits) {}

  private record Stored(Instant deletedAt, Usage usage) {}

  private final SubjectHashes hashes;

  FormerAccounts(SubjectHashes hashes) {
    this.hashes = hashes;
  }

  /**
   * Remembers the acting user's account, whose row is locked and is deleted next.
   *
   * @param subject the account's Google subject
   */
  void remember(Tx tx, String subject) {
    LocalDate today = day(tx.now());
    tx.sql("account.remember_account")
        .bind("subject_hash", hashes.current(subject))
        .bind("today", today.toString())
        .bind("month", today.withDayOfMonth(1).atStartOfDay(ZoneOffset.UTC).toInstant())
        .run();
  }

  /**
   * Takes over what is remembered of a person, who has just registered again. It is not stored here
   * any longer: the account's own rows have it.
   *
   * @param tx the system's
   * @return empty if the person had no account in the last year
   */
  Optional<Usage> take(Tx tx, String subject) {
    List<Stored> found = new ArrayList<>();
    for (byte[] hash : hashes.all(subject)) {
      tx.sql("account.take_former_account")
          .bind("subject_hash", hash)
          .one(
              row ->
                  new Stored(
                      row.instant("deleted_at"),
                      new Usage(row.integer("daily_credits"), row.integer("bought_credits"))))
          .filter(stored -> tx.now().isBefore(stored.deletedAt().plus(RETENTION)))
          .ifPresent(found::add);
    }
    LocalDate today = day(tx.now());
    return found.stream()
        .map(
            stored -> {
              LocalDate deleted = day(stored.deletedAt());
              return new Usage(
                  deleted.equals(today) ? stored.usage().dailyCredits() : 0,
                  YearMonth.from(deleted).equals(YearMonth.from(today))
                      ? stored.usage().boughtCredits()
                      : 0);
            })
        .reduce(
            (a, b) ->
                new Usage(
                    a.dailyCredits() + b.dailyCredits(), a.boughtCredits() + b.boughtCredits()));
  }

  /**
   * Forgets accounts that were deleted more than a year ago.
   *
   * @param tx the system's
   * @return the number of deleted rows, at most {@code batch}
   */
  int deleteExpired(Tx tx, int batch) {
    return tx.sql("account.delete_expired_former_accounts")
        .bind("horizon", tx.now().minus(RETENTION))
        .bind("count", batch)
        .run();
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }
}
