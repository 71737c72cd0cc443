package app.perpetua.flow.parsing;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The media types that a client accepts (RFC 9110, section 12.5.1). Parameters of a range other
 * than {@code q} are ignored. A range with a malformed type or {@code q} is ignored; a header
 * without any well-formed range accepts everything, as if it were absent, and one that only
 * excludes types accepts all others. Immutable.
 */
public record Accept(List<Range> ranges) {
  private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
  private static final Pattern TYPE = Pattern.compile(TOKEN + "/" + TOKEN);
  private static final Pattern QUALITY = Pattern.compile("0(\\.[0-9]{0,3})?|1(\\.0{0,3})?");

  /**
   * A media range.
   *
   * @param type in lower case, such as {@code text/*}
   * @param quality 0 to 1; 0 means not acceptable
   */
  record Range(String type, double quality) {
    /** 2 for the type itself, 1 for its subtypes, 0 for everything; -1 if it does not match. */
    int specificity(String candidate) {
      if (type.equals(candidate)) {
        return 2;
      }
      if (type.equals("*/*")) {
        return 0;
      }
      return type.endsWith("/*") && candidate.startsWith(type.substring(0, type.length() - 1))
          ? 1
          : -1;
    }
  }

  /** Parses all {@code Accept} headers of a request, in order. */
  public static Accept parse(List<String> headers) {
    List<Range> ranges = new ArrayList<>();
    split(String.join(",", headers), ',').forEach(element -> add(ranges, element));
    return new Accept(List.copyOf(ranges));
  }

  private static void add(List<Range> ranges, String element) {
    List<String> parts = split(element, ';');
    String type = parts.getFirst().strip().toLowerCase(Locale.ROOT);
    if (!TYPE.matcher(type).matches() || (type.startsWith("*/") && !type.equals("*/*"))) {
      return;
    }
    double quality = 1;
    for (String part : parts.subList(1, parts.size())) {
      String[] parameter = part.split("=", 2);
      if (parameter[0].strip().equalsIgnoreCase("q")) {
        String value = parameter.length == 2 ? parameter[1].strip() : "";
        if (!QUALITY.matcher(value).matches()) {
          return;
        }
        quality = Double.parseDouble(value);
      }
    }
    ranges.add(new Range(type, quality));
  }

  /** Splits at a separator outside of quoted strings. */
  private static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted && c == '\\') {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == separator && !quoted) {
        parts.add(text.substring(start, i));
        start = i + 1;
      }
    }
    parts.add(text.substring(start));
    return parts;
  }

  /**
   * How much the client prefers a type, 0 to 1; 0 if it does not accept it. The most specific range
   * decides.
   *
   * @param type in lower case, without parameters
   */
  double quality(String type) {
    int best = specificity(type);
    if (best < 0) {
      return ranges.stream().allMatch(range -> range.quality() == 0) ? 1 : 0;
    }
    return ranges.stream()
        .filter(range -> range.specificity(type) == best)
        .mapToDouble(Range::quality)
        .max()
        .orElse(0);
  }

  /**
   * Whether the client prefers a type to the default one, or values both equally and names only
   * this one or both: a wildcard alone selects the default.
   */
  public boolean prefers(String type, String defaultType) {
    double quality = quality(type);
    double other = quality(defaultType);
    return quality > other || (quality == other && quality > 0 && names(type));
  }

  /** Whether a range names a type itself, rather than matching it by a wildcard or not at all. */
  public boolean names(String type) {
    return specificity(type) == 2;
  }

  private int specificity(String type) {
    return ranges.stream().mapToInt(range -> range.specificity(type)).max().orElse(-1);
  }
}
