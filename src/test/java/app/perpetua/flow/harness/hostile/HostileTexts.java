package app.perpetua.flow.harness.hostile;

import java.util.List;
import java.util.stream.Stream;

/** Texts that are valid strings, and dangerous to code that interprets them. */
public final class HostileTexts {
  /** For SQL, shells, templates, file systems, logs and header lines. */
  public static final List<String> INJECTIONS =
      List.of(
          "' or '1'='1",
          "'; delete from auth.users; --",
          "\") or 1=1 /*",
          "1; select pg_sleep(10)",
          "$$; select 1; $$",
          "\\'; select 1; --",
          "%' and 1=0 union select null, null --",
          "$(touch /tmp/fuzzed)",
          "`id`",
          "; cat /etc/passwd |",
          "${jndi:ldap://127.0.0.1:1/a}",
          "#{7*7}${7*7}{{7*7}}<%= 7*7 %>",
          "%s%s%s%n%x",
          "{0}{1}{9999}",
          "../../../../etc/passwd",
          "..\\..\\windows\\win.ini",
          "/..%2f..%2f..%2fetc%2fpasswd",
          "file:///etc/passwd\u0000.png",
          "a\r\nSet-Cookie: session=1",
          "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
          "a\nlevel=ERROR message=forged",
          "\u001b]0;title\u0007\u001b[2J",
          "<script>alert(1)</script>",
          "\" onmouseover=\"alert(1)",
          "javascript:alert(1)",
          "<!ENTITY x SYSTEM \"file:///etc/passwd\">",
          "=cmd|' /C calc'!A0",
          "*)(uid=*))(|(uid=*",
          "{\"$ne\": null}",
          "__proto__",
          "[object Object]",
          "undefined",
          "NaN",
          "true",
          "0x7fffffff",
          "1e400",
          "-0",
          "٣٤٥");

  /** Letters that are hard to compare, to measure or to show. */
  public static final List<String> UNICODE =
      List.of(
          "\ufeffBOM first",
          "\u202eevitpeced\u202c",
          "\u2066\u2067\u2068isolates\u2069\u2069\u2069",
          "Z\u0351\u036b\u0343\u036a\u0302\u0351\u036b".repeat(20),
          "👨‍👩‍👧‍👦".repeat(30),
          "🇦🇶🇦🇶🇦",
          "İıſK\u212aÅ\u212b",
          "ǅ ß ﬃ ŉ",
          "ﷺ".repeat(60),
          "\u0001\u0002\u0003\u0004\u007f\u0080",
          "\u2028\u2029\u0085\u000b\u000c",
          "\ue000\uf8ff\udb80\udc00\udbff\udfff",
          "\ufdd0\ufdef\ufffe\uffff",
          "가가\u1100\u1161",
          "a\u0300\u0301\u0302b\u034f\u0308",
          "\u180e\u200b\u2060\u3164x",
          "𝒜𝓁𝓅𝒽𝒶",
          "\u0d4d\u200d\u0d4d\u0d4d",
          "Ⅷ①㍿㎏",
          "\ud7a3\uac00\u11a8");

