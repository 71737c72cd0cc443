package app.perpetua.flow.base;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Decides whether the service talks to an address that a user chose (promise 26): https on port
 * 443, at a host that is allowed, and only if all that the name leads to is public. To be asked
 * when the address is saved and again right before each use; docs/decisions/web-push.md says why
 * the address that was found is the one that is used. Thread-safe.
 */
public final class AddressGuard {
  /** What a URL is found to be. */
  public sealed interface Verdict {
    /** It may be used, now. */
    record Allowed() implements Verdict {}

    /**
     * It must not be used.
     *
     * @param why what it must be, for whoever sent it, without repeating it
     */
    record Denied(String why) implements Verdict {}

    /** Nobody knows its host, now. */
    record Unknown() implements Verdict {}
  }

  /** Asks the DNS. */
  @FunctionalInterface
  public interface Resolver {
    /**
     * All addresses of that name, one at least. May take its time.
     *
     * @throws UnknownHostException if there are none, or nobody answers
     */
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  /** Bytes; longer than any service's addresses, and what the database holds. */
  public static final int MAX_LENGTH = 2048;

  private static final Duration LOOKUP = Duration.ofSeconds(2);

  /** Look-ups at once; nobody can interrupt one, so a DNS that is away could gather them. */
  private static final int LOOKUPS = 16;

  private final List<AllowedHost> allowed;
  private final Resolver resolver;
  private final Semaphore lookups = new Semaphore(LOOKUPS);

  public AddressGuard(List<AllowedHost> allowed, Resolver resolver) {
    this.allowed = List.copyOf(allowed);
    this.resolver = resolver;
  }

  /** Looks at the URL, and asks the DNS if nothing else is wrong with it: 2 s at most. */
  public Verdict check(String text) throws InterruptedException {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      return refused("must be an https URL");
    }
    if (text.length() > MAX_LENGTH || url.getScheme() == null || url.getHost() == null) {
      return refused("must be an https URL");
    }
    if (url.getRawUserInfo() != null || url.getRawFragment() != null) {
      return refused("must have neither credentials nor a fragment");
    }
    if (!text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      return refused("must be written in ASCII");
    }
    AllowedHost entry = allowed.stream().filter(host -> host.matches(url)).findFirst().orElse(null);
    if (entry instanceof AllowedHost.Origin) {
      return new Verdict.Allowed();
    }
    if (!url.getScheme().equalsIgnoreCase("https")) {
      return refused("must be an https URL");
    }
    if (url.getPort() != -1 && url.getPort() != 443) {
      return refused("must use port 443");
    }
    String host = url.getHost().toLowerCase(Locale.ROOT);
    if (entry == null || !AllowedHost.NAME.matcher(host).matches()) {
      return refused("must be at one of the hosts that are allowed");
    }
    return checkAddresses(host);
  }

  private Verdict checkAddresses(String host) throws InterruptedException {
    if (!lookups.tryAcquire()) {
      return new Verdict.Unknown();
    }
    CompletableFuture<InetAddress[]> found = new CompletableFuture<>();
    // A platform thread, since a look-up holds on to its thread.
    Thread.ofPlatform().daemon().name("lookup").start(() -> lookUp(host, found));
    try {
      InetAddress[] addresses = found.get(LOOKUP.toMillis(), TimeUnit.MILLISECONDS);
      boolean isPublic =
          addresses.length > 0 && Arrays.stream(addresses).allMatch(PublicAddress::isPublic);
      return isPublic ? new Verdict.Allowed() : refused("must not lead to a private address");
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

  private static Verdict refused(String why) {
    return new Verdict.Denied(why);
  }
}
