package app.perpetua.flow.tasks;

import app.perpetua.flow.parsing.Positions;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where a task or template is filed (FR-190).
 *
 * @param listId null for the inbox
 * @param position the order in the list, see {@link Positions}; null for the order of creation
 * @param labelIds at most {@link #MAX_LABELS}, each once
 */
public record Placement(@Nullable UUID listId, @Nullable String position, List<UUID> labelIds) {
  public static final int MAX_LABELS = 10;

  /** The inbox, without labels. */
  public static final Placement INBOX = new Placement(null, null, List.of());

  public Placement {
    labelIds = List.copyOf(labelIds);
  }
}
