package app.perpetua.flow.provider.google;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.account.GoogleIdentity;
import app.perpetua.flow.base.ErrorCode;
import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.fake.FakeGoogle;
import app.perpetua.flow.harness.SigningKey;
import app.perpetua.flow.harness.time.MutableClock;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.net.URI;
import java.net.http.HttpClient;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FR-001, FR-004: which ID tokens are accepted. */
class GoogleIdTokensTest {
  private static final MutableClock CLOCK = new MutableClock();
  private static final FakeGoogle GOOGLE = new FakeGoogle(CLOCK);
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private final GoogleIdTokens tokens =
      new GoogleIdTokens(
          new GoogleKeys(
              HTTP, GOOGLE.jwksUrl(), CLOCK, System::nanoTime, () -> Duration.ofMinutes(1)),
          Set.of(FakeGoogle.CLIENT_ID, "ios.apps.googleusercontent.com"),
          CLOCK);

  @AfterAll
  static void close() {
    HTTP.close();
    GOOGLE.close();
  }

  @Test
  void FR_001_a_valid_token_identifies_the_user() {
    assertEquals(
        new GoogleIdentity(
            "108", "108@example.com", "Ada Example", "https://lh3.googleusercontent.com/a/108"),
        tokens.verify(GOOGLE.idToken("108").sign()));
  }

  @Test
  void both_issuers_and_all_client_ids_are_accepted() {
    assertAccepted(GOOGLE.idToken("1").with("iss", "accounts.google.com"));
    assertAccepted(GOOGLE.idToken("1").with("aud", "ios.apps.googleusercontent.com"));
    assertAccepted(GOOGLE.idToken("1").with("azp", "ios.apps.googleusercontent.com"));
    assertAccepted(GOOGLE.idToken("1").with("azp", null));
    assertAccepted(GOOGLE.idToken("1").with("email_verified", "true"));
  }

  @Test
  void clocks_may_differ_by_a_minute() {
    assertAccepted(GOOGLE.idToken("1").expiringIn(Duration.ofSeconds(-59)));
    assertRefused(GOOGLE.idToken("1").expiringIn(Duration.ofMinutes(-1)));
    assertAccepted(GOOGLE.idToken("1").with("iat", in(60)));
    assertRefused(GOOGLE.idToken("1").with("iat", in(61)));
    assertAccepted(GOOGLE.idToken("1").with("nbf", in(60)));
    assertRefused(GOOGLE.idToken("1").with("nbf", in(61)));
  }

  @Test
  void wrong_issuers_and_audiences_are_refused() {
    assertRefused(GOOGLE.idToken("1").with("iss", "https://accounts.google.com.evil.example"));
    assertRefused(GOOGLE.idToken("1").with("iss", null));
    assertRefused(GOOGLE.idToken("1").with("aud", "other.apps.googleusercontent.com"));
    assertRefused(GOOGLE.idToken("1").with("aud", List.of(FakeGoogle.CLIENT_ID, "other")));
    assertRefused(GOOGLE.idToken("1").with("aud", List.of()));
    assertRefused(GOOGLE.idToken("1").with("aud", null));
    assertRefused(GOOGLE.idToken("1").with("azp", "other.apps.googleusercontent.com"));
    assertRefused(GOOGLE.idToken("1").with("azp", 7));
    assertRefused(GOOGLE.idToken("1").with("exp", null));
    assertRefused(GOOGLE.idToken("1").with("exp", "tomorrow"));
    for (Object unverified : List.of(false, "false", "TRUE", 1)) {
      assertRefused(GOOGLE.idToken("1").with("email_verified", unverified));
    }
    assertRefused(GOOGLE.idToken("1").with("email_verified", null));
  }

  @Test
  void unstorable_subjects_and_emails_are_refused() {
    for (String subject : List.of("", " ", "a\0b", "a\nb", "x".repeat(256))) {
      assertRefused(GOOGLE.idToken("1").with("sub", subject));
    }
    assertRefused(GOOGLE.idToken("1").with("sub", null));
    assertRefused(GOOGLE.idToken("1").with("sub", List.of("1")));
    for (String email : List.of("", "nobody", "@example.com", "a\0@b", "x".repeat(320) + "@b")) {
      assertRefused(GOOGLE.idToken("1").with("email", email));
    }
    assertRefused(GOOGLE.idToken("1").with("email", null));
  }

  @Test
  void FR_001_an_unusable_name_or_picture_is_sanitized_or_replaced() {
    assertEquals("😀".repeat(100), name("😀".repeat(101)));
    assertEquals("Ada Lovelace", name(" Ada\0 Love\u0007lace "));
    for (@Nullable Object unusable : new @Nullable Object[] {null, "", "  ", "\0", 7}) {
      assertEquals("ada", name(unusable));
    }
    String longAddress = "y".repeat(150);
    GoogleIdentity unnamed =
        tokens.verify(
            GOOGLE.idToken("1").with("name", null).with("email", longAddress + "@b").sign());
    assertEquals("y".repeat(100), unnamed.name());
    for (String picture :
        List.of(
            "http://example.com/a",
            "javascript:alert(1)",
            "https:",
            "not a url",
            "https://example.com/" + "z".repeat(4096))) {
      assertNull(
          tokens.verify(GOOGLE.idToken("1").with("picture", picture).sign()).avatarUrl(), picture);
    }
    assertNull(tokens.verify(GOOGLE.idToken("1").with("picture", 7).sign()).avatarUrl());
  }

