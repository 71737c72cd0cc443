package app.perpetua.flow.harness;

import app.perpetua.flow.contract.Document;
import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request.Method;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.MessageResolver;
import com.atlassian.oai.validator.report.ValidationReport;
import com.atlassian.oai.validator.report.ValidationReport.Level;
import com.atlassian.oai.validator.schema.SchemaValidator;
import com.atlassian.oai.validator.schema.ValidationConfiguration;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.Yaml;

/**
 * Validates requests and responses against the contract. Besides each operation's definition it
 * checks the general rules: an unknown path is a 404 or redirects, a known one answers 405 with
 * {@code Allow} to a method it does not have, HEAD answers like GET without a body. The contract is
 * published with open answer schemas; here they are closed, so that a field which the contract does
 * not define is a violation. Immutable; thread-safe.
 */
public final class Contract {
  /**
   * Nearly all of the contract, as preparing one takes 10 ms; 0.7 MB each. The library keeps 100.
   */
  private static final int MAX_SCHEMAS = 500;

  private static final String UNKNOWN_PATH = "validation.request.path.missing";
  private static final String UNKNOWN_METHOD = "validation.request.operation.notAllowed";
  private static final String WRONG_TYPE = "validation.request.contentType.notAllowed";
  private static final String MISSING_TOKEN = "validation.request.security.missing";
  private static final String MISSING_BODY = "validation.response.body.missing";

