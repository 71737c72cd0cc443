package app.perpetua.flow.account;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.LogFields;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.TimeZoneNames;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.parsing.JsonReader;
import app.perpetua.flow.sql.LockedUser.Tier;
import app.perpetua.flow.sql.Tx;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.time.LocalTime;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Endpoints of sign-in and the user's account. Responses of {@code /auth} have no envelope. */
final class AccountRoutes {
  private static final System.Logger LOG = System.getLogger(AccountRoutes.class.getName());

  /** Google's tokens have about 1,200 characters; this service's are shorter. */
  private static final int MAX_TOKEN = 16_384;

  private static final int MAX_NAME = 100;
  private static final int MAX_DEVICE_NAME = 100;
  private static final int MAX_TIMEZONE = 64;
  private static final int MAX_EMAIL = 320;
  private static final Pattern TIME = Pattern.compile("([01]\\d|2[0-3]):[0-5]\\d");

  /** A new key must be published an hour before it signs. */
  private static final String KEYS_CACHED = "public, max-age=3600";

  /** The result of a sign-in, for metrics and log. */
  enum SignInResult implements WireName {
    SUCCEEDED,
    MALFORMED,
    REFUSED,
    /** Google's signing keys cannot be fetched. */
    UNAVAILABLE
  }

  record SignedInUser(
      UUID id,
      String email,
      String name,
      @Nullable String avatarUrl,
      Tier tier,
      String timezone,
      Instant createdAt) {}

  record Tokens(String accessToken, String refreshToken, String tokenType, long expiresIn) {}

  record SignedIn(@JsonUnwrapped Tokens tokens, SignedInUser user) {}

  private final IdTokens google;
  private final Users users;
  private final RefreshTokens refreshTokens;
  private final AccessTokens accessTokens;
  private final Consumer<SignInResult> countSignIn;
  private final byte[] keySet;

  AccountRoutes(
      IdTokens google,
      Users users,
      RefreshTokens refreshTokens,
      AccessTokens accessTokens,
      Json json,
      Consumer<SignInResult> countSignIn) {
    this.google = google;
    this.users = users;
    this.refreshTokens = refreshTokens;
    this.accessTokens = accessTokens;
    this.countSignIn = countSignIn;
    this.keySet = json.bytes(accessTokens.keySet());
  }

  /** POST /auth/google/callback. Fetches Google's keys, if necessary, before the transaction. */
  Function<Tx, Reply> signIn(Request request) {
    ClientInfo client = client(request);
    GoogleIdentity identity;
    Device device;
    try {
      JsonReader body = request.body().required("id_token").notNull("device");
      String token = body.text("id_token", 1, MAX_TOKEN);
      device = device(body);
      body.validate();
      identity = google.verify(Objects.requireNonNull(token));
    } catch (Refusal refusal) {
      record(result(refusal.code()), client);
      throw refusal;
    }
    return tx -> {
      Users.SignedIn signedIn = users.signIn(tx, identity, client, device);
      record(SignInResult.SUCCEEDED, client);
      return Reply.bare(rendered(signedIn));
    };
  }

  /** Null if the client names none, or if it is invalid. */
  private static @Nullable Device device(JsonReader body) {
    JsonReader device = body.object("device");
    if (device == null) {
      return null;
    }
    UUID id = device.required("id", "name").uuid("id");
    String name = device.text("name", 1, MAX_DEVICE_NAME);
    if (name != null && !TextSanitizer.isSingleLine(name)) {
      device.addError("name", "must not contain control characters or line breaks");
    }
    return id == null || name == null ? null : new Device(id, name);
  }

  private SignedIn rendered(Users.SignedIn signedIn) {
    User user = signedIn.user();
    return new SignedIn(
        tokens(
            accessTokens.issue(
                user.id(), signedIn.session(), user.googleId(), user.email(), user.tier()),
            signedIn.refreshToken()),
        new SignedInUser(
            user.id(),
            user.email(),
            user.name(),
            user.avatarUrl(),
            user.tier(),
            user.timezone(),
            user.createdAt()));
  }

