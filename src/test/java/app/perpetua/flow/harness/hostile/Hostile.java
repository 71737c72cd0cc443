package app.perpetua.flow.harness.hostile;

import app.perpetua.flow.parsing.UnicodeText;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Invalid values of every type, and valid text that careless code breaks on. */
public final class Hostile {
  /** The bytes of a JSON value, well-formed or not. */
  public record Literal(byte[] bytes, boolean json) {
    /** Well-formed JSON. */
    public static Literal json(String text) {
      return new Literal(text.getBytes(StandardCharsets.UTF_8), true);
    }

    /** Text that is not JSON. */
    public static Literal broken(String text) {
      return new Literal(text.getBytes(StandardCharsets.UTF_8), false);
    }

    /** A JSON string with these bytes, unescaped. */
    public static Literal string(int... bytes) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write('"');
      IntStream.of(bytes).forEach(out::write);
      out.write('"');
      return new Literal(out.toByteArray(), false);
    }

    @Override
    public String toString() {
      String shown = new String(bytes, StandardCharsets.ISO_8859_1);
      return shown.length() > 80 ? shown.substring(0, 80) + "…" : shown;
    }
  }

  /** Valid text that must be stored unchanged. */
  public static final List<String> UNUSUAL =
      List.of(
          "𝒯𝒽ℯ 👩‍👩‍👧‍👦 🏳️‍🌈 𠜎𠜱",
          "שלום עולם, مرحبا \u202eabc\u202c \u2067x\u2069",
          "e" + "\u0301\u0316\u0489".repeat(60),
          "e\u0301 is not \u00e9, \ufb01 not fi, \u212b not \u00c5",
          "a\ufeffb\u200bc\u200dd\u00ade\u2060f",
          "one\u2028two\u2029three\u0085four",
          "one\r\ntwo\tthree\u000bfour\u000cfive",
          "\u0001\u001b[31mred\u001b[0m\u007f\u009f",
          "\uffff\ufffe\ufdd0\ufffd\ud83f\udfff",
          "'; drop table tasks.task_instances; -- \\' \" \\\\ $$ $1",
          ":user_id ? ?? <%= %> {0} %s %n \\u0000 \\0 \\x00",
          "${jndi:ldap://127.0.0.1:1/x} #{1+1} {{7*7}}",
          "<script>alert(1)</script>&amp;<!--]]>",
          "%00 %_* ../../etc/passwd file:///etc/passwd",
          "null",
          "𐀀".repeat(200));

  /** Strings that are not instants in the contract's format. */
  private static final List<String> DATES =
      List.of(
          "",
          " ",
          "0000-01-01T00:00:00Z",
          "-0001-01-01T00:00:00Z",
          "294277-01-01T00:00:00Z",
          "+294277-01-01T00:00:00Z",
          "2026-03-20T10:00:00",
          "2026-03-20T10:00:00+24:00",
          "2026-03-20T10:00:00-0500",
          "2026-03-20T10:00:00+05",
          "2026-03-20 10:00:00Z",
          "2026-03-20T10:00Z",
          "2026-03-20",
          "2026-3-20T10:00:00Z",
          "2026-02-30T10:00:00Z",
          "2026-13-01T10:00:00Z",
          "2026-03-20T24:00:00Z",
          "2026-03-20T23:59:60Z",
          "2026-03-20T10:00:00.Z",
          "2026-03-20T10:00:00,5Z",
          "9999-12-31T23:59:59-00:01",
          "2026-03-20T10:00:00ZZ",
          "2026-03-20T10:00:00Z[UTC]",
          "٢٠٢٦-٠٣-٢٠T١٠:٠٠:٠٠Z",
          "20260320T100000Z",
          "2026-W12-5T10:00:00Z",
          "1773997200",
          "infinity",
          "-infinity",
          "now",
          "today",
          "epoch");

  private static final List<String> UUIDS =
      List.of(
          "",
          "x",
          "0",
          "019ba722-4680-7c3e-9a51-2f6d8b0c4e1",
          "019ba722-4680-7c3e-9a51-2f6d8b0c4e177",
          "019ba72246807c3e9a512f6d8b0c4e17",
          "{019ba722-4680-7c3e-9a51-2f6d8b0c4e17}",
          "urn:uuid:019ba722-4680-7c3e-9a51-2f6d8b0c4e17",
          "019ba722-4680-7c3e-9a51-2f6d8b0c4e1g",
          "٠19ba722-4680-7c3e-9a51-2f6d8b0c4e17",
          " 019ba722-4680-7c3e-9a51-2f6d8b0c4e17",
          "0-0-0-0-0",
          "-".repeat(36),
          "' or 1=1 --",
          "1 or 1=1");

  private static final List<String> NUMBERS =
      List.of(
          "9223372036854775807",
          "9223372036854775808",
          "-9223372036854775809",
          "2147483648",
          "-2147483649",
          "1e400",
          "-1e400",
          "1e1000000000",
          "1e-400",
          "1.5");

  /** Internals that must not appear in responses. */
  public static final Pattern INTERNALS =
      Pattern.compile(
          "Exception|\\bat (app|java|io|tools|org)\\.|postgres|jackson|helidon|sqlstate|jdbc",
          Pattern.CASE_INSENSITIVE);

  private static final List<Literal> ALWAYS = always();

  /** Texts without a visible character. */
  public static final List<String> BLANK =
      List.of(
          "",
          " ",
          "\t\r\n",
          "\u2003\u2003",
          "\u00a0",
          "\u0085\u2028\u2029\u1680\u3000",
          "\u2007\u202f",
          "\ufeff",
          "\u200b\u200c\u200d\u2060",
          "\u00ad\u034f\u061c\u180e",
          "\u115f\u1160\u3164\uffa0",
          "\u2800",
          "\ufe0f\u200d",
          "\u0001\u001b\u009f",
          "\udb40\udc01\udb40\udc7f",
          " \u3164 \u200b\u00a0");

  private Hostile() {}

  private static List<Literal> always() {
    List<Literal> always =
        new ArrayList<>(
            List.of(
                Literal.json("\"\\u0000\""),
                Literal.json("\"a\\u0000b\""),
                Literal.json("\"\\ud800\""),
                Literal.json("\"a\\udc00b\""),
                Literal.json("\"\\udc00\\ud800\""),
                Literal.json("\"\\ud83d\\ud83d\\ude00\""),
                Literal.string('a', 0xc3, 0x28),
                Literal.string(0xc0, 0x80),
                Literal.string(0xed, 0xa0, 0x80),
                Literal.string(0xf4, 0x90, 0x80, 0x80),
                Literal.string(0xf0, 0x9f, 0x98),
                Literal.string(0xff, 0xfe, 'a', 0),
                Literal.string('a', 0, 'b'),
                Literal.string('a', '\n', 'b')));
    for (String text :
        List.of(
            "NaN",
            "-NaN",
            "Infinity",
            "-Infinity",
            "0x10",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "'x'",
            "x",
            "True",
            "undefined",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "",
            "[1,]",
            "{\"a\":1,}",
            "9".repeat(1_000),
            "[".repeat(100_000))) {
      always.add(Literal.broken(text));
    }
    return always;
  }

  /** Invalid values of a field, whatever the other fields are. */
  public static List<Literal> literals(Operation.Field field) {
    List<Literal> literals = new ArrayList<>(ALWAYS);
    if (!field.nullable()) {
      literals.add(Literal.json("null"));
    }
    switch (field.type()) {
      case "string" -> {
        NUMBERS.forEach(number -> literals.add(Literal.json(number)));
        jsons(literals, "true", "0", "[]", "{}", "[\"x\"]", "{\"$gt\":\"\"}");
        strings(field).forEach(text -> literals.add(Literal.json(quoted(text))));
      }
      case "integer", "number" -> {
        NUMBERS.forEach(number -> literals.add(Literal.json(number)));
        jsons(literals, "\"1\"", "\"\"", "true", "[]", "{}", "[1]");
        if (field.schema().containsKey("minimum")) {
          jsons(literals, Integer.toString(field.limit("minimum", 0) - 1), "-2147483648");
        }
        if (field.schema().containsKey("maximum")) {
          jsons(literals, Integer.toString(field.limit("maximum", 0) + 1), "2147483647");
        }
      }
      case "boolean" ->
          jsons(literals, "\"true\"", "\"\"", "0", "1", "1e400", "[]", "{}", "[true]");
      case "array" ->
          jsons(
              literals,
              "\"x\"",
              "{}",
              "0",
              "true",
              "[null]",
              "[1]",
              "[{}]",
              "[[]]",
              "[\"x\"]",
              "[\"\\u0000\"]",
              "[" + "\"x\",".repeat(10_000) + "\"x\"]");
      case "object" -> jsons(literals, "\"x\"", "[]", "0", "true");
      default -> throw new IllegalArgumentException("no corpus for " + field.schema());
    }
    return literals;
  }

  /** Values of a query parameter, not yet percent-encoded. */
  public static List<String> parameters(Operation.Field field) {
    return switch (field.type()) {
      case "integer" -> {
        List<String> values =
            new ArrayList<>(
                List.of(
                    "x", "", " ", "1.5", "1e1", "+1", "１", "1\0", "0x1", "9223372036854775808"));
        values.add(Integer.toString(field.limit("minimum", 0) - 1));
        if (field.schema().containsKey("maximum")) {
          values.add(Integer.toString(field.limit("maximum", 0) + 1));
        }
        yield values;
      }
      case "boolean" -> List.of("TRUE", "1", "yes", "", "true ", "true\0", "null");
      default -> {
        List<String> values = new ArrayList<>(strings(field));
        values.add("a\0b");
        // A blank search is valid and finds everything.
        yield field.isFreeText()
            ? values.stream().filter(v -> !UnicodeText.isBlank(v)).toList()
            : values;
      }
    };
  }

  private static List<String> strings(Operation.Field field) {
    List<String> strings = new ArrayList<>();
    if (field.format().equals("date-time")) {
      strings.addAll(DATES);
    } else if (field.format().equals("uuid")) {
      strings.addAll(UUIDS);
    }
    for (String word : field.words()) {
      strings.addAll(
          List.of(word.toUpperCase(Locale.ROOT), word + " ", " " + word, word + "\u200b"));
    }
    if (!field.words().isEmpty()) {
      strings.addAll(List.of("", "x", "null", String.join(",", field.words())));
    }
    if (field.limit("minLength", 0) > 0) {
      strings.addAll(BLANK);
    }
    if (field.schema().containsKey("maxLength")) {
      int longest = field.limit("maxLength", 0);
      strings.add("x".repeat(longest + 1));
      strings.add("𐀀".repeat(longest + 1));
      strings.add("e" + "\u0301".repeat(10_000));
    }
    return strings;
  }

  /** Bodies that are not the JSON object of an operation. */
  public static List<byte[]> bodies() {
    List<byte[]> bodies = new ArrayList<>();
    for (String text :
        List.of(
            " ",
            "\0",
            "null",
            "true",
            "1",
            "\"x\"",
            "[]",
            "[{}]",
            "{",
            "}",
            "{\"title\"",
            "{\"title\":\"a\"",
            "{\"title\":\"a\",}",
            "{title:\"a\"}",
            "{'title':'a'}",
            "{\"title\":\"a\",\"title\":\"b\"}",
            "{\"title\":\"a\",\"\\u0074itle\":\"b\"}",
            "{\"x\":{\"a\":1,\"a\":2}}",
            "{}{}",
            "{} x",
            "{},",
            "{}\0",
            "/* */ {}",
            "{} // x",
            "# x\n{}",
            "\ufeff{}",
            "<x/>",
            "title=a",
            "{\"title\":".repeat(20_000),
            "[".repeat(100_000) + "]".repeat(100_000))) {
      bodies.add(text.getBytes(StandardCharsets.UTF_8));
    }
    bodies.add("{}".getBytes(StandardCharsets.UTF_16));
    bodies.add("{}".getBytes(StandardCharsets.UTF_16LE));
    bodies.add(new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 3});
    bodies.add(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
    StringBuilder members = new StringBuilder("{\"m\":0");
    IntStream.range(0, 20_000).forEach(i -> members.append(",\"m").append(i).append("\":0"));
    bodies.add(members.append('}').toString().getBytes(StandardCharsets.UTF_8));
    return bodies;
  }

  /** Names of fields that no operation has. */
  public static List<String> unknownNames() {
    return List.of(
        "",
        " title",
        "Title",
        "tıtle",
        "__proto__",
        "constructor",
        "user_id",
        "a\0b",
        "a\r\nb",
        "\u202etitle",
        "𐀀",
        "e\u0301".repeat(10_000));
  }

  private static void jsons(List<Literal> literals, String... texts) {
    for (String text : texts) {
      literals.add(Literal.json(text));
    }
  }

  /** A JSON string with as few escapes as possible. */
  public static String quoted(String text) {
    return text.codePoints()
        .mapToObj(
            c ->
                c < 0x20 || c == '"' || c == '\\'
                    ? String.format("\\u%04x", c)
                    : Character.toString(c))
        .collect(Collectors.joining("", "\"", "\""));
  }
}
