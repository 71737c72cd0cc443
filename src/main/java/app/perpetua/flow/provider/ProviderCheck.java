package app.perpetua.flow.provider;

import app.perpetua.flow.base.CheckResult;
import app.perpetua.flow.base.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Sends a request without effect to a provider, and explains its failure to the operator. Results
 * contain neither keys nor texts of the provider. Immutable.
 *
 * @param http never follows redirects
 * @param provider the company's name, as a sentence starts with it
 * @param addressVariable the variable that holds the provider's URL
 * @param timeout for the whole call
 */
public record ProviderCheck(
    HttpClient http, String provider, String addressVariable, Duration timeout) {
  /** OpenAI's list of models has about 20 KB. */
  private static final int MAX_BODY_BYTES = 1024 * 1024;

  /**
   * A response of the provider itself: neither a redirect nor an error of its server.
   *
   * @param body a JSON null if it is not JSON
   * @param text of the body
   */
  public record Response(int status, JsonNode body, String text) {}

  /**
   * Sends a request.
   *
   * @param read explains a response; never called for 3xx, 429 and 5xx
   */
  public CheckResult send(HttpRequest request, Function<Response, CheckResult> read)
      throws InterruptedException {
    URI uri = request.uri();
    try {
      HttpResponse<byte[]> response =
          ProviderHttp.send(http, request, ProviderHttp.atMost(MAX_BODY_BYTES), timeout);
      return common(uri, response.statusCode()).orElseGet(() -> read.apply(read(response)));
    } catch (TimeoutException | HttpConnectTimeoutException e) {
      return failed(
          "did not answer within "
              + timeout.toSeconds()
              + " s; check the network between this machine and "
              + authority(uri));
    } catch (IOException e) {
      return failed(explained(e, uri));
    }
  }

  /** The result of a status that means the same for every provider. */
  private Optional<CheckResult> common(URI uri, int status) {
    if (status / 100 == 3) {
      return Optional.of(
          failed("redirects to another address (" + status + "); correct " + addressVariable));
    }
    if (status == 407) {
      return Optional.of(failed("is behind a proxy that demands a login (407)"));
    }
    if (status == 429) {
      return Optional.of(
          failed("limits the rate of this account's requests (429); try again in a minute"));
    }
    if (status / 100 == 5) {
      return Optional.of(
          failed(
              "has an error of its own: "
                  + authority(uri)
                  + " responded with "
                  + status
                  + "; try again later"));
    }
    return Optional.empty();
  }

  private static Response read(HttpResponse<byte[]> response) {
    String text = new String(response.body(), StandardCharsets.UTF_8);
    Json json = new Json();
    try {
      return new Response(response.statusCode(), json.parse(text), text);
    } catch (JacksonException e) {
      return new Response(response.statusCode(), json.parse("null"), text);
    }
  }

  /** The result of a response that the provider never sends. */
  public CheckResult unexpected(Response response) {
    return failed(
        "responded with "
            + response.status()
            + (response.body().isNull() ? " and a body that is not JSON" : "")
            + ", as another service would; correct "
            + addressVariable);
  }

  /**
   * A failure.
   *
   * @param predicate follows the provider's name
   */
  public CheckResult failed(String predicate) {
    return CheckResult.failed(provider + " " + predicate);
  }

  private String explained(IOException e, URI uri) {
    String where = authority(uri);
    if (has(e, UnknownHostException.class) || has(e, UnresolvedAddressException.class)) {
      return "is not found: the host of "
          + where
          + " is unknown; correct "
          + addressVariable
          + ", or the DNS of this machine";
    }
    if (has(e, CertificateException.class)) {
      return "cannot be trusted: the certificate of "
          + where
          + " is for another host, has expired or is not signed by a known authority; correct "
          + addressVariable
          + ", or remove what intercepts the connection";
    }
    if (has(e, SSLException.class)) {
      return "does not speak TLS at "
          + where
          + "; correct the scheme or the port in "
          + addressVariable;
    }
    if (has(e, ConnectException.class)) {
      return "is not reached: nothing accepts connections at "
          + where
          + "; correct "
          + addressVariable
          + ", or open the firewall";
    }
    return "did not answer in HTTP: "
        + where
        + (uri.getScheme().equals("http")
            ? " closed the connection or expects TLS; correct the scheme or the port in "
            : " closed the connection; correct the host or the port in ")
        + addressVariable;
  }

  /** Without user info. */
  private static String authority(URI uri) {
    return uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }

  private static boolean has(Throwable failure, Class<? extends Throwable> type) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (type.isInstance(e)) {
        return true;
      }
    }
    return false;
  }
}
