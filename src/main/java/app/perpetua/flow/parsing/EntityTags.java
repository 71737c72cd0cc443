package app.perpetua.flow.parsing;

import app.perpetua.flow.base.Refusal;
import app.perpetua.flow.base.Sha256;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The entity tags of an {@code If-Match} or {@code If-None-Match} (RFC 9110, sections 13.1.1 and
 * 13.1.2). Immutable.
 *
 * @param any whether the header is {@code *}
 * @param tags as sent, with quotes and, if weak, {@code W/}; empty if any
 */
public record EntityTags(boolean any, Set<String> tags) {
  /** Bytes of the hash: two representations never have the same tag by chance. */
  private static final int TAG_BYTES = 16;

  private static final Pattern TAG = Pattern.compile("(?:W/)?\"[!\\x23-\\x7e\\x80-\\uffff]*\"");
  private static final Pattern SEPARATOR = Pattern.compile("[ \\t]*,[ \\t,]*");

  /** The strong tag of a representation, with quotes. Equal bytes have equal tags. */
  public static String of(byte[] representation) {
    byte[] hash = Arrays.copyOf(Sha256.hash(representation), TAG_BYTES);
    return '"' + Base64.getUrlEncoder().withoutPadding().encodeToString(hash) + '"';
  }

  /**
   * Parses all headers of that name in a request, in order.
   *
   * @throws Refusal {@code VALIDATION_ERROR} unless they are {@code *} or a list of tags
   */
  public static EntityTags parse(String name, List<String> headers) {
    String list = String.join(",", headers).strip();
    if (list.equals("*")) {
      return new EntityTags(true, Set.of());
    }
    Set<String> tags = new HashSet<>();
    Matcher tag = TAG.matcher(list);
    Matcher separator = SEPARATOR.matcher(list);
    int position = separator.lookingAt() ? separator.end() : 0;
    while (tag.region(position, list.length()).lookingAt()) {
      tags.add(tag.group());
      position = tag.end();
      if (!separator.region(position, list.length()).lookingAt()) {
        break;
      }
      position = separator.end();
    }
    if (tags.isEmpty() || position < list.length()) {
      throw Refusal.invalid(name, "must be * or entity tags in double quotes, such as \"abc\"");
    }
    return new EntityTags(false, Set.copyOf(tags));
  }

  /** Whether a representation with this strong tag is meant, for {@code If-Match}. */
  public boolean matchStrongly(String tag) {
    return any || tags.contains(tag);
  }

  /** Whether a representation with this strong tag is meant, for {@code If-None-Match}. */
  public boolean matchWeakly(String tag) {
    return matchStrongly(tag) || tags.contains("W/" + tag);
  }
}
