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

  /** The faults that concern push; there are others, since nothing else is set. */
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
  void without_anything_and_with_everything_there_is_no_fault() {
    assertEquals(List.of(), faults(Map.of()));
    assertEquals(List.of(), faults(keys.environment()));
  }

  @Test
  void all_three_or_none() {
    assertEquals(
        List.of(
            "VAPID_PUBLIC_KEY is required beside the other VAPID variables",
            "VAPID_SUBJECT is required beside the other VAPID variables"),
        faults(Map.of("VAPID_PRIVATE_KEY", keys.privateKey())));
  }

  @Test
  void faults_are_told_at_once_and_never_repeat_the_secret() {
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
  void halves_of_different_keys_are_a_fault() {
    assertEquals(
        List.of("VAPID_PUBLIC_KEY is not the public half of VAPID_PRIVATE_KEY"),
        faults(with("VAPID_PUBLIC_KEY", VapidKeys.make().publicKey())));
  }

  @Test
  void the_push_services_of_the_big_browsers_are_allowed_by_default() {
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
