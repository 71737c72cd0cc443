package app.perpetua.flow.notifications;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.UUID;

/**
 * The frontend's pages that notifications open: paths, or https URLs. Immutable.
 *
 * @param taskPattern contains {@link #TASK_ID}
 */
public record Pages(String taskPattern, String achievements, String subscription) {
  /** Where the id of the task goes. */
  public static final String TASK_ID = "{task_id}";

  private static final int MAX_LENGTH = 1_000;

  /** A task's page. */
  public String task(UUID id) {
    return taskPattern.replace(TASK_ID, id.toString());
  }

  /**
   * Checks the pattern of a task's page.
   *
   * @throws IllegalArgumentException with a message that completes a sentence
   */
  public static String pattern(String text) {
    if (!text.contains(TASK_ID)) {
      throw new IllegalArgumentException("must contain " + TASK_ID);
    }
    String example = page(text.replace(TASK_ID, new UUID(0, 0).toString()));
    String host = URI.create(example).getHost();
    if (host != null && !text.contains(host)) {
      throw new IllegalArgumentException("must not contain " + TASK_ID + " in its host");
    }
    return text;
  }

  /**
   * Checks a page.
   *
   * @throws IllegalArgumentException with a message that completes a sentence
   */
  public static String page(String text) {
    if (text.length() > MAX_LENGTH || !isPage(text)) {
      throw new IllegalArgumentException(
          "must be a path such as /dashboard or an https URL, at most " + MAX_LENGTH + " long");
    }
    return text;
  }

  private static boolean isPage(String text) {
    try {
      URI uri = new URI(text);
      // "//host" would be a host, not a path.
      return uri.isAbsolute()
          ? uri.getScheme().equals("https") && uri.getHost() != null && uri.getUserInfo() == null
          : text.startsWith("/") && !text.startsWith("//");
    } catch (URISyntaxException e) {
      return false;
    }
  }
}