  /**
   * A request or response as sent.
   *
   * @param headers names in any case
   */
  public record Message(Map<String, List<String>> headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  /** Loaded once, because loading takes a second. */
  private static final class Current {
    static final Contract CONTRACT = new Contract(closed());
  }

  private final OpenAPI document;
  private final OpenApiInteractionValidator validator;
  private final SchemaValidator schemas;

  /**
   * Reads a contract.
   *
   * @throws IllegalArgumentException naming the errors of the document
   */
  Contract(String yaml) {
    SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(yaml, null, null);
    if (parsed.getOpenAPI() == null || !parsed.getMessages().isEmpty()) {
      throw new IllegalArgumentException("not an OpenAPI document: " + parsed.getMessages());
    }
    document = parsed.getOpenAPI();
    ValidationConfiguration caching = new ValidationConfiguration().setMaxCacheSize(MAX_SCHEMAS);
    validator =
        OpenApiInteractionValidator.createForInlineApiSpecification(yaml)
            .withSchemaValidationConfiguration(caching)
            .build();
    schemas = new SchemaValidator(document, new MessageResolver(), caching);
  }

  /**
   * The document with {@code additionalProperties: false} for each schema that lists its fields,
   * and with problem details beside each error.
   */
  private static String closed(String yaml) {
    Map<String, Object> document = Document.parse(yaml).root();
    close(Document.map(document.get("components")).get("schemas"));
    addProblems(document);
    return new Yaml().dump(document);
  }

  private static void addProblems(@Nullable Object node) {
    Document.list(node).forEach(Contract::addProblems);
    Map<String, Object> members = Document.map(node);
    members.values().forEach(Contract::addProblems);
    Map<String, Object> schema =
        Document.map(Document.map(members.get("application/json")).get("schema"));
    if ("#/components/schemas/ApiError".equals(schema.get("$ref"))) {
      Map<String, Object> problem = Map.of("$ref", "#/components/schemas/Problem");
      members.put("application/problem+json", Map.of("schema", problem));
    }
  }

  private static void close(@Nullable Object node) {
    Document.list(node).forEach(Contract::close);
    Map<String, Object> members = Document.map(node);
    members.values().forEach(Contract::close);
    if (members.get("properties") instanceof Map && "object".equals(members.get("type"))) {
      members.putIfAbsent("additionalProperties", false);
    }
  }

  /** The contract of this build, {@code openapi.yaml}, with closed answer schemas. */
  public static Contract current() {
    return Current.CONTRACT;
  }

  /** The contract as it is published. */
  public static String text() {
    return resource("/openapi.yaml");
  }

  /** The text of {@link #current}. */
  public static String closed() {
    return closed(text());
  }

  /** The parsed document. */
  public OpenAPI document() {
    return document;
  }

  /**
   * A request's violations of the contract; empty if there are none.
   *
   * @param target path with query, as sent
   */
  public List<String> faultsOf(String method, String target, Message request) {
    SimpleRequest.Builder builder = new SimpleRequest.Builder(asListed(method), path(target), true);
    request.headers().forEach(builder::withHeader);
    query(target)
        // The validator takes an empty value, which the contract allows here, for a missing one.
        .filter(pair -> !(pair[0].equals("cursor") && pair[1].isEmpty()))
        .forEach(pair -> builder.withQueryParam(pair[0], pair[1]));
    if (request.body().length > 0) {
      builder.withBody(request.body());
    }
    return faults(
        validator.validateRequest(builder.build()).getMessages().stream()
            // Without a body there is no content type to check.
            .filter(message -> request.body().length > 0 || !message.getKey().equals(WRONG_TYPE))
            // A request without a token is one that the contract describes: it gets 401.
            .filter(message -> !message.getKey().equals(MISSING_TOKEN)));
  }

  /** A response's violations of the contract; empty if there are none. */
  public List<String> faultsOf(String method, String target, int status, Message answer) {
    boolean head = method.equals("HEAD");
    SimpleResponse.Builder builder = new SimpleResponse.Builder(status);
    answer.headers().forEach(builder::withHeader);
    if (answer.body().length > 0) {
      builder.withBody(answer.body());
    }
    List<ValidationReport.Message> messages =
        validator
            .validateResponse(path(target), Method.valueOf(asListed(method)), builder.build())
            .getMessages();
    List<String> keys = messages.stream().map(ValidationReport.Message::getKey).toList();
    if (keys.contains(UNKNOWN_PATH) || keys.contains(UNKNOWN_METHOD)) {
      return outsideFaults(keys.contains(UNKNOWN_METHOD), head, status, answer);
    }
    return faults(
        messages.stream().filter(message -> !head || !message.getKey().equals(MISSING_BODY)));
  }

  /**
   * A JSON text's violations of a schema in {@code components}; empty if there are none. For
   * messages that OpenAPI cannot assign to an operation: events of a stream, frames of a WebSocket.
   */
  public List<String> faultsOf(String schema, String json) {
    if (!document.getComponents().getSchemas().containsKey(schema)) {
      throw new IllegalArgumentException("the contract has no schema " + schema);
    }
    Schema<?> reference = new Schema<>().$ref("#/components/schemas/" + schema);
    return faults(schemas.validate(json, reference, "body").getMessages().stream());
  }

  private List<String> outsideFaults(
      boolean pathIsKnown, boolean head, int status, Message answer) {
    int expected = pathIsKnown ? 405 : 404;
    if (status == 429) {
      return head ? List.of() : errorFaults(answer);
    }
    if (status == 302 && !pathIsKnown) {
      return List.of();
    }
    if (status != expected) {
      return List.of(status + " for an operation that the contract does not define: " + expected);
    }
    boolean allows = answer.headers().keySet().stream().anyMatch("Allow"::equalsIgnoreCase);
    if (pathIsKnown && !allows) {
      return List.of("405 without Allow");
    }
    return head ? List.of() : errorFaults(answer);
  }

  private List<String> errorFaults(Message answer) {
    boolean problem =
        answer.headers().entrySet().stream()
            .filter(header -> "Content-Type".equalsIgnoreCase(header.getKey()))
            .anyMatch(header -> header.getValue().contains("application/problem+json"));
    return faultsOf(problem ? "Problem" : "ApiError", answer.text());
  }

  private static List<String> faults(Stream<ValidationReport.Message> messages) {
    return messages
        .filter(message -> message.getLevel() == Level.ERROR || message.getLevel() == Level.WARN)
        .map(
            message ->
                message
                        .getContext()
                        .flatMap(ValidationReport.MessageContext::getPointers)
                        .map(pointers -> pointers.getInstance() + " ")
                        .orElse("")
                    + message.getMessage())
        .toList();
  }

  private static String asListed(String method) {
    return method.equals("HEAD") ? "GET" : method;
  }

  private static String path(String target) {
    return target.split("\\?", 2)[0];
  }

  private static Stream<String[]> query(String target) {
    String[] parts = target.split("\\?", 2);
    return parts.length == 1 || parts[1].isEmpty()
        ? Stream.empty()
        : Stream.of(parts[1].split("&"))
            .map(
                pair -> {
                  String[] halves = pair.split("=", 2);
                  return new String[] {decoded(halves[0]), decoded(halves[halves.length - 1])};
                });
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  static String resource(String path) {
    try (InputStream in = Contract.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException(path + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
