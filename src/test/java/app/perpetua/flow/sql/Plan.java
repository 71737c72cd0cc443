package app.perpetua.flow.sql;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.harness.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * A statement's generic plan with sequential scans made expensive: a table that is still scanned
 * has no index for the statement. Needs no rows and executes nothing.
 */
final class Plan {
  /** Nodes between a limit and a sort that leave the sort's rows as they are. */
  private static final Set<String> PASSING = Set.of("Result", "Subquery Scan");

  /** Returns one page of the activity log; {@code HistoryCostTest} looks at its own statements. */
  private static final String PAGE_FUNCTION = "find_page";

  private final JsonNode root;
  private final Set<String> userTables;

  private Plan(JsonNode root, Set<String> userTables) {
    this.root = root;
    this.userTables = userTables;
  }

  static Plan of(TestDatabase database, SqlCatalog.Statement statement) {
    AtomicInteger place = new AtomicInteger();
    String sql =
        SqlCatalog.PARAMETER
            .matcher(statement.sql())
            .replaceAll(_ -> "\\$" + place.incrementAndGet());
    try (Connection connection = database.textConnection();
        Statement explain = connection.createStatement()) {
      explain.execute("set enable_seqscan = off");
      try (ResultSet result =
          explain.executeQuery("explain (generic_plan, verbose, format json) " + sql)) {
        result.next();
        return new Plan(new Json().parse(result.getString(1)), userTables(database));
      }
    } catch (SQLException e) {
      throw new IllegalStateException(statement.name(), e);
    }
  }

  /** Reads of a user table that no index condition narrows; empty if there are none. */
  List<String> scans() {
    List<String> scans = new ArrayList<>();
    collect(root.get(0).required("Plan"), scans);
    return scans;
  }

  /**
   * Sorts of rows of a user table whose number no limit bounds, neither before the sort nor, so
   * that it keeps only the page, right after it; empty if there are none.
   */
  List<String> unboundedSorts() {
    List<String> sorts = new ArrayList<>();
    collectSorts(root.get(0).required("Plan"), false, sorts);
    return sorts;
  }

  private void collectSorts(JsonNode node, boolean isLimited, List<String> sorts) {
    String type = text(node, "Node Type");
    if (type.endsWith("Sort") && !isLimited && readsTable(node) && !hasLimit(node)) {
      sorts.add(type + " by " + node.path("Sort Key"));
    }
    boolean limits = type.equals("Limit") || (isLimited && PASSING.contains(type));
    for (JsonNode child : node.path("Plans")) {
      collectSorts(child, limits, sorts);
    }
  }

  private boolean readsTable(JsonNode node) {
    String table = text(node, "Schema") + "." + text(node, "Relation Name");
    return userTables.contains(table)
        || text(node, "Node Type").equals("CTE Scan")
        || node.path("Plans").valueStream().anyMatch(this::readsTable);
  }

  private static boolean hasLimit(JsonNode node) {
    return text(node, "Node Type").equals("Limit")
        || text(node, "Function Name").equals(PAGE_FUNCTION)
        || node.path("Plans")
            .valueStream()
            .anyMatch(
                child -> !text(child, "Subplan Name").startsWith("SubPlan") && hasLimit(child));
  }

  private void collect(JsonNode node, List<String> scans) {
    String table = text(node, "Schema") + "." + text(node, "Relation Name");
    String type = text(node, "Node Type");
    if (type.endsWith("Scan") && userTables.contains(table) && !narrowed(node)) {
      scans.add(type + " on " + table);
    }
    for (JsonNode child : node.path("Plans")) {
      collect(child, scans);
    }
  }

  private static boolean narrowed(JsonNode node) {
    if (text(node, "Node Type").equals("Bitmap Heap Scan")) {
      return node.hasNonNull("Recheck Cond");
    }
    return node.hasNonNull("Index Cond") || node.hasNonNull("TID Cond");
  }

  private static String text(JsonNode node, String member) {
    return node.path(member).stringValue("");
  }

  /** Tables, partitions included, that grow with the number of users. */
  private static Set<String> userTables(TestDatabase database) {
    return database
        .rows(
            """
            select c.relnamespace::regnamespace || '.' || c.relname as name
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid
            where c.relkind in ('r', 'p')
              and (a.attname = 'user_id' or (c.oid = 'auth.users'::regclass and a.attname = 'id'))
            """)
        .stream()
        .map(row -> (String) Objects.requireNonNull(row.get("name")))
        .collect(Collectors.toSet());
  }
}
