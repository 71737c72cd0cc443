package app.perpetua.flow.account;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Sha256;
import app.perpetua.flow.base.WireName;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.LockedUser;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.nio.ByteBuffer;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Issues and verifies access tokens: JWTs (RFC 7519) signed with RS256, valid for minutes, verified
 * without the database (FR-002, FR-004, FR-006). Only headers of the issued form are accepted, so
 * that no header can choose another key or algorithm. Thread-safe.
 */
public final class AccessTokens implements Authenticator {
  private static final System.Logger LOG = System.getLogger(AccessTokens.class.getName());

  private static final String ISSUER = "perpetua-flow";
  private static final String AUDIENCE = "perpetua-flow-api";
  private static final String LIMIT_ID = "limit_id";

  /** The session, as in OpenID Connect (Front-Channel Logout 1.0, section 3). */
  private static final String SESSION_ID = "sid";

  private static final Set<String> HEADER = Set.of("alg", "kid", "typ");
  private static final Set<String> TIERS = Set.of(WireName.all(LockedUser.Tier.class));

  /** The tolerated difference between the clocks of two instances. */
  private static final Duration MAX_SKEW = Duration.ofSeconds(60);

  /** Tokens have about 800 characters, and fewer than this even with an escaped e-mail address. */
  private static final int MAX_LENGTH = 4096;

  /** About 4 MB. A look-up takes a fiftieth of the time of a verification. */
  private static final int CACHE_SIZE = 20_000;

  private final JWSHeader header;
  private final JWSSigner signer;
  private final Map<String, JWSVerifier> verifiers;
  private final Map<String, Object> keySet;
  private final Duration lifetime;
  private final SubjectHashes subjects;
  private final Ids ids;
  private final Clock clock;

  /** The key is the token's SHA-256, so that a heap dump contains no token. */
  private final Cache<ByteBuffer, Principal> verified =
      Caffeine.newBuilder().maximumSize(CACHE_SIZE).executor(Runnable::run).build();

  public AccessTokens(AccountConfig config, Ids ids, Clock clock) {
    this.lifetime = config.accessLifetime();
    this.subjects = new SubjectHashes(config.subjectKeys());
    this.ids = ids;
    this.clock = clock;
    try {
      RSAKey signing = jwk(Pem.publicHalf(config.signingKey()));
      header =
          new JWSHeader.Builder(JWSAlgorithm.RS256)
              .type(JOSEObjectType.JWT)
              .keyID(signing.getKeyID())
              .build();
      signer = new RSASSASigner(config.signingKey());
      Map<String, JWK> keys = new LinkedHashMap<>();
      keys.put(signing.getKeyID(), signing);
      verifiers = new HashMap<>();
      verifiers.put(signing.getKeyID(), new RSASSAVerifier(signing));
      for (RSAPublicKey publicKey : config.verificationKeys()) {
        RSAKey key = jwk(publicKey);
        keys.put(key.getKeyID(), key);
        verifiers.put(key.getKeyID(), new RSASSAVerifier(key));
      }
      keySet = new JWKSet(List.copyOf(keys.values())).toJSONObject(true);
    } catch (JOSEException e) {
      throw new IllegalArgumentException("a key cannot sign or verify RS256", e);
    }
  }

  /** The key id is the key's thumbprint (RFC 7638), so it need not be configured. */
  private static RSAKey jwk(RSAPublicKey key) throws JOSEException {
    return new RSAKey.Builder(key)
        .keyUse(KeyUse.SIGNATURE)
        .algorithm(JWSAlgorithm.RS256)
        .keyIDFromThumbprint()
        .build();
  }

  public Duration lifetime() {
    return lifetime;
  }

  /** The current, previous and upcoming public keys as a JSON Web Key Set (RFC 7517). */
  public Map<String, Object> keySet() {
    return keySet;
  }

