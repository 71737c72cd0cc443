package app.perpetua.flow.http.connection;

import app.perpetua.flow.base.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A valid request head (RFC 9112), in the form in which Helidon reads it: the target in origin
 * form, and one way to write each header that determines what follows the head.
 *
 * @param bytes request line and headers, with the empty line
 * @param bodyBytes length of the body, 0 for none, or {@link #CHUNKED}
 */
record RequestHead(byte[] bytes, long bodyBytes) {
  static final long CHUNKED = -1;

  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");

  /** Characters of a usual head with a token. */
  private static final int HEAD_LENGTH = 1_200;

  private static final String HOST = "host";
  private static final String CONTENT_LENGTH = "content-length";
  private static final String TRANSFER_ENCODING = "transfer-encoding";
  private static final String CONNECTION = "connection";
  private static final String UPGRADE = "upgrade";
  private static final String WEBSOCKET = "websocket";

  /** Not passed on: Helidon would answer with trailers, which the contract does not have. */
  private static final String TE = "te";

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
          "last-event-id",
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
    long bodyBytes = bodyBytes(fields, RequestBody.maxBytes(line.method(), target.value()));
    requireUpgradeOption(fields);

    StringBuilder head = new StringBuilder(HEAD_LENGTH);
    head.append(line.method()).append(' ').append(target.value()).append(" HTTP/1.1\r\n");
    append(head, "Host", Objects.requireNonNullElse(target.authority(), host));
    for (HeaderField field : fields) {
      switch (field.lowerCase()) {
        case HOST, UPGRADE, TE -> {}
        case TRANSFER_ENCODING -> append(head, field.name(), "chunked");
        default -> append(head, field.name(), field.value());
      }
    }
    if (has(fields, UPGRADE) && elements(fields, UPGRADE).anyMatch(WEBSOCKET::equalsIgnoreCase)) {
      append(head, "Upgrade", WEBSOCKET);
    }
    return new RequestHead(
        head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1), bodyBytes);
  }

  private static void append(StringBuilder head, String name, String value) {
    head.append(name).append(": ").append(value).append("\r\n");
  }

  private static void requireNoRepetition(List<HeaderField> fields) throws InvalidRequestException {
    for (int i = 1; i < fields.size(); i++) {
      String name = fields.get(i).lowerCase();
      if (AT_MOST_ONCE.contains(name) && has(fields.subList(0, i), name)) {
        throw new InvalidRequestException("the header " + name + " is repeated");
      }
    }
  }

  private static String host(List<HeaderField> fields) throws InvalidRequestException {
    String host = Objects.requireNonNullElse(value(fields, HOST), "");
    if (!RequestTarget.isHost(host)) {
      throw new InvalidRequestException("the header host is missing or not valid");
    }
    return host;
  }

  /** RFC 9112, section 6. */
  private static long bodyBytes(List<HeaderField> fields, long max) throws InvalidRequestException {
    String length = value(fields, CONTENT_LENGTH);
    if (!has(fields, TRANSFER_ENCODING)) {
      if (length == null) {
        return 0;
      }
      if (!LENGTH.matcher(length).matches()) {
        throw new InvalidRequestException("the header content-length is not a length in bytes");
      }
      long bytes = Long.parseLong(length);
      // Twice the limit, so that the token is checked before a body that is somewhat too large is
      // refused.
      if (bytes > 2 * max) {
        throw new InvalidRequestException(
            413, ErrorCode.PAYLOAD_TOO_LARGE, RequestBody.tooLargeMessage(max));
      }
      return bytes;
    }
    if (length != null) {
      throw new InvalidRequestException(
          "the headers content-length and transfer-encoding must not be combined");
    }
    List<String> codings = elements(fields, TRANSFER_ENCODING).toList();
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
    if (has(fields, UPGRADE) && elements(fields, CONNECTION).noneMatch(UPGRADE::equalsIgnoreCase)) {
      throw new InvalidRequestException("the header upgrade requires connection: upgrade");
    }
  }

  private static boolean has(List<HeaderField> fields, String name) {
    return value(fields, name) != null;
  }

  /** The first value; null if there is none. */
  private static @Nullable String value(List<HeaderField> fields, String name) {
    for (HeaderField field : fields) {
      if (field.is(name)) {
        return field.value();
      }
    }
    return null;
  }

  private static Stream<String> elements(List<HeaderField> fields, String name) {
    return fields.stream()
        .filter(field -> field.is(name))
        .map(HeaderField::value)
        .flatMap(RequestHead::list);
  }

  /** The elements of a list (RFC 9110, 5.6.1). */
  private static Stream<String> list(String value) {
    return Arrays.stream(value.split(",", -1)).map(String::trim).filter(each -> !each.isEmpty());
  }
}
