package app.perpetua.flow.harness;

import app.perpetua.flow.harness.time.MutableClock;
import java.time.Instant;
import java.util.UUID;

/** Builder of a user: {@code database.newUser().onPro().in("Asia/Tokyo").save()}. */
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

  /** Sets the tier to Pro. */
  public NewUser onPro() {
    tier = "pro";
    return this;
  }

  /** Sets the name. */
  public NewUser called(String name) {
    this.name = name;
    return this;
  }

  /** Sets the IANA time zone. */
  public NewUser in(String timezone) {
    this.timezone = timezone;
    return this;
  }

  /** Sets the time of registration. */
  public NewUser since(Instant createdAt) {
    this.createdAt = createdAt;
    return this;
  }

  /** Inserts the user's row and returns the id. */
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