  /**
   * Issues a token.
   *
   * @param sessionId the session that the token belongs to; null for none
   * @param subject the user's Google subject, which determines {@link Principal#limitId()}
   * @param email for display only
   * @param tier for display only; rules read the database
   */
  public String issue(
      UUID userId, @Nullable UUID sessionId, String subject, String email, LockedUser.Tier tier) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .subject(userId.toString())
            .claim("email", email)
            .claim("tier", tier.wireName())
            .claim(LIMIT_ID, subjects.limitId(subject).toString())
            // A claim without a value is left out.
            .claim(SESSION_ID, sessionId == null ? null : sessionId.toString())
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plus(lifetime)))
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .jwtID(ids.next().toString())
            .build();
    SignedJWT token = new SignedJWT(header, claims);
    try {
      token.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("the signing key cannot sign", e);
    }
    return token.serialize();
  }

  @Override
  public Optional<Principal> recall(String token) {
    return token.length() > MAX_LENGTH
        ? Optional.empty()
        : Optional.ofNullable(verified.getIfPresent(key(token)))
            .filter(principal -> clock.instant().isBefore(principal.expiresAt()));
  }

  @Override
  public Principal verify(String token) {
    if (token.length() > MAX_LENGTH) {
      throw Authenticator.unauthorized();
    }
    ByteBuffer key = key(token);
    Principal principal = verified.getIfPresent(key);
    if (principal == null) {
      principal = parse(token);
      verified.put(key, principal);
    }
    if (!clock.instant().isBefore(principal.expiresAt())) {
      throw Refusal.of(ErrorCode.TOKEN_EXPIRED, "the access token has expired")
          .with("refresh_required", true);
    }
    return principal;
  }

  private static ByteBuffer key(String token) {
    return ByteBuffer.wrap(Sha256.hash(token));
  }

  private Principal parse(String token) {
    try {
      return principal(signed(token).getJWTClaimsSet());
    } catch (ParseException | JOSEException | RuntimeException e) {
      // Hostile input may make the parser throw any RuntimeException.
      LOG.log(System.Logger.Level.DEBUG, "access token refused: {0}", e.getMessage());
      throw Authenticator.unauthorized();
    }
  }

  private SignedJWT signed(String token) throws ParseException, JOSEException {
    require(CompactJws.isCanonical(token), "form");
    SignedJWT jwt = SignedJWT.parse(token);
    JWSHeader presented = jwt.getHeader();
    require(presented.getIncludedParams().equals(HEADER), "header parameters");
    require(presented.getAlgorithm().equals(JWSAlgorithm.RS256), "algorithm");
    require(JOSEObjectType.JWT.equals(presented.getType()), "type");
    JWSVerifier verifier = verifiers.get(presented.getKeyID());
    require(verifier != null && jwt.verify(verifier), "key or signature");
    return jwt;
  }

  private Principal principal(JWTClaimsSet claims) throws ParseException {
    require(ISSUER.equals(claims.getIssuer()), "issuer");
    require(claims.getAudience().equals(List.of(AUDIENCE)), "audience");
    Instant issuedAt = Objects.requireNonNull(claims.getIssueTime(), "issue time").toInstant();
    Instant expiresAt = Objects.requireNonNull(claims.getExpirationTime(), "expiry").toInstant();
    require(expiresAt.isAfter(issuedAt), "times");
    require(!issuedAt.isAfter(clock.instant().plus(MAX_SKEW)), "issued in the future");
    String email = claims.getStringClaim("email");
    require(email != null && !email.isEmpty(), "email");
    String tier = claims.getStringClaim("tier");
    require(tier != null && TIERS.contains(tier), "tier");
    UUID userId = uuid(claims.getSubject());
    // Tokens of earlier releases lack these claims.
    String sessionId = claims.getStringClaim(SESSION_ID);
    String limitId = claims.getStringClaim(LIMIT_ID);
    return new Principal(
        userId,
        uuid(claims.getJWTID()),
        sessionId == null ? null : uuid(sessionId),
        limitId == null ? userId : uuid(limitId),
        expiresAt);
  }

  private static UUID uuid(@Nullable String claim) throws ParseException {
    String text = Objects.requireNonNull(claim, "id");
    UUID id = UUID.fromString(text);
    // fromString accepts shortened groups.
    require(id.toString().equals(text), "id");
    return id;
  }

  private static void require(boolean holds, String what) throws ParseException {
    if (!holds) {
      throw new ParseException(what, 0);
    }
  }
}
