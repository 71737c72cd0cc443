package app.perpetua.flow.base;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether the service may send requests to a URL that a user chose (promise 26), which
 * prevents server-side request forgery: https on port 443, an allowed host, and only public IP
 * addresses. Check when the URL is saved and again right before each use;
 * docs/decisions/web-push.md explains why the request then goes to an address that was checked.
 * Thread-safe.
 */
public final class AddressGuard {
  /** The result of a check. */
  public sealed interface Verdict {
    /** The URL may be used now. */
    record Allowed() implements Verdict {}

    /**
     * The URL has a form that is never permitted.
     *
     * @param reason what the URL must be, for the client, without quoting it
     */
    record Malformed(String reason) implements Verdict {}

    /**
     * The URL's host must not be used.
     *
     * @param reason what the URL must be, for the log; clients get {@link #HOST_RULE}
     */
    record Denied(String reason) implements Verdict {}

    /** The host name cannot be resolved at present. */
    record Unknown() implements Verdict {}
  }

  /** Resolves host names. */
  @FunctionalInterface
  public interface Resolver {
    /**
     * Returns all addresses of the name, at least one. May block.
     *
     * @throws UnknownHostException if there are none or the DNS does not answer
     */
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  /**
   * The message for a host that is denied or unknown. It is the same for all, so that nobody can
   * explore the names of a private network.
   */
  public static final String HOST_RULE = "must have a permitted host at a public address";

  /** Bytes, as in the database; longer than the URLs of any push service. */
  public static final int MAX_LENGTH = 2048;

  private static final Duration LOOKUP_TIMEOUT = Duration.ofSeconds(2);

  /** Look-ups cannot be interrupted, so they would accumulate while the DNS does not answer. */
  private static final int MAX_LOOKUPS = 16;

  private final List<AllowedHost> allowed;
  private final Resolver resolver;
  private final Semaphore lookups = new Semaphore(MAX_LOOKUPS);

  public AddressGuard(List<AllowedHost> allowed, Resolver resolver) {
    this.allowed = List.copyOf(allowed);
    this.resolver = resolver;
  }

  /** Checks the URL and then the addresses of its host, which takes at most 2 s. */
  public Verdict check(String text) throws InterruptedException {
    Verdict verdict = checkWithoutLookup(text);
    if (verdict instanceof Verdict.Allowed) {
      URI url = URI.create(text);
      String host = host(url);
      boolean isChecked =
          entry(url) instanceof AllowedHost.Origin || PublicAddress.literal(host).isPresent();
      return isChecked ? verdict : checkAddresses(host);
    }
    return verdict;
  }

  /** Checks the URL alone, whatever the addresses of its host name. */
  public Verdict checkWithoutLookup(String text) {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      return new Verdict.Malformed("must be an https URL");
    }
    if (text.length() > MAX_LENGTH || url.getScheme() == null || url.getRawAuthority() == null) {
      return new Verdict.Malformed("must be an https URL");
    }
    if (url.getHost() == null) {
      // Such as an address in an unusual notation.
      return url.getScheme().equalsIgnoreCase("https")
          ? new Verdict.Denied("must have one of the allowed hosts")
          : new Verdict.Malformed("must be an https URL");
    }
    if (url.getRawUserInfo() != null || url.getRawFragment() != null) {
      return new Verdict.Malformed("must have neither credentials nor a fragment");
    }
    if (!text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      return new Verdict.Malformed("must be written in ASCII");
    }
    AllowedHost entry = entry(url);
    if (entry instanceof AllowedHost.Origin) {
      return new Verdict.Allowed();
    }
    if (!url.getScheme().equalsIgnoreCase("https")) {
      return new Verdict.Malformed("must be an https URL");
    }
    if (url.getPort() != -1 && url.getPort() != 443) {
      return new Verdict.Malformed("must use port 443");
    }
    String host = host(url);
    Optional<InetAddress> literal = PublicAddress.literal(host);
    if (entry == null || (literal.isEmpty() && !AllowedHost.NAME.matcher(host).matches())) {
      return new Verdict.Denied("must have one of the allowed hosts");
    }
    return literal.isEmpty() || PublicAddress.isPublic(literal.get())
        ? new Verdict.Allowed()
        : new Verdict.Denied("must not have a private address");
  }

  private @Nullable AllowedHost entry(URI url) {
    return allowed.stream().filter(host -> host.matches(url)).findFirst().orElse(null);
  }

  private static String host(URI url) {
    return url.getHost().toLowerCase(Locale.ROOT);
  }

  private Verdict checkAddresses(String host) throws InterruptedException {
    if (!lookups.tryAcquire()) {
      return new Verdict.Unknown();
    }
    CompletableFuture<InetAddress[]> found = new CompletableFuture<>();
    // A platform thread, because a look-up pins its carrier.
    Thread.ofPlatform().daemon().name("lookup").start(() -> lookUp(host, found));
    try {
      InetAddress[] addresses = found.get(LOOKUP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      boolean isPublic =
          addresses.length > 0 && Arrays.stream(addresses).allMatch(PublicAddress::isPublic);
      return isPublic
          ? new Verdict.Allowed()
          : new Verdict.Denied("must not resolve to a private address");
    } catch (ExecutionException | TimeoutException e) {
      return new Verdict.Unknown();
    }
  }

  private void lookUp(String host, CompletableFuture<InetAddress[]> found) {
    try {
      found.complete(resolver.resolve(host));
    } catch (UnknownHostException | RuntimeException e) {
      found.completeExceptionally(e);
    } finally {
      lookups.release();
    }
  }
}