  /** Private and local addresses in every spelling, and other schemes. */
  public static final List<String> URLS =
      List.of(
          "http://127.0.0.1/",
          "https://127.0.0.1/",
          "https://127.1/",
          "https://2130706433/",
          "https://0x7f.0.0.1/",
          "https://0177.0.0.1/",
          "https://127.0.0.1.nip.io/",
          "https://localhost/",
          "https://LOCALHOST./",
          "https://[::1]/",
          "https://[::ffff:127.0.0.1]/",
          "https://[::ffff:7f00:1]/",
          "https://[0:0:0:0:0:0:0:1]/",
          "https://[64:ff9b::7f00:1]/",
          "https://[fe80::1%25eth0]/",
          "https://[fc00::1]/",
          "https://0.0.0.0/",
          "https://0/",
          "https://10.0.0.1/",
          "https://172.16.0.1/",
          "https://192.168.0.1/",
          "https://169.254.169.254/latest/meta-data/",
          "https://100.64.0.1/",
          "https://224.0.0.1/",
          "https://255.255.255.255/",
          "https://metadata.google.internal/",
          "https://printer.local/",
          "https://intranet/",
          "https://user:password@example.com/",
          "https://example.com@127.0.0.1/",
          "https://example.com#@127.0.0.1/",
          "https://127.0.0.1\\@example.com/",
          "https://example.com:22/",
          "https://example.com:99999/",
          "https://①②⑦.⓪.⓪.①/",
          "https://ⓔxample.com/",
          "https://xn--/",
          "https://exa\u00admple.com/",
          "https://.example.com/",
          "https://example..com/",
          "https:///path",
          "https:example.com",
          "//example.com/",
          "ftp://example.com/",
          "gopher://127.0.0.1:6379/_",
          "data:audio/webm;base64,AAAA",
          "https://example.com/\r\nX: y",
          "https://example.com/%00",
          "https://example.com/a b");

  public static final List<String> EMAILS =
      List.of(
          "a@b",
          "a@",
          "@b.example",
          "a b@example.com",
          "\"a b\"@example.com",
          "a@[127.0.0.1]",
          "a@example.com\r\nBcc: b@example.com",
          "a@example.com,b@example.com",
          "ADA@EXAMPLE.COM",
          "ada@exämple.com");

  public static final List<String> TIMES =
      List.of(
          "0001-01-01T00:00:00Z",
          "1969-12-31T23:59:59.999Z",
          "1970-01-01T00:00:00Z",
          "2038-01-19T03:14:08Z",
          "9999-12-31T23:59:59.999999999Z",
          "10000-01-01T00:00:00Z",
          "294276-12-31T23:59:59Z",
          "2026-01-20T10:00:00.000000000000000000000000000000001Z",
          "2026-01-20T10:00:00+18:00",
          "2026-01-20T10:00:00-18:00",
          "2026-01-20T10:00:00+18:01",
          "2026-01-20T10:00:00+00:00",
          "2026-01-20T10:00:00-00:00",
          "2026-01-20t10:00:00z",
          "2026-02-29T10:00:00Z",
          "2026-06-31T10:00:00Z",
          "2026-01-20T25:00:00Z",
          "2026-01-20T10:60:00Z",
          "2026-06-30T23:59:60Z",
          "infinity");

  /** Literals of JSON numbers. */
  public static final List<String> NUMBERS =
      List.of(
          "0",
          "-0",
          "-0.0",
          "-1",
          "1",
          "1.0",
          "1e0",
          "10e-1",
          "0.1",
          "2147483647",
          "2147483648",
          "-2147483648",
          "4294967296",
          "9007199254740993",
          "9223372036854775807",
          "18446744073709551616",
          "1e308",
          "1e309",
          "1e-400",
          "1E+2",
          "0e99999",
          "0.99999999999999999999");

  /** Types that a body may claim to have. */
  public static final List<String> CONTENT_TYPES =
      List.of(
          "",
          " ",
          "text/plain",
          "text/json",
          "application/xml",
          "application/jsonx",
          "application/json; charset=utf-8",
          "application/json; charset=utf-16",
          "application/json; charset=\"",
          "application/json;;;",
          "application/json, text/plain",
          "APPLICATION/JSON",
          "application/merge-patch+json",
          "application/json-patch+json",
          "application/problem+json",
          "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=x",
          "*/*",
          "json",
          "application/",
          "/json",
          "application/json/x",
          "application/json\u00a0",
          "x".repeat(2_000));

  private HostileTexts() {}

  /** All of them, besides numbers and content types. */
  public static List<String> all() {
    return Stream.of(INJECTIONS, UNICODE, URLS, EMAILS, TIMES, Hostile.UNUSUAL, Hostile.BLANK)
        .flatMap(List::stream)
        .toList();
  }
}
