package app.perpetua.flow.mcp;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The supported revisions of the protocol, the newest first. */
enum Revision {
  /** Without a handshake: each request names its revision. */
  V2026_07_28("2026-07-28"),
  V2025_11_25("2025-11-25"),
  V2025_06_18("2025-06-18");

  /** What is answered to a handshake that names another revision. */
  static final Revision LATEST_WITH_HANDSHAKE = V2025_11_25;

  private final String date;

  Revision(String date) {
    this.date = date;
  }

  String date() {
    return date;
  }

  boolean hasHandshake() {
    return this != V2026_07_28;
  }

  static Optional<Revision> of(String date) {
    return Arrays.stream(values()).filter(revision -> revision.date.equals(date)).findFirst();
  }

  static List<String> dates() {
    return Arrays.stream(values()).map(Revision::date).toList();
  }
}
