package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.account.AccountConfig;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.harness.SigningKey;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** FR-071, FR-073: keys and secrets of accounts. */
class AccountConfigurationTest {
  private static Map<String, String> with(String... variables) {
    Map<String, String> environment = new HashMap<>();
    environment.put("DATABASE_URL", "postgresql://localhost/flow");
    environment.put("JWT_PRIVATE_KEY", SigningKey.pem());
    environment.put("GOOGLE_CLIENT_ID", "client");
    for (int i = 0; i < variables.length; i += 2) {
      environment.put(variables[i], variables[i + 1]);
    }
    return environment;
  }

  private static List<String> faults(Map<String, String> environment) {
    return assertThrows(Config.InvalidException.class, () -> Config.load(environment)).errors();
  }

  @Test
  void FR_071_the_refresh_secret_is_the_default_and_always_the_last_key_of_hashes() {
    AccountConfig derived = Config.load(with()).account();
    assertEquals(List.of(derived.refreshSecret()), derived.subjectKeys());
    AccountConfig set =
        Config.load(
                with(
                    "REFRESH_TOKEN_SECRET", "refresh secret",
                    "ACCOUNT_HASH_KEY", "the current hash key",
                    "ACCOUNT_HASH_KEY_PREVIOUS", "the previous hash key"))
            .account();
    assertEquals(
        List.of(
            new Secret("the current hash key"),
            new Secret("the previous hash key"),
            new Secret("refresh secret")),
        set.subjectKeys());
  }

  @Test
  void every_refused_key_is_reported_by_the_name_of_its_variable() {
    String certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    List<String> faults =
        faults(
            with(
                "JWT_PRIVATE_KEY",
                certificate,
                "JWT_PREVIOUS_PUBLIC_KEY",
                certificate,
                "ACCOUNT_HASH_KEY",
                "fifteen letters",
                "ACCOUNT_HASH_KEY_PREVIOUS",
                "x"));
    assertEquals(
        List.of(
            "JWT_PRIVATE_KEY is a certificate",
            "JWT_PREVIOUS_PUBLIC_KEY contains a certificate",
            "ACCOUNT_HASH_KEY must have at least 16 characters",
            "ACCOUNT_HASH_KEY_PREVIOUS must have at least 16 characters"),
        faults.stream().map(fault -> fault.split(";", 2)[0]).toList());
    assertFalse(faults.toString().contains("MII"));
    assertFalse(faults.toString().contains("fifteen"));
  }

  @Test
  void FR_073_the_public_key_is_compared_with_the_private_key_in_any_form() {
    String publicPem =
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(SigningKey.PAIR.getPublic().getEncoded())
            + "\n-----END PUBLIC KEY-----";
    Config.load(with("JWT_PUBLIC_KEY", publicPem));
    String other =
        "-----BEGIN PUBLIC KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(SigningKey.make().getPublic().getEncoded())
            + "\n-----END PUBLIC KEY-----";
    assertEquals(
        List.of("JWT_PUBLIC_KEY is not the public half of JWT_PRIVATE_KEY"),
        faults(with("JWT_PUBLIC_KEY", other)));
  }
}
