package app.perpetua.flow.dev.control;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.base.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Signs people in through the service's public endpoint, each time from another loopback address,
 * so that the limit per address is in force but not reached. Thread-safe.
 */
public final class Sessions {
  /** The service's response. */
  record Answer(int status, JsonNode body) {}

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** 127.1.0.0. All of 127.0.0.0/8 is this machine; other programs use its first addresses. */
  private static final int FIRST = (127 << 24) + (1 << 16);

  private static final int ADDRESSES = 253 << 16;

  private final URI signIn;
  private final Json json;
  private final AtomicInteger next = new AtomicInteger();

  public Sessions(URI service, Json json) {
    this.signIn = service.resolve("/api/v1/auth/google/callback");
    this.json = json;
  }

  /** The device that signs in, as the service's contract defines it. */
  record Device(UUID id, String name) {}

  /**
   * Signs in with an ID token.
   *
   * @param device null for a client that names none
   * @throws IOException if there is no answer, or it is not JSON
   */
  Answer signIn(Secret idToken, @Nullable Device device) throws IOException, InterruptedException {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("id_token", idToken.value());
    if (device != null) {
      body.put("device", device);
    }
    HttpRequest request =
        HttpRequest.newBuilder(signIn)
            .timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofByteArray(json.bytes(body)))
            .build();
    try (HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .localAddress(address(next.getAndIncrement()))
            .connectTimeout(TIMEOUT)
            .build()) {
      HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
      return new Answer(answer.statusCode(), json.parse(answer.body()));
    } catch (JacksonException e) {
      throw new IOException("the service's answer is not JSON", e);
    }
  }

  /** The address of that index; all addresses are used in turn. */
  static InetAddress address(int index) {
    int address = FIRST + Math.floorMod(index, ADDRESSES);
    try {
      return InetAddress.getByAddress(
          new byte[] {
            (byte) (address >>> 24), (byte) (address >>> 16), (byte) (address >>> 8), (byte) address
          });
    } catch (UnknownHostException e) {
      throw new AssertionError("four bytes are an address", e);
    }
  }
}
