package app.perpetua.flow.http;

import app.perpetua.flow.base.Json;
import app.perpetua.flow.http.cors.CorsOrigin;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Serves the contract as YAML, as JSON, and in Swagger UI, whose files are in the JAR. Thread-safe.
 */
public final class Docs {
  /**
   * The URL from which the documentation page gets an access token with a POST. Only a development
   * server has one, which gives a token to everybody.
   *
   * @param origin scheme, host and port
   * @param path with its slash; needs no escaping in HTML
   */
  public record TokenUrl(String origin, String path) {
    private static final Pattern URL = Pattern.compile("([^/]+//[^/?#]+)(/[A-Za-z0-9._~/-]*)");

    /**
     * Parses an http or https URL without a query.
     *
     * @throws IllegalArgumentException if it is not one
     */
    public static TokenUrl parse(String url) {
      Matcher parts = URL.matcher(url);
      if (!parts.matches()) {
        throw new IllegalArgumentException(
            "must be a URL with a path, such as http://localhost:8001/session");
      }
      return new TokenUrl(CorsOrigin.parse(parts.group(1)), parts.group(2));
    }

    @Override
    public String toString() {
      return origin + path;
    }
  }

  /** The paths of the page and of the contract, for the errors of unknown paths. */
  public record Links(String docs, String contract) {}

  public static final Links LINKS = new Links("/api/v1/docs", "/api/v1/openapi.json");

  private static final String REVALIDATE = "no-cache";

  /** For URLs that contain the release. */
  private static final String IMMUTABLE = "public, max-age=31536000, immutable";

  private static final int CHUNK_BYTES = 8 * 1024;

  private static final String JAVASCRIPT = "text/javascript; charset=utf-8";

  private final OnDemand yaml = new OnDemand(() -> resource("/openapi.yaml"));
  private final OnDemand exportSchema = new OnDemand(() -> resource("/export-schema.json"));
  private final OnDemand json;
  private final byte[] page;
  private final String securityPolicy;
  private final byte[] init = resource("/docs/init.js");
  private final OnDemand script;
  private final OnDemand style;

  /**
   * Reads the page; the contract and Swagger UI follow when they are first requested.
   *
   * @param token where the page gets a token; empty outside of development
   */
  public Docs(Json writer, Optional<TokenUrl> token) {
    json = new OnDemand(() -> writer.bytes(parsed(yaml.bytes())));
    Properties build = build();
    String swaggerUiVersion = build.getProperty("swagger-ui");
    String swaggerUi = "/META-INF/resources/webjars/swagger-ui/" + swaggerUiVersion + "/";
    script = new OnDemand(() -> resource(swaggerUi + "swagger-ui-bundle.js"));
    style = new OnDemand(() -> resource(swaggerUi + "swagger-ui.css"));
    page =
        new String(resource("/docs/index.html"), StandardCharsets.UTF_8)
            .replace("{version}", build.getProperty("version") + "-" + swaggerUiVersion)
            .replace("{token-url}", token.map(TokenUrl::toString).orElse(""))
            .getBytes(StandardCharsets.UTF_8);
    securityPolicy = securityPolicy(token);
  }

  /**
   * Allows no inline code and no other host, except data URLs for the style sheet's images and the
   * origin of the token.
   */
  private static String securityPolicy(Optional<TokenUrl> token) {
    return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        + " connect-src 'self'"
        + token.map(url -> " " + url.origin()).orElse("")
        + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  }

  public List<Route> routes() {
    return List.of(
        // RFC 9512
        Route.plain(
            "/api/v1/openapi.yaml", _ -> chunked("application/yaml", REVALIDATE, yaml.bytes())),
        Route.plain(
            "/api/v1/openapi.json", _ -> chunked("application/json", REVALIDATE, json.bytes())),
        Route.plain(
            "/api/v1/export-schema.json",
            _ -> chunked("application/schema+json", REVALIDATE, exportSchema.bytes())),
        Route.plain("/api/v1/docs", _ -> page()),
        Route.plain("/api/v1/docs/init.js", _ -> chunked(JAVASCRIPT, IMMUTABLE, init)),
        Route.plain(
            "/api/v1/docs/swagger-ui-bundle.js",
            _ -> chunked(JAVASCRIPT, IMMUTABLE, script.bytes())),
        Route.plain(
            "/api/v1/docs/swagger-ui.css",
            _ -> chunked("text/css; charset=utf-8", IMMUTABLE, style.bytes())));
  }

  private Reply page() {
    return new Reply.WithHeaders(
        new Reply.Bytes(200, "text/html; charset=utf-8", REVALIDATE, page),
        Map.of("Content-Security-Policy", securityPolicy, "Referrer-Policy", "no-referrer"));
  }

  /**
   * Bytes that are read or computed once, for the first request, because parsing the contract would
   * make every start slower. Thread-safe.
   */
  private static final class OnDemand {
    private final Supplier<byte[]> source;
    private byte @Nullable [] bytes;

    OnDemand(Supplier<byte[]> source) {
      this.source = source;
    }

    synchronized byte[] bytes() {
      if (bytes == null) {
        bytes = source.get();
      }
      return bytes;
    }
  }

  /** Writes in chunks, so that no copy of all bytes is in memory while a slow client reads. */
  private static Reply chunked(String contentType, String cacheControl, byte[] bytes) {
    Reply.Writer chunks =
        out -> {
          for (int offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
            out.write(bytes, offset, Math.min(CHUNK_BYTES, bytes.length - offset));
          }
        };
    return new Reply.WithHeaders(
        new Reply.Stream(200, contentType, cacheControl, chunks),
        Map.of("Content-Length", Integer.toString(bytes.length)));
  }

  private static Object parsed(byte[] yaml) {
    LoaderOptions loading = new LoaderOptions();
    loading.setAllowDuplicateKeys(false);
    DumperOptions dumping = new DumperOptions();
    return new Yaml(
            new SafeConstructor(loading),
            new Representer(dumping),
            dumping,
            loading,
            new CoreSchema())
        .load(new String(yaml, StandardCharsets.UTF_8));
  }

  /**
   * Reads plain scalars as in YAML 1.2 (10.3.2): dates and {@code no} are strings. SnakeYAML alone
   * follows YAML 1.1.
   */
  private static final class CoreSchema extends Resolver {
    private static final Pattern BOOL = Pattern.compile("true|false");
    private static final Pattern NULL = Pattern.compile("null|~");
    private static final Pattern EMPTY = Pattern.compile("");
    private static final Pattern INT = Pattern.compile("-?(?:0|[1-9][0-9]*)");
    private static final Pattern FLOAT =
        Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?");

    @Override
    protected void addImplicitResolvers() {
      addImplicitResolver(Tag.BOOL, BOOL, "tf");
      addImplicitResolver(Tag.NULL, NULL, "n~");
      addImplicitResolver(Tag.NULL, EMPTY, null);
      addImplicitResolver(Tag.INT, INT, "-0123456789");
      addImplicitResolver(Tag.FLOAT, FLOAT, "-0123456789");
    }
  }

  private static Properties build() {
    Properties build = new Properties();
    try {
      build.load(new ByteArrayInputStream(resource("/build.properties")));
      return build;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] resource(String path) {
    try (InputStream in = Docs.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException(path + " is not on the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
