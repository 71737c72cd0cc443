package app.perpetua.flow.provider.openai;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.provider.ProviderCheck;
import app.perpetua.flow.provider.ProviderCheck.Response;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import tools.jackson.databind.JsonNode;

/** Checks that OpenAI accepts the key and knows the model, which costs nothing. */
public final class OpenAiCheck {
  private final ProviderCheck check;
  private final OpenAiConfig config;
  private final Secret key;

  /**
   * @param http never follows redirects
   * @param timeout for each of at most two calls
   */
  public OpenAiCheck(HttpClient http, OpenAiConfig config, Secret key, Duration timeout) {
    this.check = new ProviderCheck(http, "OpenAI", "OPENAI_BASE_URL", timeout);
    this.config = config;
    this.key = key;
  }

  /** Retrieves the model; where that is not implemented, looks for it in the list of models. */
  public CheckResult run() throws InterruptedException {
    String id = URLEncoder.encode(config.model(), StandardCharsets.UTF_8).replace("+", "%20");
    boolean[] isMissing = {false};
    CheckResult found =
        check.send(
            get("/models/" + id),
            response -> {
              isMissing[0] = response.status() == 404 && !isUnknownModel(response);
              return model(response);
            });
    return isMissing[0] ? check.send(get("/models"), this::list) : found;
  }

  private HttpRequest get(String path) {
    return HttpRequest.newBuilder(config.endpoint(path))
        .header("Authorization", "Bearer " + key.value())
        .header("Accept", "application/json")
        .build();
  }

  private CheckResult model(Response response) {
    return switch (response.status()) {
      case 200 ->
          response.body().path("id").isString()
              ? CheckResult.ok("the key is accepted and the model " + config.model() + " exists")
              : check.unexpected(response);
      case 404 -> isUnknownModel(response) ? unknownModel() : check.unexpected(response);
      default -> refused(response);
    };
  }

  private CheckResult list(Response response) {
    if (response.status() != 200 || !response.body().path("data").isArray()) {
      return response.status() == 200 || response.status() == 404
          ? check.unexpected(response)
          : refused(response);
    }
    for (JsonNode model : response.body().path("data").values()) {
      if (model.path("id").asString("").equals(config.model())) {
        return CheckResult.ok("the key is accepted and the model " + config.model() + " is listed");
      }
    }
    return unknownModel();
  }

  private CheckResult refused(Response response) {
    if (response.text().contains("Missing scopes")) {
      // The key of a project may be restricted to what the service needs: the Responses API.
      return CheckResult.ok(
          "the key is accepted, but may not read models; whether it may use "
              + config.model()
              + " shows at the first request");
    }
    return switch (response.status()) {
      case 401 -> check.failed("does not accept OPENAI_API_KEY (401); create a new key and set it");
      case 403 ->
          check.failed(
              "denies access to this key (403); check the permissions of its project, and whether"
                  + " OpenAI serves the country of this machine");
      default -> check.unexpected(response);
    };
  }

  private static boolean isUnknownModel(Response response) {
    return response.body().at("/error/code").asString("").equals("model_not_found");
  }

  private CheckResult unknownModel() {
    return check.failed(
        "has no model "
            + config.model()
            + " for this key; set OPENAI_MODEL to one that the account may use");
  }
}
