package app.perpetua.flow.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** FR-069: within v1 the contract changes compatibly. */
class ContractCompatibilityTest {
  private static final LocalDate TODAY = LocalDate.of(2026, 6, 1);
  private static final String RELEASED = text("/contract/openapi-released.yaml");

  /** A short contract with everything that can break. */
  private static final String SMALL =
      """
      openapi: 3.1.0
      info: {title: small, version: 1.0.0}
      security: [{bearerAuth: []}]
      paths:
        /old:
          get:
            operationId: old
            deprecated: true
            x-sunset: '2026-05-31'
            responses: {'200': {description: ok}}
        /ending:
          get:
            operationId: ending
            deprecated: true
            x-sunset: '2026-07-01'
            responses: {'200': {description: ok}}
        /things:
          parameters:
            - {name: X-Trace, in: header, required: false, schema: {type: string}}
            - {name: X-Old, in: header, deprecated: true, x-sunset: '2026-05-31', schema: {type: string}}
            - {name: X-Ending, in: header, deprecated: true, x-sunset: '2026-07-02', schema: {type: string}}
          post:
            operationId: makeThing
            parameters:
              - {name: sort, in: query, required: false, schema: {type: string, enum: [up, down]}}
            requestBody:
              required: false
              content:
                application/json:
                  schema: {$ref: '#/components/schemas/ThingDraft'}
            responses:
              '200':
                description: ok
                headers:
                  X-Count: {required: true, schema: {type: integer}}
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Thing'}
              '404':
                description: none
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/Code'}
      components:
        schemas:
          Code: {type: string, x-open: true, enum: [GONE, WRONG]}
          ThingDraft:
            type: object
            additionalProperties: false
            required: [title]
            properties:
              title: {type: string, minLength: 1, maxLength: 200}
              color: {type: [string, 'null'], enum: [red, green, null]}
              size: {type: integer, minimum: 0, default: 7}
          Thing:
            type: object
            additionalProperties: false
            required: [id, state, parent]
            properties:
              id: {type: string, format: uuid}
              state: {type: string, enum: [open, done]}
              size: {type: integer, maximum: 10}
              parent: {$ref: '#/components/schemas/Thing'}
              tags: {type: array, items: {type: string}}
      """;

  /**
   * What may break although the comparison says otherwise, with the reason of each in
   * docs/api-versioning.md: the end of a place, and the change.
   */
  private static final List<String> EXCEPTIONS =
      List.of(
          ".scheduled_at: was [string], is [null, string]",
          ".pagination.offset: may now be missing",
          ".pagination.total: may now be missing",
          ".entity_type: gained a value: [task, subtask, template, note, reminder, focus, ai, credit,"
              + " subscription, achievement, user, list, label, filter]",
          ".entity_type: gained a value: [task, note, list]");

  @Test
  void FR_069_the_contract_breaks_no_client_of_the_last_release() {
    assertEquals(
        List.of(),
        Compatibility.breaks(
                Document.parse(RELEASED),
                Document.parse(text("/openapi.yaml")),
                LocalDate.now(ZoneOffset.UTC))
            .stream()
            .filter(line -> EXCEPTIONS.stream().noneMatch(line::endsWith))
            .toList());
  }

  @Test
  void every_exception_is_in_use() {
    List<String> breaks =
        Compatibility.breaks(
            Document.parse(RELEASED), Document.parse(text("/openapi.yaml")), TODAY);
    for (String exception : EXCEPTIONS) {
      assertTrue(
          breaks.stream().anyMatch(line -> line.endsWith(exception)), () -> exception + breaks);
    }
  }

