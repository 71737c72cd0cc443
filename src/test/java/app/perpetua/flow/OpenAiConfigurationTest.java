package app.perpetua.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Secret;
import app.perpetua.flow.provider.openai.OpenAiConfig;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OpenAiConfigurationTest {
  /** The errors of model settings; other required settings are missing, too. */
  private static List<String> faults(Map<String, String> environment) {
    return assertThrows(Config.InvalidException.class, () -> Config.load(environment))
        .errors()
        .stream()
        .filter(fault -> fault.startsWith("OPENAI") || fault.matches("AI_(TIMEOUT|SILENCE).*"))
        .toList();
  }

  @Test
  void no_OpenAI_setting_is_required() {
    assertEquals(List.of(), faults(Map.of()));
  }

  @Test
  void promise_27_all_errors_are_reported_at_once_without_the_key() {
    List<String> faults =
        faults(
            Map.of(
                "OPENAI_API_KEY", "sk-secret\nX-Evil: 1",
                "OPENAI_MODEL", "no model",
                "OPENAI_BASE_URL", "api.openai.com",
                "AI_TIMEOUT_SECONDS", "0",
                "AI_SILENCE_SECONDS", "twenty"));
    assertTrue(faults.toString().contains("AI_SILENCE_SECONDS"), faults::toString);
    assertEquals(5, faults.size(), faults::toString);
    assertFalse(faults.toString().contains("secret"), faults::toString);
  }

  @Test
  void white_space_around_key_and_model_is_removed() {
    assertEquals("sk-1", Secret.ofHeader(" sk-1\n").value());
    assertEquals("gpt-4o", OpenAiConfig.model("gpt-4o "));
    assertEquals("***", Secret.ofHeader("sk-1").toString());
  }
}
