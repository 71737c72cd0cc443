package app.perpetua.flow;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The part of the service that a process runs. */
public enum Role {
  /** Answers HTTP requests. */
  API,
  /** Runs jobs; answers health and metrics only. */
  WORKER,
  /** Both. */
  ALL;

  /** The role of that name, in lower case as on the command line. */
  static Optional<Role> named(String name) {
    return Arrays.stream(values())
        .filter(role -> role.name().toLowerCase(Locale.ROOT).equals(name))
        .findFirst();
  }
}
