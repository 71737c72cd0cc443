package app.perpetua.flow.tasks;

import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a task or template is filed (FR-190).
 *
 * @param listId null for the inbox
 * @param position the order in the list: a fraction in digits {@code 0-9}, {@code A-Z}, {@code
 *     a-z}, which are compared bytewise; null for the order of creation
 * @param labelIds at most {@link #MAX_LABELS}, each once
 */
public record Placement(@Nullable UUID listId, @Nullable String position, List<UUID> labelIds) {
  public static final int MAX_LABELS = 10;

  /** The inbox, without labels. */
  public static final Placement INBOX = new Placement(null, null, List.of());

  /** Digits of the longest position that is accepted. */
  static final int MAX_POSITION = 200;

  private static final Pattern POSITION = Pattern.compile("[0-9A-Za-z]*[1-9A-Za-z]");
  private static final HexFormat HEX = HexFormat.of();
  private static final int DIGITS = 12;

  public Placement {
    labelIds = List.copyOf(labelIds);
  }

  /** Whether a text of 1 to {@link #MAX_POSITION} characters is a position. */
  static boolean isPosition(String text) {
    return POSITION.matcher(text).matches();
  }

  /**
   * The position of a task that has none of its own: milliseconds as twelve digits, and one more,
   * because a position does not end in 0.
   */
  public static String positionOf(Instant createdAt) {
    return HEX.toHexDigits(createdAt.toEpochMilli(), DIGITS) + 'V';
  }
}
