package app.perpetua.flow.account;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Ids;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.SigningKey;
import app.perpetua.flow.harness.time.MutableClock;
import app.perpetua.flow.http.auth.Authenticator;
import app.perpetua.flow.http.auth.Principal;
import app.perpetua.flow.sql.LockedUser.Tier;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Valid and invalid access tokens (FR-002, FR-004, FR-006, promise 10). */
class AccessTokensTest {
  private static final RSAPrivateCrtKey KEY = (RSAPrivateCrtKey) SigningKey.PAIR.getPrivate();
  private static final RSAPrivateCrtKey PREVIOUS = newKey();
  private static final RSAPrivateCrtKey FORGER = newKey();
  private static final UUID USER = UUID.fromString("019ba722-4680-7c3e-9a51-2f6d8b0c4e17");
  private static final UUID SESSION = UUID.fromString("019ba722-5b10-7d44-8f02-6c1e9a7b3d58");

  private final MutableClock clock = new MutableClock();
  private final Ids ids = new Ids();
  private final AccessTokens tokens =
      new AccessTokens(config(KEY, List.of(Pem.publicHalf(PREVIOUS))), ids, clock);

  @Test
  void FR_002_a_token_has_the_documented_header_and_claims() throws Exception {
    String token = tokens.issue(USER, SESSION, "subject", "ada@example.com", Tier.PRO);
    SignedJWT jwt = SignedJWT.parse(token);
    assertEquals(JWSAlgorithm.RS256, jwt.getHeader().getAlgorithm());
    JWTClaimsSet claims = jwt.getJWTClaimsSet();
    assertEquals(
        Set.of("sub", "email", "tier", "iat", "exp", "iss", "aud", "jti", "sid", "limit_id"),
        claims.getClaims().keySet());
    assertEquals("ada@example.com", claims.getStringClaim("email"));
    assertEquals("pro", claims.getStringClaim("tier"));
    assertEquals("perpetua-flow", claims.getIssuer());
    assertEquals(List.of("perpetua-flow-api"), claims.getAudience());
    Instant now = clock.instant();
    assertEquals(now, claims.getIssueTime().toInstant());

    Principal principal = tokens.verify(token);
    assertEquals(USER, principal.userId());
    assertEquals(claims.getJWTID(), principal.tokenId().toString());
    assertEquals(SESSION.toString(), claims.getStringClaim("sid"));
    assertEquals(SESSION, principal.sessionId());
    assertEquals(now.plus(Duration.ofMinutes(15)), principal.expiresAt());
    assertEquals(principal, tokens.verify(token), "from memory");
    assertNotEquals(
        principal.tokenId(),
        tokens.verify(tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE)).tokenId());
  }

  @Test
  void a_token_names_the_limits_of_its_subject_and_an_earlier_releases_token_those_of_its_user()
      throws Exception {
    Principal one = tokens.verify(tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE));
    UUID other = UUID.randomUUID();
    Principal again = tokens.verify(tokens.issue(other, SESSION, "subject", "a@b", Tier.FREE));
    assertEquals(one.limitId(), again.limitId());
    assertNotEquals(
        one.limitId(), tokens.verify(tokens.issue(USER, SESSION, "x", "a@b", Tier.FREE)).limitId());
    assertEquals(USER, tokens.verify(signed(claims())).limitId());
    assertRefused(signed(claims().claim("limit_id", "x")));
    assertRefused(signed(claims().claim("limit_id", 7)));
  }

  @Test
  void a_token_of_an_earlier_release_names_no_session() throws Exception {
    assertNull(tokens.verify(signed(claims())).sessionId());
    String without = tokens.issue(USER, null, "subject", "a@b", Tier.FREE);
    assertNull(SignedJWT.parse(without).getJWTClaimsSet().getClaim("sid"));
    assertNull(tokens.verify(without).sessionId());
    assertRefused(signed(claims().claim("sid", "x")));
    assertRefused(signed(claims().claim("sid", 7)));
  }

  @Test
  void a_token_is_recalled_from_its_verification_until_it_expires() {
    String token = tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE);
    assertEquals(Optional.empty(), tokens.recall(token));
    Principal principal = tokens.verify(token);
    assertEquals(Optional.of(principal), tokens.recall(token));
    assertEquals(Optional.empty(), tokens.recall(token + "x"));
    assertEquals(Optional.empty(), tokens.recall("x".repeat(100_000)));
    clock.advance(Duration.ofMinutes(15));
    assertEquals(Optional.empty(), tokens.recall(token));
  }

  @Test
  void the_published_keys_verify_tokens_and_contain_no_private_key() throws Exception {
    JWKSet published = JWKSet.parse(tokens.keySet());
    assertEquals(2, published.getKeys().size());
    SignedJWT jwt = SignedJWT.parse(tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE));
    RSAKey key = (RSAKey) published.getKeyByKeyId(jwt.getHeader().getKeyID());
    assertEquals(key.computeThumbprint().toString(), key.getKeyID(), "RFC 7638");
    assertEquals(true, jwt.verify(new RSASSAVerifier(key)));
    assertEquals(Set.of("kty", "use", "alg", "kid", "n", "e"), key.toJSONObject().keySet());
  }

  @Test
  void a_token_signed_with_the_previous_key_is_valid() {
    AccessTokens before = new AccessTokens(config(PREVIOUS, List.of()), ids, clock);
    assertEquals(
        USER, tokens.verify(before.issue(USER, SESSION, "subject", "a@b", Tier.FREE)).userId());
    assertRefused(
        new AccessTokens(config(FORGER, List.of()), ids, clock)
            .issue(USER, SESSION, "subject", "a@b", Tier.FREE));
  }

  @Test
  void FR_006_an_expired_token_is_refused_with_token_expired() {
    String seen = tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE);
    String unseen = tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE);
    tokens.verify(seen);
    clock.advance(Duration.ofMinutes(15).minusMillis(1));
    tokens.verify(seen);
    clock.advance(Duration.ofMillis(1));
    for (String token : List.of(seen, unseen)) {
      Refusal refusal = assertThrows(Refusal.class, () -> tokens.verify(token));
      assertEquals(ErrorCode.TOKEN_EXPIRED, refusal.code());
      assertEquals(Map.of("refresh_required", true), refusal.extras());
    }
  }

  @Test
  void promise_10_an_expired_token_with_another_error_is_unauthorized() throws Exception {
    Date past = Date.from(clock.instant().minusSeconds(1));
    assertRefused(signed(claims().expirationTime(past).audience("other")));
    assertRefused(signed(header(), claims().expirationTime(past), FORGER));
  }

  @Test
  void promise_10_wrong_claims_are_refused() throws Exception {
    Instant now = clock.instant();
    tokens.verify(signed(claims()));
    tokens.verify(signed(claims().issueTime(Date.from(now.plusSeconds(60)))));
    assertRefused(signed(claims().issueTime(Date.from(now.plusSeconds(61)))));
    assertRefused(signed(claims().issuer("https://accounts.google.com")));
    assertRefused(signed(claims().audience("perpetua-flow")));
    assertRefused(signed(claims().audience(List.of("perpetua-flow-api", "other"))));
    assertRefused(signed(claims().expirationTime(Date.from(now.minusSeconds(3600)))));
    for (String claim : List.of("sub", "email", "tier", "iat", "exp", "iss", "aud", "jti")) {
      assertRefused(signed(claims().claim(claim, null)));
      assertRefused(signed(claims().claim(claim, Map.of())));
      if (!claim.equals("email")) {
        assertRefused(signed(claims().claim(claim, "x")));
      }
    }
    for (String id : List.of("", "1-1-1-1-1", USER.toString().toUpperCase(java.util.Locale.ROOT))) {
      assertRefused(signed(claims().subject(id)));
      assertRefused(signed(claims().jwtID(id)));
    }
  }

  @Test
  void promise_10_unsigned_and_wrongly_signed_tokens_are_refused() throws Exception {
    String kid = kid(KEY);
    RSAPublicKey publicKey = Pem.publicHalf(KEY);
    assertRefused(new PlainJWT(claims().build()).serialize());
    assertRefused(
        encoded("{\"alg\":\"none\",\"kid\":\"" + kid + "\",\"typ\":\"JWT\"}")
            + "."
            + encoded(claims().build().toString())
            + ".");
    assertRefused(hs256(publicKey.getEncoded(), kid));
    String pem =
        "-----BEGIN PUBLIC KEY-----\n" + Base64.encode(publicKey.getEncoded()) + "\n-----END";
    assertRefused(hs256(pem.getBytes(StandardCharsets.US_ASCII), kid));
    assertRefused(signed(header(), claims(), FORGER));
    for (JWSAlgorithm other : List.of(JWSAlgorithm.RS384, JWSAlgorithm.RS512, JWSAlgorithm.PS256)) {
      assertRefused(
          signed(new JWSHeader.Builder(other).keyID(kid).type(JOSEObjectType.JWT), claims(), KEY));
    }
    String[] parts = signed(claims()).split("\\.", -1);
    String other = signed(claims().subject(UUID.randomUUID().toString())).split("\\.", -1)[1];
    assertRefused(parts[0] + "." + other + "." + parts[2]);
    assertRefused(parts[0] + "." + parts[1] + ".");
    assertRefused(parts[0] + "." + parts[1]);
  }

  @Test
  void promise_10_headers_that_would_choose_the_key_are_refused() throws Exception {
    RSAKey forger = new RSAKey.Builder(Pem.publicHalf(FORGER)).build();
    URI elsewhere = URI.create("http://127.0.0.1:1/keys");
    assertRefused(signed(header().jwk(forger), claims(), FORGER));
    for (RSAPrivateCrtKey key : List.of(KEY, FORGER)) {
      assertRefused(signed(header().jwkURL(elsewhere), claims(), key));
      assertRefused(signed(header().x509CertURL(elsewhere), claims(), key));
      assertRefused(
          signed(header().x509CertChain(List.of(Base64.encode("certificate"))), claims(), key));
      assertRefused(signed(header().criticalParams(Set.of("exp")), claims(), key));
      assertRefused(signed(header().customParam("whatever", 1), claims(), key));
    }
    for (@Nullable String kid : new @Nullable String[] {null, "", "../../keys", "' or 1=1 --"}) {
      assertRefused(signed(header().keyID(kid), claims(), KEY));
    }
    assertRefused(signed(header().keyID(kid(PREVIOUS)), claims(), KEY));
    assertRefused(signed(header().type(new JOSEObjectType("at+jwt")), claims(), KEY));
    assertRefused(signed(header().type(null), claims(), KEY));
  }

  @Test
  void promise_10_a_refresh_token_is_not_an_access_token() {
    assertRefused(USER + "." + "A".repeat(43));
  }

  @Test
  void promise_10_any_other_text_is_refused_the_same_way() {
    String token = tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE);
    for (String text :
        List.of(
            "",
            ".",
            "..",
            "...",
            "e30.e30.e30",
            "null.null.null",
            encoded("[".repeat(1500)) + ".e30.e30",
            encoded("{\"alg\":".repeat(400)) + ".e30.e30",
            "x".repeat(1_000_000),
            "\0\0.\0.\0",
            "ä.ö.ü",
            token + "=",
            token + " ",
            " " + token,
            token + ".",
            token.replace(".", ".."))) {
      assertRefused(text);
    }
  }

  @Test
  void promise_10_a_change_of_any_character_is_refused() {
    String token = tokens.issue(USER, SESSION, "subject", "a@b", Tier.FREE);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \0\"{";
    Random random = new Random(20260310);
    for (int i = 0; i < token.length(); i++) {
      char other = alphabet.charAt(random.nextInt(alphabet.length()));
      if (other != token.charAt(i)) {
        assertRefused(token.substring(0, i) + other + token.substring(i + 1));
      }
      assertRefused(token.substring(0, i) + token.substring(i + 1));
    }
    // The last character of the signature carries four bits that lenient decoders drop.
    int last = token.length() - 1;
    for (int i = 0; i < alphabet.length(); i++) {
      if (alphabet.charAt(i) != token.charAt(last)) {
        assertRefused(token.substring(0, last) + alphabet.charAt(i));
      }
    }
  }

  private void assertRefused(String token) {
    Refusal refusal = assertThrows(Refusal.class, () -> tokens.verify(token), token);
    assertEquals(ErrorCode.UNAUTHORIZED, refusal.code(), token);
    assertEquals(Authenticator.unauthorized().message(), refusal.message());
    assertEquals(Map.of(), refusal.extras());
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder()
        .subject(USER.toString())
        .claim("email", "ada@example.com")
        .claim("tier", "free")
        .issueTime(Date.from(clock.instant()))
        .expirationTime(Date.from(clock.instant().plusSeconds(900)))
        .issuer("perpetua-flow")
        .audience("perpetua-flow-api")
        .jwtID(UUID.randomUUID().toString());
  }

  private static JWSHeader.Builder header() {
    return new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(kid(KEY)).type(JOSEObjectType.JWT);
  }

  private static String signed(JWTClaimsSet.Builder claims) throws JOSEException {
    return signed(header(), claims, KEY);
  }

  private static String signed(
      JWSHeader.Builder header, JWTClaimsSet.Builder claims, RSAPrivateCrtKey key)
      throws JOSEException {
    SignedJWT jwt = new SignedJWT(header.build(), claims.build());
    jwt.sign(new RSASSASigner(key, Set.of()));
    return jwt.serialize();
  }

  private String hs256(byte[] secret, String kid) throws JOSEException {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256).keyID(kid).type(JOSEObjectType.JWT).build(),
            claims().build());
    jwt.sign(new MACSigner(secret));
    return jwt.serialize();
  }

  private static String encoded(String text) {
    return Base64URL.encode(text).toString();
  }

  private static String kid(RSAPrivateCrtKey key) {
    try {
      return new RSAKey.Builder(Pem.publicHalf(key)).keyIDFromThumbprint().build().getKeyID();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static AccountConfig config(RSAPrivateCrtKey key, List<RSAPublicKey> alsoAccepted) {
    return new AccountConfig(
        key,
        alsoAccepted,
        Duration.ofMinutes(15),
        Duration.ofDays(7),
        new Secret("secret"),
        List.of(new Secret("hash key")),
        Set.of("client"),
        URI.create("http://127.0.0.1:1/"),
        5);
  }

  private static RSAPrivateCrtKey newKey() {
    return (RSAPrivateCrtKey) SigningKey.make().getPrivate();
  }
}