  @Test
  void the_released_contract_is_compared_completely() {
    Document released = Document.parse(RELEASED);
    assertTrue(released.operations().containsKey("PATCH /api/v1/tasks/{id}"));
    // A required member of a schema behind several references.
    String broken =
        RELEASED.replace("required: [task, unlocked_achievements, streak]", "required: [task]");
    assertEquals(
        List.of(
            "POST /api/v1/tasks/{id}/force-complete 200.data.streak: may now be missing",
            "POST /api/v1/tasks/{id}/force-complete 200.data.unlocked_achievements: may now be missing"),
        Compatibility.breaks(released, Document.parse(broken), TODAY));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /things:                                            | /others:                                            | POST /things: was removed
          /ending:                                            | /stopped:                                           | GET /ending: was removed
          operationId: makeThing                              | operationId: createThing                            | POST /things: operationId was makeThing, is createThing
          security: [{bearerAuth: []}]                        | security: []                                        | POST /things: security was [{bearerAuth=[]}], is []
          '{name: sort, in: query, required: false'           | '{name: sort, in: query, required: true'            | POST /things query sort: became required
          '{name: sort, in: query'                            | '{name: order, in: query'                           | POST /things query sort: was removed
          '{name: X-Trace, in: header, required: false'       | '{name: X-New, in: header, required: true'          | POST /things header X-New: is new and required
          enum: [up, down]                                    | enum: [up]                                          | POST /things query sort: lost a value of [up, down]
          '        required: false\\n        content'          | '        required: true\\n        content'           | POST /things body: became required
          required: [title]                                   | required: [title, size]                             | POST /things body.size: became required
          'color: {type: [string, ''null'']'                  | 'color: {type: string'                              | POST /things body.color: was [null, string], is [string]
          enum: [red, green, null]                            | enum: [red, null]                                   | POST /things body.color: lost a value of
          minLength: 1, maxLength: 200                        | minLength: 1, maxLength: 100                        | POST /things body.title: maxLength was 200, is 100
          minLength: 1, maxLength: 200                        | minLength: 2, maxLength: 200                        | POST /things body.title: minLength was 1, is 2
          minLength: 1, maxLength: 200                        | minLength: 1, maxLength: 200, pattern: a            | POST /things body.title: pattern was null, is a
          default: 7                                          | default: 8                                          | POST /things body.size: default was 7, is 8
          'size: {type: integer, minimum: 0, default: 7}'     | 'weight: {type: integer}'                           | POST /things body.size: was removed
          '''404'':'                                          | '''410'':'                                          | POST /things 404: was removed
          'X-Count: {required: true'                          | 'X-Count: {required: false'                         | POST /things 200 header X-Count: may now be missing
          'X-Count: {required: true'                          | 'X-Number: {required: true'                         | POST /things 200 header X-Count: was removed
          required: [id, state, parent]                       | required: [id, parent]                              | POST /things 200.state: may now be missing
          'tags: {type: array, items: {type: string}}'        | 'labels: {type: string}'                            | POST /things 200.tags: was removed
          'items: {type: string}'                             | 'items: {type: integer}'                            | POST /things 200.tags[]: was [string], is [integer]
          'id: {type: string, format: uuid}'                  | 'id: {type: integer}'                               | POST /things 200.id: was [string], is [integer]
          'id: {type: string, format: uuid}'                  | 'id: {type: string}'                                | POST /things 200.id: format was uuid, is null
          'id: {type: string, format: uuid}'                  | 'id: {type: [string, ''null''], format: uuid}'      | POST /things 200.id: was [string], is [null, string]
          enum: [open, done]                                  | enum: [open, done, lost]                            | POST /things 200.state: gained a value
          enum: [open, done]                                  | enum: [open]                                        | POST /things 200.state: lost a value
          ', enum: [open, done]'                              | ''                                                  | POST /things 200.state: is no longer one of
          maximum: 10                                         | maximum: 20                                         | POST /things 200.size: maximum was 10, is 20
          enum: [GONE, WRONG]                                 | enum: [GONE]                                        | POST /things 404: lost a value
          x-sunset: '2026-07-01'                              | x-sunset: '2026-06-30'                              | GET /ending: ends earlier than was announced
          x-sunset: '2026-07-01'                              | x-sunset: soon                                      | GET /ending: needs both deprecated: true and an x-sunset
          operationId: makeThing                              | 'operationId: makeThing\\n      deprecated: true'    | POST /things: needs both deprecated: true and an x-sunset
          operationId: makeThing                              | 'operationId: makeThing\\n      deprecated: true\\n      x-sunset: ''2026-08-29''' | POST /things: ends less than 90 days after its announcement
          '{name: X-Ending'                                   | '{name: X-Ended'                                    | POST /things header X-Ending: was removed
          x-sunset: '2026-07-02'                              | x-sunset: '2026-07-01'                              | POST /things header X-Ending: ends earlier than was announced
          deprecated: true, x-sunset: '2026-07-02'            | x-sunset: '2026-07-02'                              | POST /things header X-Ending: needs both deprecated: true and an x-sunset
          '{name: sort, in: query,'                           | '{name: sort, in: query, deprecated: true, x-sunset: ''2026-08-29'',' | POST /things query sort: ends less than 90 days after its announcement
          security: [{bearerAuth: []}]                        | security: [{apiKey: []}]                            | POST /things: security was [{bearerAuth=[]}], is [{apiKey=[]}]
          application/json                                    | application/xml                                     | POST /things body: application/json was removed
          """)
  void a_breaking_change_is_reported_with_its_place(String before, String after, String expected) {
    List<String> breaks = breaks(before, after);
    assertTrue(
        breaks.stream().anyMatch(line -> line.startsWith(expected)),
        () -> expected + " in " + breaks);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /old:                                        | /older:
          '{name: X-Old, in: header, deprecated: true, x-sunset: ''2026-05-31'',' | '{name: X-More, in: header,'
          x-sunset: '2026-07-02'                       | x-sunset: '2026-09-01'
          '{name: sort, in: query,'                    | '{name: sort, in: query, deprecated: true, x-sunset: ''2026-08-30'','
          '{name: sort, in: query,'                    | '{name: sort, in: query, deprecated: true,'
          security: [{bearerAuth: []}]                 | security: [{bearerAuth: []}, {apiKey: []}]
          x-sunset: '2026-07-01'                       | x-sunset: '2026-09-01'
          operationId: makeThing                       | 'operationId: makeThing\\n      deprecated: true\\n      x-sunset: ''2026-08-30'''
          enum: [up, down]                             | enum: [up, down, sideways]
          '{name: X-Trace, in: header'                 | '{name: X-More, in: header, schema: {type: string}}\\n      - {name: X-Trace, in: header'
          required: [title]                            | required: []
          minLength: 1, maxLength: 200                 | maxLength: 300
          'size: {type: integer, minimum: 0, default'  | 'size: {type: number, default'
          'title: {type: string'                       | 'note: {type: string}\\n        title: {type: string'
          'id: {type: string, format: uuid}'           | 'id: {type: string, format: uuid, pattern: a}\\n        name: {type: string}'
          maximum: 10                                  | maximum: 5
          enum: [GONE, WRONG]                          | enum: [GONE, WRONG, ODD]
          '''404'':'                                   | '''409'': {description: busy}\\n        ''404'':'
          description: none                            | description: there is none
          """)
  void compatible_additions_are_not_reported(String before, String after) {
    assertEquals(
        List.of(),
        breaks(before, after).stream().filter(line -> !line.startsWith("GET /older")).toList());
  }

  private static List<String> breaks(String before, String after) {
    String changed = SMALL.replace(unescaped(before), unescaped(after));
    assertTrue(!changed.equals(SMALL), () -> "nothing to change: " + before);
    return Compatibility.breaks(Document.parse(SMALL), Document.parse(changed), TODAY);
  }

  private static String unescaped(@org.jspecify.annotations.Nullable String text) {
    return text == null ? "" : text.replace("\\n", "\n");
  }

  private static String text(String path) {
    try (InputStream in = ContractCompatibilityTest.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException(path + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
