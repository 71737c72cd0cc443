package app.perpetua.flow.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import app.perpetua.flow.base.AddressGuard.Verdict;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressGuardTest {
  private static final String URL = "https://push.example.com/x";

  private final AtomicInteger lookUps = new AtomicInteger();
  private InetAddress[] found = {};

  private final AddressGuard guard =
      guard(
          "push.example.com",
          "*.wild.example.com",
          "http://127.0.0.1:8002",
          "https://dev.example.com:8443");

  AddressGuardTest() throws UnknownHostException {
    found = addresses("93.184.215.14");
  }

  private AddressGuard guard(String... hosts) {
    return new AddressGuard(
        Stream.of(hosts).map(AllowedHost::parse).toList(),
        _ -> {
          lookUps.incrementAndGet();
          return found.clone();
        });
  }

  private static InetAddress[] addresses(String... literals) throws UnknownHostException {
    InetAddress[] addresses = new InetAddress[literals.length];
    for (int i = 0; i < literals.length; i++) {
      addresses[i] = InetAddress.getByName(literals[i]);
    }
    return addresses;
  }

  private void assertRefused(String why, String url) throws InterruptedException {
    assertEquals(new Verdict.Denied(why), guard.check(url), url);
  }

  private void assertMalformed(String why, String url) throws InterruptedException {
    assertEquals(new Verdict.Malformed(why), guard.check(url), url);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://push.example.com",
        "https://push.example.com/",
        "HTTPS://PUSH.Example.Com/a?b=c",
        "https://push.example.com:443/a",
        "https://a.wild.example.com/a",
        "https://a.b.wild.example.com/a",
        "http://127.0.0.1:8002/inbox",
        "https://dev.example.com:8443/inbox",
      })
  void allowed_hosts_are_accepted(String url) throws InterruptedException {
    assertEquals(new Verdict.Allowed(), guard.check(url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.com/",
        "https://other.example.com/",
        "https://wild.example.com/",
        "https://xwild.example.com/",
        "https://push.example.com.evil.test/",
        "https://evil.test/push.example.com",
        "https://push.example.com./",
        "https://127.0.0.1:443/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://push.example.com:x/",
        "https://localhost/",
        "https://dev.example.com/",
      })
  void promise_26_other_hosts_are_rejected_without_a_look_up(String url)
      throws InterruptedException {
    assertRefused("must have one of the allowed hosts", url);
    assertEquals(0, lookUps.get());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "//push.example.com/",
        "https:push.example.com",
        "https:///x",
        "http://push.example.com/",
        "ftp://push.example.com/",
        "file:///etc/passwd",
        "http://0x7f.1/",
        "http://127.0.0.1:8003/inbox",
        "http://127.0.0.1/inbox",
        "https://push example.com/",
        "https://push.example.com/a b",
        "https://push_.example.com\\@evil.test/",
        "http://push.example.com:x/",
      })
  void promise_26_other_urls_than_https_are_rejected(String url) throws InterruptedException {
    assertMalformed("must be an https URL", url);
  }

  @Test
  void promise_26_credentials_fragments_and_other_ports_are_rejected() throws Exception {
    for (String url :
        List.of(
            "https://u:p@push.example.com/", "https://push.example.com@evil.test/", URL + "#f")) {
      assertMalformed("must have neither credentials nor a fragment", url);
    }
    for (String port : List.of("80", "22", "8443", "444", "0")) {
      assertMalformed("must use port 443", "https://push.example.com:" + port + "/");
    }
    assertMalformed("must be written in ASCII", "https://push.example.com/ü");
    assertMalformed("must be an https URL", URL + "x".repeat(2048));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "::93.184.215.14",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:5db8:d70e::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
      })
  void promise_26_non_public_addresses_are_rejected(String address) throws Exception {
    found = addresses(address);
    assertRefused("must not resolve to a private address", URL);
    found = addresses("93.184.215.14", address);
    assertRefused("must not resolve to a private address", URL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:93.184.215.14",
        "2001:200::1",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "2a00:1450:4001:82a::200a",
      })
  void public_addresses_are_accepted(String address) throws Exception {
    found = addresses(address);
    assertEquals(new Verdict.Allowed(), guard.check(URL));
  }

  // Any host

  private static final AllowedHost ANY = new AllowedHost.Any();

  private final AddressGuard any = new AddressGuard(List.of(ANY), _ -> found.clone());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://8.8.8.8/a.webm",
        "https://93.184.215.14:443/",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/a.webm",
        "https://[2A00:1450:4001:82A::200A]:443/",
      })
  void a_public_address_is_allowed_like_any_name(String url) throws InterruptedException {
    found = new InetAddress[0];
    assertEquals(new Verdict.Allowed(), any.check(url));
    assertEquals(new Verdict.Allowed(), any.checkWithoutLookup(url));
    assertInstanceOf(Verdict.Denied.class, guard.check(url));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        // decimal, octal, hexadecimal, short, and numbers that are none
        "2130706433",
        "134744072",
        "0177.0.0.1",
        "017700000001",
        "08.8.8.8",
        "8.8.8.08",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.1",
        "127.0.1",
        "8.8.8",
        "256.1.1.1",
        "8.8.8.8.",
        "127.0.0.1.",
        // IPv6: loopback, mapped, compatible, NAT64, 6to4, Teredo, link-local, unique local
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.1.2.3]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::8.8.8.8]",
        "[2002:7f00:1::]",
        "[2002:808:808::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[fe80::1]",
        "[fe80::1%25eth0]",
        "[2606:2800:21f:cb07:6820:80da:af6b:8b2c%251]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[ff02::1]",
        // names of private networks
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost.localdomain",
        "db.localhost",
        "printer.local",
        "metadata.google.internal",
        "nas.home.arpa",
        "router.lan",
        "wiki.corp",
        "example.com.",
        "intranet",
      })
  void promise_26_private_hosts_are_refused_in_every_spelling(String host)
      throws InterruptedException {
    for (String url :
        List.of(
            "https://" + host + "/a.webm",
            "HTTPS://" + host + ":443/a.webm",
            "https://" + host + "?q=https://example.com/")) {
      assertInstanceOf(Verdict.Denied.class, any.checkWithoutLookup(url), url);
      assertInstanceOf(Verdict.Denied.class, any.check(url), url);
    }
  }

  @Test
  void promise_26_a_name_is_allowed_only_while_all_its_addresses_are_public() throws Exception {
    String url = "https://127.0.0.1.nip.example/a.webm";
    assertEquals(new Verdict.Allowed(), any.check(url));
    found = addresses("93.184.215.14", "127.0.0.1");
    assertEquals(new Verdict.Denied("must not resolve to a private address"), any.check(url));
    assertEquals(new Verdict.Allowed(), any.checkWithoutLookup(url));
  }

  @Test
  void a_name_without_an_answer_or_with_a_late_one_is_unknown() throws Exception {
    CountDownLatch released = new CountDownLatch(1);
    AddressGuard away =
        new AddressGuard(
            List.of(AllowedHost.parse("push.example.com")),
            _ -> {
              if (lookUps.incrementAndGet() > 1) {
                await(released);
              }
              throw new UnknownHostException("x");
            });
    assertInstanceOf(Verdict.Unknown.class, away.check(URL));
    // The resolver does not answer before this has returned.
    assertInstanceOf(Verdict.Unknown.class, away.check(URL));
    assertEquals(2, lookUps.get());
    released.countDown();
    found = addresses();
    assertRefused("must not resolve to a private address", URL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*",
        "*.",
        "*.com",
        "com",
        "*.com",
        "com",
        "a..b",
        "127.0.0.1",
        "a.*.com",
        "x/y",
        "http://x.example/y",
        "http://u@x.example",
        "ftp://x.example",
        "http://",
        "http://x.example?y",
      })
  void an_entry_that_is_neither_host_nor_origin_is_an_error(String entry) {
    assertThrows(IllegalArgumentException.class, () -> AllowedHost.parse(entry));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
