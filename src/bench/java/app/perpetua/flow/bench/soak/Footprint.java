package app.perpetua.flow.bench.soak;

import app.perpetua.flow.bench.process.Service;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Pattern;

/**
 * What a running service holds at one time.
 *
 * @param residentKilobytes resident memory (VmRSS)
 * @param heapMegabytes heap in use, with garbage
 * @param threads threads of the operating system
 * @param virtualThreads virtual threads; a connection has one
 * @param descriptors open files and sockets
 * @param connections connections to PostgreSQL
 */
record Footprint(
    long residentKilobytes,
    long heapMegabytes,
    int threads,
    int virtualThreads,
    int descriptors,
    int connections) {
  private static final Pattern VIRTUAL = Pattern.compile("#\\d+ \".*\" virtual.*");

  /**
   * Reads it from {@code /proc}, the metrics, a thread dump and the database.
   *
   * @param dump file for the thread dump, which is overwritten
   */
  static Footprint of(Service service, Connection database, Path dump)
      throws IOException, SQLException {
    String status = Files.readString(Path.of("/proc/" + service.pid() + "/status"));
    return new Footprint(
        number(status, "VmRSS"),
        heap(service.port()),
        (int) number(status, "Threads"),
        virtualThreads(service.pid(), dump),
        descriptors(service.pid()),
        connections(database));
  }

  private static long number(String status, String name) throws IOException {
    return status
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow(() -> new IOException("the service has ended"));
  }

  private static long heap(int port) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    try (InputStream body = uri.toURL().openStream()) {
      double bytes =
          new String(body.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\""))
              .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
              .sum();
      return (long) (bytes / (1024 * 1024));
    }
  }

  private static int virtualThreads(long pid, Path dump) throws IOException {
    Process jcmd =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/jcmd",
                Long.toString(pid),
                "Thread.dump_to_file",
                "-overwrite",
                dump.toAbsolutePath().toString())
            .redirectErrorStream(true)
            .start();
    String output;
    try (InputStream out = jcmd.getInputStream()) {
      output = new String(out.readAllBytes(), StandardCharsets.UTF_8);
    }
    if (!Files.exists(dump)) {
      throw new IOException("jcmd Thread.dump_to_file failed: " + output);
    }
    try (var lines = Files.lines(dump)) {
      return (int) lines.filter(line -> VIRTUAL.matcher(line).matches()).count();
    }
  }

  private static int descriptors(long pid) throws IOException {
    int open = 0;
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
      for (Path ignored : all) {
        open++;
      }
    }
    return open;
  }

  private static int connections(Connection database) throws SQLException {
    try (Statement statement = database.createStatement();
        ResultSet row =
            statement.executeQuery(
                """
                select count(*) from pg_stat_activity
                where datname = current_database() and backend_type = 'client backend'
                  and pid <> pg_backend_pid()
                """)) {
      row.next();
      return row.getInt(1);
    }
  }
}
