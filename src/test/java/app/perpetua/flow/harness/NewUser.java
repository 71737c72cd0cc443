package app.perpetua.flow.harness;

import java.time.Instant;
import java.util.UUID;

/**
 * Builds a user that reads as a sentence: {@code
 * database.newUser().onPro().in("Asia/Tokyo").save()}.
 */
public final class NewUser {
  private final TestDatabase database;
  private final UUID id = UUID.randomUUID();
  private String name = "Ada Example";
  private String timezone = "UTC";
  private String tier = "free";
  private Instant createdAt = MutableClock.START;

  NewUser(TestDatabase database) {
    this.database = database;
  }

  /** Pays for Pro. */
  public NewUser onPro() {
    tier = "pro";
    return this;
  }

  /** Has this name. */
  public NewUser called(String name) {
    this.name = name;
    return this;
  }

  /** Lives in this IANA zone. */
  public NewUser in(String timezone) {
    this.timezone = timezone;
    return this;
  }

  /** Joined then. */
  public NewUser since(Instant createdAt) {
    this.createdAt = createdAt;
    return this;
  }

  /** Writes the user's row. The user's id. */
  public UUID save() {
    database.run(
        """
        insert into auth.users
          (id, google_id, email, name, timezone, tier, created_at, updated_at)
        values (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        id,
        "google-" + id,
        id + "@example.com",
        name,
        timezone,
        tier,
        createdAt,
        createdAt);
    return id;
  }
}
