package app.perpetua.flow.fuzz.tokens;

import app.perpetua.flow.harness.SigningKey;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.net.URI;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Variations of a valid access token, none of which is one. Immutable. */
final class ForgedTokens {
  private final String valid;
  private final JWSHeader header;
  private final JWTClaimsSet claims;
  private final Instant now;
  private final KeyPair forger = SigningKey.make();
  private final PrivateKey service = SigningKey.PAIR.getPrivate();
  private final RSAPublicKey serviceKey = (RSAPublicKey) SigningKey.PAIR.getPublic();

  ForgedTokens(String valid, Instant now) {
    this.valid = valid;
    this.now = now;
    try {
      SignedJWT jwt = SignedJWT.parse(valid);
      header = jwt.getHeader();
      claims = jwt.getJWTClaimsSet();
    } catch (ParseException e) {
      throw new IllegalArgumentException("not a token", e);
    }
  }

  /** Signed by the service, well-formed, and over. */
  String expired() {
    return signed(
        header(),
        claims()
            .issueTime(Date.from(now.minusSeconds(1_000)))
            .expirationTime(Date.from(now.minusSeconds(100))),
        service);
  }

  /** The {@code Authorization} values by what is wrong with them. */
  Map<String, String> values(String refreshToken, String idToken, long seed) {
    Map<String, String> values = new LinkedHashMap<>();
    tokens(refreshToken, idToken, seed)
        .forEach((name, token) -> values.put(name, "Bearer " + token));
    values.put("no value", "");
    values.put("the scheme alone", "Bearer");
    values.put("the scheme and a space", "Bearer ");
    values.put("no scheme", valid);
    values.put("Basic", "Basic " + Base64.encode("user:" + valid));
    values.put("Digest", "Digest username=\"a\"");
    values.put("Token", "Token " + valid);
    values.put("DPoP", "DPoP " + valid);
    values.put("two tokens", "Bearer " + valid + ", Bearer " + valid);
    values.put("two words", "Bearer " + valid + " " + valid);
    values.put("a comma", "Bearer " + valid + ",");
    values.put("quotes", "Bearer \"" + valid + "\"");
    values.put("Bearer:", "Bearer: " + valid);
    values.put("Bearer=", "Bearer=" + valid);
    values.put("bytes above ASCII", "Bearer \u00e9\u00ff");
    return values;
  }

  private Map<String, String> tokens(String refreshToken, String idToken, long seed) {
    Map<String, String> tokens = new LinkedHashMap<>();
    unsigned(tokens);
    wrongHeaders(tokens);
    wrongClaims(tokens);
    damaged(tokens, new Random(seed));
    tokens.put("a refresh token", refreshToken);
    tokens.put("Google's ID token", idToken);
    for (String text :
        List.of(
            "",
            ".",
            "..",
            "...",
            "null",
            "undefined",
            "e30.e30.e30",
            "[object Object]",
            "0",
            "-1",
            "'",
            "' or 1=1 --",
            "${jndi:ldap://127.0.0.1:1/a}",
            "../../../etc/passwd",
            "%00",
            "x".repeat(8_000),
            "A.".repeat(2_000),
            "eyJhbGciOiJub25lIn0..")) {
      tokens.put("text " + (text.length() > 30 ? text.substring(0, 30) + "…" : text), text);
    }
    return tokens;
  }

  private void unsigned(Map<String, String> tokens) {
    String payload = valid.split("\\.", -1)[1];
    for (String none : List.of("none", "None", "NONE", "nOnE", "", "HS256", "RS512")) {
      String head =
          Base64URL.encode(
                  "{\"alg\":\""
                      + none
                      + "\",\"kid\":\""
                      + header.getKeyID()
                      + "\",\"typ\":\"JWT\"}")
              .toString();
      tokens.put("alg " + none + ", no signature", head + "." + payload + ".");
      tokens.put("alg " + none + ", old signature", head + "." + payload + "." + last(valid));
    }
    try {
      for (byte[] secret :
          List.of(
              serviceKey.getEncoded(),
              ("-----BEGIN PUBLIC KEY-----\n"
                      + Base64.encode(serviceKey.getEncoded())
                      + "\n-----END PUBLIC KEY-----\n")
                  .getBytes(java.nio.charset.StandardCharsets.US_ASCII))) {
        SignedJWT jwt =
            new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.HS256)
                    .keyID(header.getKeyID())
                    .type(JOSEObjectType.JWT)
                    .build(),
                claims);
        jwt.sign(new MACSigner(secret));
        tokens.put("HS256 with the public key, " + secret.length, jwt.serialize());
      }
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private void wrongHeaders(Map<String, String> tokens) {
    RSAKey own = new RSAKey.Builder((RSAPublicKey) forger.getPublic()).build();
    URI elsewhere = URI.create("http://127.0.0.1:1/keys");
    tokens.put("a foreign key", signed(header(), claims(), forger.getPrivate()));
    tokens.put("jwk", signed(header().jwk(own), claims(), forger.getPrivate()));
    for (PrivateKey key : List.of(service, forger.getPrivate())) {
      String of = key.equals(service) ? ", service's key" : ", foreign key";
      tokens.put("jku" + of, signed(header().jwkURL(elsewhere), claims(), key));
      tokens.put("x5u" + of, signed(header().x509CertURL(elsewhere), claims(), key));
      tokens.put(
          "x5c" + of, signed(header().x509CertChain(List.of(Base64.encode("c"))), claims(), key));
      tokens.put("crit" + of, signed(header().criticalParams(Set.of("exp")), claims(), key));
      tokens.put("b64" + of, signed(header().customParam("b64x", false), claims(), key));
    }
    for (@Nullable String kid :
        new @Nullable String[] {null, "", "x", "../../keys", "' or 1=1 --", "/dev/null"}) {
      tokens.put("kid " + kid, signed(header().keyID(kid), claims(), service));
    }
    tokens.put(
        "typ at+jwt", signed(header().type(new JOSEObjectType("at+jwt")), claims(), service));
    tokens.put("no typ", signed(header().type(null), claims(), service));
    for (JWSAlgorithm other : List.of(JWSAlgorithm.RS384, JWSAlgorithm.RS512, JWSAlgorithm.PS256)) {
      tokens.put(
          other.getName(),
          signed(
              new JWSHeader.Builder(other).keyID(header.getKeyID()).type(JOSEObjectType.JWT),
              claims(),
              service));
    }
  }

