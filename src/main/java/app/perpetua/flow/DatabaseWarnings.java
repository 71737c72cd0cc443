package app.perpetua.flow;

import app.perpetua.flow.sql.connection.DatabaseUrl;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Warnings of database URLs. */
final class DatabaseWarnings {
  private static final String MAIN = "DATABASE_URL";
  private static final String DIRECT = "DATABASE_DIRECT_URL";
  private static final Set<String> ENCRYPTED = Set.of("require", "verify-ca", "verify-full");

  /** Of Supabase's transaction pooler, and PgBouncer's default. */
  private static final Set<Integer> POOLER_PORTS = Set.of(6543, 6432);

  private final Variables variables;
  private final List<String> warnings = new ArrayList<>();

  private DatabaseWarnings(Variables variables) {
    this.variables = variables;
  }

  /**
   * A database URL.
   *
   * @param sslMode null if the URL has none
   */
  private record Target(String host, int port, String database, @Nullable String sslMode) {
    static Optional<Target> of(Variables variables, String name) {
      try {
        return variables.value(name).map(DatabaseUrl::parse).map(Target::of);
      } catch (IllegalArgumentException e) {
        // Invalid, which is an error and reported as such.
        return Optional.empty();
      }
    }

    private static Target of(DatabaseUrl url) {
      URI uri = URI.create(url.jdbcUrl().substring("jdbc:".length()));
      String query = uri.getQuery() == null ? "" : uri.getQuery();
      return new Target(
          uri.getHost(),
          uri.getPort(),
          uri.getPath(),
          Arrays.stream(query.split("&", -1))
              .filter(parameter -> parameter.startsWith("sslmode="))
              .map(parameter -> parameter.substring("sslmode=".length()))
              .findFirst()
              .orElse(null));
    }

    boolean isPooler() {
      return host.split("\\.", 2)[0].endsWith("-pooler")
          || host.contains(".pooler.")
          || POOLER_PORTS.contains(port);
    }

    /** The host of the same Neon database without the pooler. */
    String directHost() {
      return host.replaceFirst("^([^.]+)-pooler\\.", "$1.");
    }
  }

  static List<String> of(Variables variables) {
    DatabaseWarnings found = new DatabaseWarnings(variables);
    Optional<Target> main = Target.of(variables, MAIN);
    Optional<Target> direct = Target.of(variables, DIRECT);
    main.ifPresent(target -> found.target(MAIN, target));
    direct.ifPresent(target -> found.target(DIRECT, target));
    if (main.isPresent()) {
      found.together(main.get(), direct);
    }
    return List.copyOf(found.warnings);
  }

  /** Whether the database is elsewhere: nobody develops on such a configuration. */
  static boolean isProduction(Variables variables) {
    return variables.hasPrefix("RAILWAY_")
        || variables.isSet("KUBERNETES_SERVICE_HOST")
        || Target.of(variables, MAIN)
            .filter(target -> HostReach.of(target.host()) == HostReach.PUBLIC)
            .isPresent();
  }

  private void target(String name, Target target) {
    HostReach reach = HostReach.of(target.host());
    String mode = target.sslMode();
    if (reach == HostReach.PUBLIC && mode == null) {
      warn(
          name,
          "has no sslmode, so that the connection is not encrypted if anybody on the way says that"
              + " the server cannot; append ?sslmode=require, or verify-full");
    } else if (reach == HostReach.PUBLIC && mode != null && !ENCRYPTED.contains(mode)) {
      warn(
          name,
          "has sslmode="
              + mode
              + ", which permits an unencrypted connection over a public network; set"
              + " sslmode=require, or verify-full");
    }
    if (reach == HostReach.LOOPBACK && variables.hasPrefix("RAILWAY_")) {
      warn(
          name,
          "leads to localhost, which is this container itself; set it to the database service's"
              + " variable, such as ${{Postgres.DATABASE_URL}}");
    }
  }

  private void together(Target main, Optional<Target> given) {
    if (given.isEmpty()) {
      if (main.isPooler()) {
        warn(
            DIRECT,
            "is not set although DATABASE_URL leads to a pooler, through which neither LISTEN nor"
                + " migrations work reliably; set it to the URL without the pooler");
      }
      return;
    }
    Target direct = given.get();
    if (direct.isPooler()) {
      warn(
          DIRECT,
          "leads to a pooler, through which neither LISTEN nor migrations work reliably; set it to"
              + " the URL without the pooler");
    }
    if (!main.database().equals(direct.database())) {
      warn(DIRECT, "names another database than DATABASE_URL; both must lead to the same one");
    } else if (isNeon(main) && isNeon(direct) && !main.directHost().equals(direct.directHost())) {
      warn(
          DIRECT,
          "leads to another Neon endpoint than DATABASE_URL; both must lead to the same branch");
    }
  }

  private static boolean isNeon(Target target) {
    return target.host().endsWith(".neon.tech");
  }

  private void warn(String variable, String text) {
    warnings.add(variable + " " + text);
  }
}
