package app.perpetua.flow.sync;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * Texts of answers to one user, made comparable with those to another: ids and changes are numbered
 * in the order in which they appear, e-mail addresses and subjects of Google are left out. Not
 * thread-safe.
 */
public final class Anonymized {
  private static final Pattern ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final Pattern CHANGE = Pattern.compile("(?<=\"change_id\":)[0-9]+");
  private static final Pattern PERSON = Pattern.compile("[^\"]+@[^\"]+|google-subject-[0-9]+");

  private final Map<String, String> numbers = new HashMap<>();

  /** The text of an answer. */
  public String text(JsonNode answer) {
    String numbered = numbered(CHANGE, numbered(ID, answer.toString()));
    return PERSON.matcher(numbered).replaceAll("person");
  }

  private String numbered(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .replaceAll(id -> numbers.computeIfAbsent(id.group(), _ -> "id " + (numbers.size() + 1)));
  }
}
