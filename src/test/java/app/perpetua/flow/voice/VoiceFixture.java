package app.perpetua.flow.voice;

import app.perpetua.flow.fake.DeepgramStreamFake;
import app.perpetua.flow.fake.WebmFile;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.sql.Eventually;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.LongSupplier;
import tools.jackson.databind.JsonNode;

/** Shared by tests of live sessions. */
final class VoiceFixture {
  static final Duration LIMIT = Duration.ofSeconds(20);

  /** The contract's limit; the other limits are too long to be reached. */
  static final Duration AUTHENTICATE = Duration.ofSeconds(10);

  static final Duration SILENCE = Duration.ofMinutes(10);
  static final Duration TIMEOUT = Duration.ofMinutes(20);

  static final VoiceTiming TIMING = timing(System::nanoTime);

  static final List<byte[]> PIECES = WebmFile.pieces(20);

  private VoiceFixture() {}

  /** No limit is reached because a machine is slow, unless the test moves the time. */
  static VoiceTiming timing(LongSupplier nanoTime) {
    return new VoiceTiming(
        AUTHENTICATE,
        SILENCE,
        Duration.ofMillis(500),
        TIMEOUT,
        LIMIT,
        LIMIT,
        Duration.ofSeconds(30),
        Duration.ofMillis(20),
        nanoTime);
  }

  /** The session's record once it has ended. */
  static JsonNode ended(TestService.Session user, String id) {
    Eventually.within(LIMIT, () -> !record(user, id).get("ended_at").isNull());
    return record(user, id);
  }

  static JsonNode record(TestService.Session user, String id) {
    return user.api().get("/api/v1/ai/voice-sessions/" + id).expect(200).data();
  }

  /** The user's only session, once it has ended. */
  static JsonNode onlyEnded(TestService.Session user) {
    JsonNode all = user.api().get("/api/v1/ai/voice-sessions").expect(200).data();
    if (all.size() != 1) {
      throw new AssertionError("not one session: " + all);
    }
    return ended(user, all.get(0).get("id").stringValue());
  }

  static void awaitMessages(DeepgramStreamFake stream, int count) {
    Eventually.within(LIMIT, () -> stream.messages() >= count);
  }

  static int balance(TestService.Session user) {
    return user.api().get("/api/v1/credits/balance").expect(200).data().get("total").intValue();
  }

  /** The number of charges or refunds for voice in the ledger. */
  static long movements(TestDatabase database, UUID user, String operation) {
    return database.number(
        "select count(distinct operation_ref) from billing.ai_credit_ledger where user_id = ?"
            + " and operation = ? and operation_ref like 'voice:%'",
        user, operation);
  }

  /**
   * Grants credits in addition to those of the user's tier.
   *
   * @param before credits that were granted before
   */
  static void grant(TestDatabase database, UUID user, int amount, int before) {
    database.run(
        """
        with granted as (
          insert into billing.ai_credit_grants
            (id, user_id, credit_type, amount, remaining, spent, expired, dedup_key, created_at)
          values (gen_random_uuid(), ?, 'kickstart', ?, ?, 0, 0, 'test', now())
          returning *
        )
        insert into billing.ai_credit_ledger
          (id, user_id, grant_id, credit_type, operation, amount, balance_after, operation_ref,
           description, created_at)
        select gen_random_uuid(), user_id, id, credit_type, 'grant', amount, amount + ?, 'test', 'test',
               created_at
        from granted
        """,
        user,
        amount,
        amount,
        before);
  }
}
