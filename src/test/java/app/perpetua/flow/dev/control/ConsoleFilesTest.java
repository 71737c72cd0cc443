package app.perpetua.flow.dev.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.base.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleFilesTest {
  private static final String BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8";
  private static final Pattern IMPORTED = Pattern.compile("(?:from|import) '([^']+)'");
  private static final Path SOURCES = Path.of("src/dev/resources/console");

  private final HttpClient http = HttpClient.newHttpClient();
  private final ControlPort control =
      new ControlPort(0, List.of(), () -> Map.of("service", "here"), new Json());

  ConsoleFilesTest() {
    ConsoleFiles files = new ConsoleFiles(URI.create("http://localhost:8000"), null);
    control.serve(ConsoleFiles.PATH, files);
    control.home(files::home);
  }

  @AfterEach
  void stop() {
    control.close();
    http.close();
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + control.address().getPort() + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Test
  void browsers_get_the_page_and_programs_the_list_of_calls() throws Exception {
    HttpResponse<String> page = get("/", "Accept", BROWSER);
    assertEquals("text/html; charset=utf-8", header(page, "Content-Type"));
    assertTrue(page.body().contains("/console/main.js"), page.body());
    assertEquals("application/json", header(get("/", "Accept", "*/*"), "Content-Type"));
    assertEquals("application/json", header(get("/"), "Content-Type"));
    assertEquals(404, get("/other", "Accept", BROWSER).statusCode());
  }

  @ParameterizedTest
  @CsvSource({
    "main.js, text/javascript; charset=utf-8",
    "style/base.css, text/css; charset=utf-8",
    "icon.svg, image/svg+xml",
    "sdk/index.js, text/javascript; charset=utf-8",
    "lit-html/lit-html.js, text/javascript; charset=utf-8",
    "lit-html/directives/repeat.js, text/javascript; charset=utf-8"
  })
  void a_file_has_its_type_and_the_policy(String name, String type) throws Exception {
    HttpResponse<String> file = get("/console/" + name);
    assertEquals(200, file.statusCode());
    assertEquals(type, header(file, "Content-Type"));
    assertEquals("nosniff", header(file, "X-Content-Type-Options"));
    String policy = header(file, "Content-Security-Policy");
    assertTrue(policy.contains("script-src 'self';"), policy);
    assertTrue(
        policy.contains("connect-src 'self' http://localhost:8000 ws://localhost:8000;"), policy);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "missing.js",
        "api",
        "../console/main.js",
        "%2e%2e/application.yaml",
        "lit-html/../../../pom.xml",
        "sdk/../package.json",
        "sdk/index.d.ts",
        "lit-html//LICENSE"
      })
  void only_files_of_the_console_are_served(String name) throws Exception {
    assertEquals(404, get("/console/" + name).statusCode());
  }

  @Test
  void googles_button_is_permitted_only_with_a_client_id_of_google() throws Exception {
    ConsoleFiles files = new ConsoleFiles(URI.create("http://localhost:8000"), "client-id");
    control.serve("/google-console/", files);
    String policy = header(get("/google-console/main.js"), "Content-Security-Policy");
    assertTrue(
        policy.contains("script-src 'self' https://accounts.google.com/gsi/client;"), policy);
    assertTrue(policy.contains("frame-src https://accounts.google.com/gsi/;"), policy);
    String without = header(get("/console/main.js"), "Content-Security-Policy");
    assertTrue(!without.contains("google"), without);
  }

  /** A misspelled import would show only when its screen is opened. */
  @Test
  void every_import_is_served() throws Exception {
    assertTrue(importsServed(SOURCES, "/console/") > 10);
    assertTrue(importsServed(Path.of("sdk/typescript/dist"), "/console/sdk/") > 10);
  }

  /** Returns the number of imports. */
  private int importsServed(Path directory, String path) throws Exception {
    List<Path> modules;
    try (Stream<Path> files = Files.walk(directory)) {
      modules = files.filter(file -> file.toString().endsWith(".js")).toList();
    }
    int number = 0;
    for (Path module : modules) {
      String text = Files.readString(module);
      for (String imported :
          IMPORTED.matcher(text).results().map(result -> result.group(1)).toList()) {
        URI uri = URI.create(path + directory.relativize(module)).resolve(imported);
        assertEquals(200, get(uri.toString()).statusCode(), module + " imports " + imported);
        number++;
      }
    }
    return number;
  }

  /** Pages of other sites cannot drive the dev server, also if their name resolves to it. */
  @Test
  void requests_of_other_origins_and_under_other_hosts_are_refused() throws Exception {
    int port = control.address().getPort();
    assertEquals(200, get("/", "Origin", "http://127.0.0.1:" + port).statusCode());
    assertEquals(403, get("/", "Origin", "https://example.com").statusCode());
    assertEquals(403, get("/", "Origin", "http://127.0.0.1:1").statusCode());
    assertEquals(403, get("/", "Origin", "null").statusCode());
    assertEquals("HTTP/1.1 200 OK", statusLine("localhost:" + port));
    assertEquals("HTTP/1.1 200 OK", statusLine("[::1]:" + port));
    assertEquals("HTTP/1.1 403 Forbidden", statusLine("example.com:" + port));
    assertEquals("HTTP/1.1 403 Forbidden", statusLine("localhost.example.com"));
  }

  /** The JDK's client does not let a program choose the host. */
  private String statusLine(String host) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), control.address().getPort())) {
      String request = "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      BufferedReader reader =
          new BufferedReader(
              new java.io.InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      return reader.readLine();
    }
  }
}
