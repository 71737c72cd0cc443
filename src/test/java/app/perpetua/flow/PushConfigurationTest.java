package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.AllowedHost;
import app.perpetua.flow.fake.VapidKeys;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PushConfigurationTest {
  private final VapidKeys keys = VapidKeys.make();

  /** The errors of push settings; other required settings are missing, too. */
  private static List<String> faults(Map<String, String> environment) {
    return assertThrows(Config.InvalidException.class, () -> Config.load(environment))
        .errors()
        .stream()
        .filter(fault -> fault.startsWith("VAPID") || fault.startsWith("PUSH"))
        .toList();
  }

  private Map<String, String> with(String name, String value) {
    Map<String, String> environment = new HashMap<>(keys.environment());
    environment.put(name, value);
    return environment;
  }

  @Test
  void no_settings_and_all_settings_are_valid() {
    assertEquals(List.of(), faults(Map.of()));
    assertEquals(List.of(), faults(keys.environment()));
  }

  @Test
  void the_three_settings_require_each_other() {
    assertEquals(
        List.of(
            "VAPID_PUBLIC_KEY is required beside the other VAPID variables",
            "VAPID_SUBJECT is required beside the other VAPID variables"),
        faults(Map.of("VAPID_PRIVATE_KEY", keys.privateKey())));
  }

  @Test
  void all_errors_are_reported_at_once_without_the_secret() {
    Map<String, String> environment = with("VAPID_PRIVATE_KEY", keys.publicKey());
    environment.put("VAPID_PUBLIC_KEY", "x");
    environment.put("VAPID_SUBJECT", "me");
    environment.put("PUSH_HOSTS", "*, push.example.com, http://x/y");
    List<String> faults = faults(environment);
    assertEquals(5, faults.size(), faults::toString);
    assertFalse(faults.toString().contains(keys.publicKey()));
    assertTrue(
        faults.contains("VAPID_PRIVATE_KEY must be a private key on P-256, 32 bytes in base64url"));
  }

  @Test
  void keys_of_different_pairs_are_an_error() {
    assertEquals(
        List.of("VAPID_PUBLIC_KEY is not the public half of VAPID_PRIVATE_KEY"),
        faults(with("VAPID_PUBLIC_KEY", VapidKeys.make().publicKey())));
  }

  @Test
  void the_push_services_of_common_browsers_are_allowed_by_default() {
    ConfigReader in = new ConfigReader(Map.of());
    assertEquals(
        List.of(
            new AllowedHost.Exact("fcm.googleapis.com"),
            new AllowedHost.Subdomains("push.services.mozilla.com"),
            new AllowedHost.Subdomains("push.apple.com"),
            new AllowedHost.Subdomains("notify.windows.com")),
        in.list("push.hosts").stream().map(AllowedHost::parse).toList());
  }
}
