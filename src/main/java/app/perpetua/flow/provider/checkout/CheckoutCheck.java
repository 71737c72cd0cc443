package app.perpetua.flow.provider.checkout;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.provider.ProviderCheck;
import app.perpetua.flow.provider.ProviderCheck.Response;
import app.perpetua.flow.provider.ProviderHttp;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;

/** Checks that Checkout.com accepts the key, by a request for a payment that does not exist. */
public final class CheckoutCheck {
  /** Has the form of a payment's id. */
  private static final String NO_PAYMENT = "/payments/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa";

  private final ProviderCheck check;
  private final CheckoutConfig config;

  /**
   * @param http never follows redirects
   */
  public CheckoutCheck(HttpClient http, CheckoutConfig config, Duration timeout) {
    this.check = new ProviderCheck(http, "Checkout.com", "CHECKOUT_BASE_URL", timeout);
    this.config = config;
  }

  /** Makes the request. */
  public CheckResult run() throws InterruptedException {
    return check.send(
        HttpRequest.newBuilder(ProviderHttp.uri(config.baseUrl(), NO_PAYMENT))
            .header("Authorization", "Bearer " + config.secretKey().value())
            .header("Accept", "application/json")
            .build(),
        this::result);
  }

  private CheckResult result(Response response) {
    return switch (response.status()) {
      // Checkout.com's 404 has no body; a web server's own is a page.
      case 404 ->
          response.text().isBlank() || !response.body().isNull()
              ? CheckResult.ok("the key is accepted")
              : check.unexpected(response);
      case 401 ->
          check.failed(
              "does not accept CHECKOUT_SECRET_KEY (401); set a secret key of the account to which"
                  + " CHECKOUT_BASE_URL belongs");
      case 403 ->
          check.failed(
              "denies access to this key (403); give it the scopes of payments and hosted payment"
                  + " pages");
      default -> check.unexpected(response);
    };
  }
}
