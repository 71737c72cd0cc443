package app.perpetua.flow.fake;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.net.spi.InetAddressResolverProvider;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The name resolver of the tests' JVM, loaded through {@code META-INF/services}: names that a test
 * registers resolve to scripted addresses, one look-up after the other; all others resolve as
 * usual. Static, because the JDK allows one resolver per JVM.
 */
public final class ScriptedNames extends InetAddressResolverProvider {
  private static final Map<String, Queue<InetAddress>> ANSWERS = new ConcurrentHashMap<>();

  /** Registers a name that resolves to each of these addresses once, in this order. */
  public static void script(String host, InetAddress... addresses) {
    ANSWERS.put(host, new ArrayDeque<>(List.of(addresses)));
  }

  /** Number of scripted answers that have not been used. */
  public static int left(String host) {
    return ANSWERS.getOrDefault(host, new ArrayDeque<>()).size();
  }

  @Override
  public InetAddressResolver get(Configuration configuration) {
    InetAddressResolver real = configuration.builtinResolver();
    return new InetAddressResolver() {
      @Override
      public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
          throws UnknownHostException {
        Queue<InetAddress> answers = ANSWERS.get(host);
        if (answers == null) {
          return real.lookupByName(host, policy);
        }
        synchronized (answers) {
          InetAddress answer = answers.poll();
          if (answer == null) {
            throw new UnknownHostException(host);
          }
          return Stream.of(answer);
        }
      }

      @Override
      public String lookupByAddress(byte[] address) throws UnknownHostException {
        return real.lookupByAddress(address);
      }
    };
  }

  @Override
  public String name() {
    return "names that tests have registered";
  }
}
