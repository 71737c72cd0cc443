package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A valid request head (RFC 9112), in the form in which Helidon reads it: the target in origin
 * form, and one way to write each header that determines what follows the head.
 *
 * @param bytes request line and headers, with the empty line
 * @param bodyBytes length of the body, 0 for none, or {@link #CHUNKED}
 */
record RequestHead(byte[] bytes, long bodyBytes) {
  static final long CHUNKED = -1;

  /**
   * Twice the limit, so that the token is checked before a body that is somewhat too large is
   * refused.
   */
  private static final long MAX_BODY_BYTES = 2L * RequestBody.MAX_BYTES;

  private static final String HOST = "host";
  private static final String CONTENT_LENGTH = "content-length";
  private static final String TRANSFER_ENCODING = "transfer-encoding";
  private static final String CONNECTION = "connection";
  private static final String UPGRADE = "upgrade";
  private static final String WEBSOCKET = "websocket";

  /** The service, or a proxy in front of it, might use different ones of repeated headers. */
  private static final Set<String> AT_MOST_ONCE =
      Set.of(
          HOST,
          CONTENT_LENGTH,
          TRANSFER_ENCODING,
          "authorization",
          "content-type",
          "idempotency-key",
          "origin",
          "access-control-request-method",
          "sec-websocket-key",
          "sec-websocket-version",
          "cko-signature",
          "x-task-id");

  /** Parses a head from its lines. */
  static RequestHead parse(RequestLine line, List<String> lines) throws InvalidRequestException {
    line.requireRoutable();
    List<HeaderField> fields = new ArrayList<>(lines.size());
    for (String each : lines) {
      fields.add(HeaderField.parse(each));
    }
    requireNoRepetition(fields);
    RequestTarget target = RequestTarget.parse(line.method(), line.target());
    String host = host(fields);
    long bodyBytes = bodyBytes(fields);
    requireUpgradeOption(fields);

    StringBuilder head = new StringBuilder();
    head.append(line.method()).append(' ').append(target.value()).append(" HTTP/1.1\r\n");
    append(head, "Host", Objects.requireNonNullElse(target.authority(), host));
    for (HeaderField field : fields) {
      switch (field.name().toLowerCase(Locale.ROOT)) {
        case HOST, UPGRADE -> {}
        case TRANSFER_ENCODING -> append(head, field.name(), "chunked");
        default -> append(head, field.name(), field.value());
      }
    }
    if (elements(fields, UPGRADE).anyMatch(WEBSOCKET::equalsIgnoreCase)) {
      append(head, "Upgrade", WEBSOCKET);
    }
    return new RequestHead(
        head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1), bodyBytes);
  }

  private static void append(StringBuilder head, String name, String value) {
    head.append(name).append(": ").append(value).append("\r\n");
  }

  private static void requireNoRepetition(List<HeaderField> fields) throws InvalidRequestException {
    Set<String> found = new HashSet<>();
    for (HeaderField field : fields) {
      String name = field.name().toLowerCase(Locale.ROOT);
      if (AT_MOST_ONCE.contains(name) && !found.add(name)) {
        throw new InvalidRequestException("the header " + name + " is repeated");
      }
    }
  }

  private static String host(List<HeaderField> fields) throws InvalidRequestException {
    String host = values(fields, HOST).findFirst().orElse("");
    if (!RequestTarget.isHost(host)) {
      throw new InvalidRequestException("the header host is missing or not valid");
    }
    return host;
  }

  /** RFC 9112, section 6. */
  private static long bodyBytes(List<HeaderField> fields) throws InvalidRequestException {
    String length = values(fields, CONTENT_LENGTH).findFirst().orElse(null);
    List<String> codings = values(fields, TRANSFER_ENCODING).flatMap(RequestHead::list).toList();
    if (values(fields, TRANSFER_ENCODING).findFirst().isEmpty()) {
      if (length == null) {
        return 0;
      }
      if (!length.matches("[0-9]{1,18}")) {
        throw new InvalidRequestException("the header content-length is not a length in bytes");
      }
      long bytes = Long.parseLong(length);
      if (bytes > MAX_BODY_BYTES) {
        throw new InvalidRequestException(413, ErrorCode.PAYLOAD_TOO_LARGE, RequestBody.TOO_LARGE);
      }
      return bytes;
    }
    if (length != null) {
      throw new InvalidRequestException(
          "the headers content-length and transfer-encoding must not be combined");
    }
    if (codings.isEmpty()
        || !codings.getLast().equalsIgnoreCase("chunked")
        || codings.stream().filter("chunked"::equalsIgnoreCase).count() > 1) {
      throw new InvalidRequestException("the header transfer-encoding must be chunked");
    }
    if (codings.size() > 1) {
      throw new InvalidRequestException(
          501, ErrorCode.VALIDATION_ERROR, "of the transfer codings, only chunked is supported");
    }
    return CHUNKED;
  }

  /** RFC 9110, 7.8; RFC 6455, 4.2.1. */
  private static void requireUpgradeOption(List<HeaderField> fields)
      throws InvalidRequestException {
    if (values(fields, UPGRADE).findFirst().isPresent()
        && elements(fields, CONNECTION).noneMatch(UPGRADE::equalsIgnoreCase)) {
      throw new InvalidRequestException("the header upgrade requires connection: upgrade");
    }
  }

  private static Stream<String> values(List<HeaderField> fields, String name) {
    return fields.stream().filter(field -> field.is(name)).map(HeaderField::value);
  }

  private static Stream<String> elements(List<HeaderField> fields, String name) {
    return values(fields, name).flatMap(RequestHead::list);
  }

  /** The elements of a list (RFC 9110, 5.6.1). */
  private static Stream<String> list(String value) {
    return Arrays.stream(value.split(",", -1)).map(String::trim).filter(each -> !each.isEmpty());
  }
}