  @Test
  void promise_10_forged_tokens_are_refused_without_a_request() throws Exception {
    assertAccepted(GOOGLE.idToken("1"));
    int fetches = GOOGLE.fetches();
    RSAKey real = GOOGLE.signingKey();
    RSAKey forger =
        new RSAKey.Builder((RSAPublicKey) SigningKey.PAIR.getPublic())
            .privateKey(SigningKey.PAIR.getPrivate())
            .build();
    String kid = real.getKeyID();
    FakeGoogle.IdToken token = GOOGLE.idToken("1");
    // The fake has no such path, so a request to it would fail the test on closing.
    URI elsewhere = GOOGLE.jwksUrl().resolve("/elsewhere");

    assertRefused(new PlainJWT(token.claims()).serialize());
    assertRefused(hs256(real, token));
    assertRefused(token.sign(header(JWSAlgorithm.RS256).keyID(kid).build(), forger));
    assertRefused(
        token.sign(header(JWSAlgorithm.RS256).keyID(kid).jwkURL(elsewhere).build(), forger));
    assertRefused(
        token.sign(header(JWSAlgorithm.RS256).keyID(kid).x509CertURL(elsewhere).build(), forger));
    assertRefused(
        token.sign(
            header(JWSAlgorithm.RS256).keyID(kid).jwk(forger.toPublicJWK()).build(), forger));
    assertRefused(token.sign(header(JWSAlgorithm.RS512).keyID(kid).build(), real));
    assertRefused(token.sign(header(JWSAlgorithm.PS256).keyID(kid).build(), real));
    assertRefused(token.sign(header(JWSAlgorithm.RS256).build(), real));
    assertRefused(
        token.sign(
            header(JWSAlgorithm.RS256).keyID(kid).criticalParams(Set.of("exp")).build(), real));
    String genuine = token.sign();
    String[] parts = genuine.split("\\.", -1);
    String other = GOOGLE.idToken("2").sign().split("\\.", -1)[1];
    assertRefused(parts[0] + "." + other + "." + parts[2]);
    assertRefused(parts[0] + "." + parts[1] + ".");
    assertRefused(parts[0] + "." + parts[1] + "." + flipped(parts[2]));
    assertEquals(fetches, GOOGLE.fetches());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "a.b",
        "a.b.c",
        "..",
        "e30.e30.",
        "e30.e30.c2ln",
        "bnVsbA.e30.c2ln",
        "a.b.c.d.e",
        "eyJhbGciOiJSUzI1NiJ9.e30.c2ln ",
        "eyJhbGciOiJSUzI1NiJ9 .e30.c2ln",
        "eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n",
        "W1tbW1tbW1tbW1tb.e30.c2ln"
      })
  void text_that_is_not_a_jwt_is_a_validation_error(String text) {
    Refusal refusal = assertThrows(Refusal.class, () -> tokens.verify(text));
    assertEquals(ErrorCode.VALIDATION_ERROR, refusal.code());
    assertEquals("id_token", refusal.fieldErrors().getFirst().field());
  }

  private String name(@Nullable Object claim) {
    return tokens
        .verify(GOOGLE.idToken("1").with("email", "ada@example.com").with("name", claim).sign())
        .name();
  }

  private void assertAccepted(FakeGoogle.IdToken token) {
    assertEquals("1", tokens.verify(token.sign()).subject());
  }

  private void assertRefused(FakeGoogle.IdToken token) {
    assertRefused(token.sign());
  }

  private void assertRefused(String token) {
    Refusal refusal = assertThrows(Refusal.class, () -> tokens.verify(token), token);
    assertEquals(ErrorCode.UNAUTHORIZED, refusal.code(), token);
    assertEquals("the ID token is not valid", refusal.message());
  }

  private static Date in(int seconds) {
    return Date.from(CLOCK.instant().plusSeconds(seconds));
  }

  private static JWSHeader.Builder header(JWSAlgorithm algorithm) {
    return new JWSHeader.Builder(algorithm);
  }

  private static String hs256(RSAKey key, FakeGoogle.IdToken token) throws JOSEException {
    SignedJWT jwt =
        new SignedJWT(header(JWSAlgorithm.HS256).keyID(key.getKeyID()).build(), token.claims());
    jwt.sign(new MACSigner(key.toRSAPublicKey().getEncoded()));
    return jwt.serialize();
  }

  /** The last character of an RS256 signature carries four bits that a decoder drops. */
  private static String flipped(String signature) {
    char last = signature.charAt(signature.length() - 1);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return signature.substring(0, signature.length() - 1)
        + alphabet.charAt(alphabet.indexOf(last) ^ 1);
  }
}
