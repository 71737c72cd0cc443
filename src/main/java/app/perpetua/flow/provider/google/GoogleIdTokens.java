package app.perpetua.flow.provider.google;

import app.perpetua.flow.account.CompactJws;
import app.perpetua.flow.account.GoogleIdentity;
import app.perpetua.flow.account.IdTokens;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import com.nimbusds.jose.Header;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Verifies Google's ID tokens (FR-001; OpenID Connect Core 1.0, section 3.1.3.7). A token's header
 * selects one of Google's published keys by its id and nothing else. Thread-safe.
 */
public final class GoogleIdTokens implements IdTokens {
  private static final System.Logger LOG = System.getLogger(GoogleIdTokens.class.getName());

  private static final Set<String> ISSUERS =
      Set.of("https://accounts.google.com", "accounts.google.com");

  /** The tolerated difference between Google's clock and this one. */
  private static final Duration SKEW = Duration.ofSeconds(60);

  private final GoogleKeys keys;
  private final Set<String> clientIds;
  private final Clock clock;

  /**
   * @param clientIds the accepted audiences
   */
  public GoogleIdTokens(GoogleKeys keys, Set<String> clientIds, Clock clock) {
    this.keys = keys;
    this.clientIds = Set.copyOf(clientIds);
    this.clock = clock;
  }

  @Override
  public GoogleIdentity verify(String idToken) {
    if (!isJwt(idToken)) {
      throw Refusal.invalid("id_token", "must be a JWT");
    }
    try {
      require(CompactJws.isCanonical(idToken), "form");
      SignedJWT jwt = SignedJWT.parse(idToken);
      JWSVerifier verifier = verifier(jwt.getHeader()).orElse(null);
      require(verifier != null && jwt.verify(verifier), "key or signature");
      return identity(jwt.getJWTClaimsSet());
    } catch (ParseException | JOSEException | IllegalArgumentException e) {
      LOG.log(System.Logger.Level.DEBUG, "ID token refused: {0}", e.getMessage());
      throw Refusal.of(ErrorCode.UNAUTHORIZED, "the ID token is not valid");
    }
  }

  private static boolean isJwt(String idToken) {
    try {
      return CompactJws.isCompact(idToken)
          && Header.parse(new Base64URL(idToken.substring(0, idToken.indexOf('.')))) != null;
    } catch (ParseException | RuntimeException e) {
      // Nimbus throws unchecked exceptions for some malformed headers.
      return false;
    }
  }

  private Optional<JWSVerifier> verifier(JWSHeader header) throws ParseException {
    require(header.getAlgorithm().equals(JWSAlgorithm.RS256), "algorithm");
    require(header.getCriticalParams() == null, "critical parameters");
    require(header.getKeyID() != null, "no key id");
    return keys.verifier(header.getKeyID());
  }

  private GoogleIdentity identity(JWTClaimsSet claims) throws ParseException {
    require(ISSUERS.contains(text(claims.getIssuer())), "issuer");
    List<String> audience = claims.getAudience();
    require(!audience.isEmpty() && clientIds.containsAll(audience), "audience");
    String authorizedParty = claims.getStringClaim("azp");
    require(authorizedParty == null || clientIds.contains(authorizedParty), "authorized party");
    Instant now = clock.instant();
    Instant expiresAt = instant(claims.getExpirationTime());
    require(expiresAt != null && now.minus(SKEW).isBefore(expiresAt), "expired");
    require(!isLater(claims.getIssueTime(), now), "issued in the future");
    require(!isLater(claims.getNotBeforeTime(), now), "not valid yet");
    Object verified = claims.getClaim("email_verified");
    require(Boolean.TRUE.equals(verified) || "true".equals(verified), "e-mail not verified");
    return GoogleIdentity.of(
        text(claims.getSubject()),
        text(claims.getStringClaim("email")),
        displayClaim(claims, "name"),
        displayClaim(claims, "picture"));
  }

  /** A claim of another type is ignored, because it is only for display. */
  private static @Nullable String displayClaim(JWTClaimsSet claims, String name) {
    return claims.getClaim(name) instanceof String text ? text : null;
  }

  private static String text(@Nullable String claim) {
    return claim == null ? "" : claim;
  }

  private static @Nullable Instant instant(@Nullable Date date) {
    return date == null ? null : date.toInstant();
  }

  private static boolean isLater(@Nullable Date date, Instant now) {
    return date != null && date.toInstant().isAfter(now.plus(SKEW));
  }

  private static void require(boolean holds, String what) throws ParseException {
    if (!holds) {
      throw new ParseException(what, 0);
    }
  }
}
