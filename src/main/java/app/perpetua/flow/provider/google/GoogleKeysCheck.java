package app.perpetua.flow.provider.google;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.provider.ProviderCheck;
import app.perpetua.flow.provider.ProviderCheck.Response;
import com.nimbusds.jose.JOSEException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.text.ParseException;
import java.time.Duration;

/** Checks that Google's signing keys can be fetched and used. */
public final class GoogleKeysCheck {
  private final ProviderCheck check;
  private final URI uri;

  /**
   * @param http never follows redirects
   */
  public GoogleKeysCheck(HttpClient http, URI uri, Duration timeout) {
    this.check = new ProviderCheck(http, "Google", "GOOGLE_JWKS_URL", timeout);
    this.uri = uri;
  }

  /** Fetches the keys. */
  public CheckResult run() throws InterruptedException {
    return check.send(HttpRequest.newBuilder(uri).build(), this::result);
  }

  private CheckResult result(Response response) {
    if (response.status() != 200) {
      return check.unexpected(response);
    }
    try {
      int keys = GoogleKeys.verifiers(response.text()).size();
      return keys == 0
          ? check.failed(
              "sent no key that verifies ID tokens (RSA for RS256); correct GOOGLE_JWKS_URL")
          : CheckResult.ok(keys + " signing keys for ID tokens");
    } catch (ParseException | JOSEException | IllegalArgumentException e) {
      return check.failed("sent something that is not a key set; correct GOOGLE_JWKS_URL");
    }
  }
}
