package app.perpetua.flow.dev.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Serves the console's files, and the SDK and lit-html, which they import. Thread-safe. */
public final class ConsoleFiles implements HttpHandler {
  /** The path of all files. */
  public static final String PATH = "/console/";

  /** From the project's directory, the files come from here, so that a change shows on reload. */
  private static final Path DEV = Path.of("src/dev/resources");

  private static final Path SOURCES = DEV.resolve("console");

  /** Files that can be imported, beside the console. */
  private static final String SAMPLE = "sample/";

  /** Likewise the SDK's modules, which pom.xml copies to the console's resources. */
  private static final Path SDK_SOURCES = Path.of("sdk/typescript/dist");

  private static final String SDK = "sdk/";
  private static final String LIBRARY = "lit-html/";

  /** Contains the version of pom.xml; the test of this class fails if it differs. */
  private static final String LIBRARY_RESOURCES = "/META-INF/resources/webjars/lit-html/3.3.1/";

  private static final Pattern NAME = Pattern.compile("([a-z0-9-]+/)*[a-z0-9-]+\\.[a-z]+");
  private static final Map<String, String> TYPES =
      Map.of(
          "css", "text/css; charset=utf-8",
          "csv", "text/csv; charset=utf-8",
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml");

  private final String policy;

  /**
   * @param service the service's base URL, to which the console may connect
   * @param googleClientId client id for signing in at Google; null if only the fake signs in
   */
  public ConsoleFiles(URI service, @Nullable String googleClientId) {
    this.policy = policy(service, googleClientId != null);
  }

  // Google's documentation of its sign-in button lists what its pages need.
  private static String policy(URI service, boolean google) {
    String gsi = google ? " https://accounts.google.com/gsi/" : "";
    String socket = service.toString().replaceFirst("^http", "ws");
    return "default-src 'none'; script-src 'self'"
        + (google ? gsi + "client" : "")
        + "; style-src 'self'"
        + (google ? gsi + "style" : "")
        + "; img-src 'self' data:; media-src 'self' blob:; connect-src 'self' "
        + service
        + " "
        + socket
        + gsi
        + (google ? "; frame-src" + gsi : "")
        + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  }

  /** Sends index.html. */
  public void home(HttpExchange exchange) throws IOException {
    send(exchange, "index.html");
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException {
    send(exchange, exchange.getRequestURI().getPath().substring(PATH.length()));
  }

  private void send(HttpExchange exchange, String name) throws IOException {
    try (exchange) {
      byte[] content = null;
      String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      if (type != null && NAME.matcher(name).matches()) {
        content = content(name);
      }
      int status = content == null ? 404 : 200;
      if (content == null) {
        content = "There is no such file.\n".getBytes(UTF_8);
        type = "text/plain; charset=utf-8";
      }
      var headers = exchange.getResponseHeaders();
      headers.add("Content-Type", type);
      headers.add("Cache-Control", "no-store");
      headers.add("Content-Security-Policy", policy);
      headers.add("X-Content-Type-Options", "nosniff");
      headers.add("Referrer-Policy", "no-referrer");
      // The window of Google's sign-in reports to the page that opened it.
      headers.add("Cross-Origin-Opener-Policy", "same-origin-allow-popups");
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(status, head ? -1 : content.length);
      if (!head) {
        exchange.getResponseBody().write(content);
      }
    }
  }

  private static byte @Nullable [] content(String name) throws IOException {
    Path source =
        name.startsWith(SDK)
            ? SDK_SOURCES.resolve(name.substring(SDK.length()))
            : name.startsWith(SAMPLE) ? DEV.resolve(name) : SOURCES.resolve(name);
    if (Files.isRegularFile(source)) {
      return Files.readAllBytes(source);
    }
    String resource =
        name.startsWith(LIBRARY)
            ? LIBRARY_RESOURCES + name.substring(LIBRARY.length())
            : name.startsWith(SAMPLE) ? "/" + name : PATH + name;
    try (InputStream stream = ConsoleFiles.class.getResourceAsStream(resource)) {
      return stream == null ? null : stream.readAllBytes();
    }
  }
}
