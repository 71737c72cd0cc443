package app.perpetua.flow.provider.deepgram;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.base.Secret;
import app.perpetua.flow.provider.ProviderCheck;
import app.perpetua.flow.provider.ProviderCheck.Response;
import app.perpetua.flow.provider.ProviderHttp;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;

/** Checks that Deepgram accepts the key, by a request for the key's own details. */
public final class DeepgramCheck {
  private final ProviderCheck check;
  private final URI base;
  private final Secret key;

  /**
   * @param http never follows redirects
   * @param base such as {@code https://api.deepgram.com}
   */
  public DeepgramCheck(HttpClient http, URI base, Secret key, Duration timeout) {
    this.check = new ProviderCheck(http, "Deepgram", "DEEPGRAM_BASE_URL", timeout);
    this.base = base;
    this.key = key;
  }

  /** Makes the request. */
  public CheckResult run() throws InterruptedException {
    return check.send(
        HttpRequest.newBuilder(ProviderHttp.uri(base, "/v1/auth/token"))
            .header("Authorization", "Token " + key.value())
            .header("Accept", "application/json")
            .build(),
        this::result);
  }

  private CheckResult result(Response response) {
    return switch (response.status()) {
      case 200 ->
          response.body().isObject()
              ? CheckResult.ok("the key is accepted")
              : check.unexpected(response);
      case 401 ->
          check.failed("does not accept DEEPGRAM_API_KEY (401); create a new key and set it");
      case 402 -> check.failed("has no credit left for this project (402); add some");
      case 403 ->
          check.failed("denies access to this key (403); create a key with the role Member");
      default -> check.unexpected(response);
    };
  }
}