  private void wrongClaims(Map<String, String> tokens) {
    List<JWTClaimsSet.Builder> sets = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (String claim : List.of("sub", "email", "tier", "iat", "exp", "iss", "aud", "jti")) {
      for (@Nullable Object value : new @Nullable Object[] {null, Map.of(), List.of(1)}) {
        names.add(claim + " " + value);
        sets.add(claims().claim(claim, value));
      }
      if (!claim.equals("email")) {
        names.add(claim + " x");
        sets.add(claims().claim(claim, "x"));
      }
    }
    names.add("future");
    sets.add(
        claims()
            .issueTime(Date.from(now.plusSeconds(600)))
            .expirationTime(Date.from(now.plusSeconds(1_500))));
    names.add("two audiences");
    sets.add(claims().audience(List.of("perpetua-flow-api", "other")));
    names.add("Google's issuer");
    sets.add(claims().issuer("https://accounts.google.com"));
    names.add("expired, other audience");
    sets.add(
        claims()
            .audience("other")
            .issueTime(Date.from(now.minusSeconds(1_000)))
            .expirationTime(Date.from(now.minusSeconds(100))));
    names.add("a limit_id that is none");
    sets.add(claims().claim("limit_id", 7));
    for (int i = 0; i < sets.size(); i++) {
      tokens.put(names.get(i), signed(header(), sets.get(i), service));
    }
  }

  /** A token with characters changed, lost, added or encoded in another way. */
  private void damaged(Map<String, String> tokens, Random random) {
    String[] parts = valid.split("\\.", -1);
    tokens.put("two parts", parts[0] + "." + parts[1]);
    tokens.put("no signature", parts[0] + "." + parts[1] + ".");
    tokens.put("five parts", valid + ".a.b");
    tokens.put("padding", valid + "=");
    tokens.put("trailing dot", valid + ".");
    tokens.put("doubled dots", valid.replace(".", ".."));
    tokens.put(
        "standard base64",
        parts[0] + "." + parts[1] + "." + parts[2].replace('-', '+').replace('_', '/') + "+");
    tokens.put(
        "another subject",
        parts[0]
            + "."
            + signed(
                    header(),
                    claims().subject("019ba722-4680-7c3e-9a51-2f6d8b0c4e17"),
                    forger.getPrivate())
                .split("\\.", -1)[1]
            + "."
            + parts[2]);
    char lastChar = valid.charAt(valid.length() - 1);
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // Its low bits are unused; lenient decoders accept several spellings.
    for (int bit = 1; bit <= 8; bit <<= 1) {
      char other = alphabet.charAt(alphabet.indexOf(lastChar) ^ bit);
      tokens.put("last character " + bit, valid.substring(0, valid.length() - 1) + other);
    }
    for (int i = 0; i < 20; i++) {
      int at = random.nextInt(valid.length());
      char other = alphabet.charAt(random.nextInt(alphabet.length()));
      if (other != valid.charAt(at)) {
        tokens.put("changed at " + at, valid.substring(0, at) + other + valid.substring(at + 1));
      }
      tokens.put("shortened at " + at, valid.substring(0, at) + valid.substring(at + 1));
      tokens.put("cut at " + at, valid.substring(0, at));
    }
  }

  private static String last(String token) {
    return token.substring(token.lastIndexOf('.') + 1);
  }

  private JWSHeader.Builder header() {
    return new JWSHeader.Builder(header.getAlgorithm())
        .keyID(header.getKeyID())
        .type(header.getType());
  }

  private JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder(claims);
  }

  private static String signed(
      JWSHeader.Builder header, JWTClaimsSet.Builder claims, PrivateKey key) {
    SignedJWT jwt = new SignedJWT(header.build(), claims.build());
    try {
      jwt.sign(new RSASSASigner(key));
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
    return jwt.serialize();
  }
}