  private Tokens tokens(String accessToken, String refreshToken) {
    return new Tokens(accessToken, refreshToken, "Bearer", accessTokens.lifetime().toSeconds());
  }

  private static SignInResult result(ErrorCode code) {
    return switch (code) {
      case VALIDATION_ERROR -> SignInResult.MALFORMED;
      case SERVICE_UNAVAILABLE -> SignInResult.UNAVAILABLE;
      default -> SignInResult.REFUSED;
    };
  }

  private void record(SignInResult result, ClientInfo client) {
    countSignIn.accept(result);
    LOG.log(
        System.Logger.Level.INFO,
        "sign-in {0}: method google, ip {1}, user agent {2}",
        result.wireName(),
        client.ip(),
        client.userAgent(),
        LogFields.of("outcome", outcome(result)));
  }

  private static String outcome(SignInResult result) {
    return switch (result) {
      case SUCCEEDED -> "ok";
      case MALFORMED, REFUSED -> "refused";
      case UNAVAILABLE -> "failed";
    };
  }

  /** POST /auth/refresh. */
  Function<Tx, Reply> refresh(Request request) {
    ClientInfo client = client(request);
    String token = token(request, "refresh_token");
    return tx ->
        refreshTokens
            .rotate(tx, token, client)
            .map(
                rotated ->
                    Reply.bare(
                        tokens(
                            accessTokens.issue(
                                rotated.userId(),
                                rotated.session(),
                                rotated.subject(),
                                rotated.owner().email(),
                                rotated.owner().tier()),
                            rotated.token())))
            .orElseGet(
                () ->
                    Reply.refused(
                        Refusal.of(ErrorCode.INVALID_REFRESH_TOKEN, "please sign in again")
                            .with("refresh_required", false)));
  }

  /** POST /auth/logout. */
  Function<Tx, Reply> logout(Request request) {
    String token = token(request, "refresh_token");
    return tx -> {
      refreshTokens.logOut(tx, token);
      return Reply.noContent();
    };
  }

  /** GET /users/me. */
  Function<Tx, Reply> me(Request request) {
    return tx -> Reply.ok(users.me(tx));
  }

  /** PATCH /users/me. */
  Function<Tx, Reply> update(Request request) {
    JsonReader body = request.body().notNull("name", "timezone", "all_day_reminder_time");
    String name = body.text("name", 1, MAX_NAME);
    String timezone = body.text("timezone", 1, MAX_TIMEZONE);
    if (timezone != null && !TimeZoneNames.contains(timezone)) {
      body.addError("timezone", "must be an IANA time zone such as Europe/Berlin");
    }
    String time = body.text("all_day_reminder_time", 1, "HH:MM".length());
    if (time != null && !TIME.matcher(time).matches()) {
      body.addError("all_day_reminder_time", "must be a time of day such as 09:00");
    }
    body.validate();
    LocalTime reminderTime = time == null ? null : LocalTime.parse(time);
    return tx -> Reply.ok(users.update(tx, name, timezone, reminderTime));
  }

  /** DELETE /users/me. */
  Function<Tx, Reply> delete(Request request) {
    JsonReader body = request.body().required("confirm");
    String confirm = body.text("confirm", 1, MAX_EMAIL);
    body.validate();
    return tx -> {
      users.delete(tx, Objects.requireNonNull(confirm));
      return Reply.noContent();
    };
  }

  /** GET /.well-known/jwks.json. */
  Reply keys(Request request) {
    return new Reply.Bytes(200, "application/json", KEYS_CACHED, keySet.clone());
  }

  private static String token(Request request, String field) {
    JsonReader body = request.body().required(field);
    String token = body.text(field, 1, MAX_TOKEN);
    body.validate();
    return Objects.requireNonNull(token);
  }

  private static ClientInfo client(Request request) {
    return ClientInfo.of(request.header("User-Agent").orElse(null), request.client());
  }
}
