package app.perpetua.flow.fake;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A scripted reaction of the fake OpenAI to one or more requests.
 *
 * @param stall delay before the response
 * @param times number of requests
 */
public record OpenAiStep(Duration stall, Reply reply, Manner manner, int times) {
  /** A part of the model's output. */
  public sealed interface Part {
    /** Text. */
    record Text(String text) implements Part {}

    /**
     * A function call.
     *
     * @param arguments JSON, valid or not
     */
    record Call(String tool, String arguments) implements Part {}

    /** Structured output if the request has a schema, otherwise text. */
    record Form(String json) implements Part {}

    /** A refusal of the model. */
    record Refusal(String text) implements Part {}
  }

  /**
   * How a turn ends.
   *
   * @param kind type of the last event
   * @param word reason or code
   */
  public record Ending(Kind kind, String word) {
    /** The last event. */
    public enum Kind {
      COMPLETED,
      INCOMPLETE,
      FAILED,
      ERROR,
      NESTED_ERROR,
      /** No last event. */
      NONE
    }

    static final Ending COMPLETED = new Ending(Kind.COMPLETED, "");
  }

  /** The response. */
  public sealed interface Reply {
    /** The default behaviour. */
    record Sense() implements Reply {}

    /** A turn. */
    record Turn(List<Part> parts, Ending ending) implements Reply {}

    /** An error in the API's form. */
    record Problem(int status, String code, Map<String, String> headers) implements Reply {}

    /** Any body with a status and a media type. */
    record Raw(int status, String type, byte[] body) implements Reply {}

    /** An event stream, sent in these pieces. */
    record Events(List<String> pieces) implements Reply {}

    /** Text of this many words, whatever the request is. */
    record Flood(int words) implements Reply {}

    /**
     * This many words at about the pace, each the {@code System.nanoTime()} at which it was sent.
     */
    record Clock(int words) implements Reply {}

    /** No response: the connection is closed. */
    record HangUp() implements Reply {}
  }

  /**
   * How the response is sent.
   *
   * @param pace between two pieces
   * @param pause in the middle
   * @param cutAt number of bytes of the body after which the connection ends; {@link #HALFWAY}, or
   *     {@link #NEVER}
   * @param resets whether it then ends with RST
   */
  public record Manner(Duration pace, Duration pause, int cutAt, boolean resets) {
    /** The body is sent completely. */
    public static final int NEVER = -1;

    /** In the middle, within a word. */
    public static final int HALFWAY = -2;

    static final Manner PLAIN = new Manner(Duration.ZERO, Duration.ZERO, NEVER, false);
  }

  /** Once, without delay and completely. */
  public static OpenAiStep of(Reply reply) {
    return new OpenAiStep(Duration.ZERO, reply, Manner.PLAIN, 1);
  }

  /** A completed turn. */
  public static OpenAiStep turn(Part... parts) {
    return of(new Reply.Turn(List.of(parts), Ending.COMPLETED));
  }

  /** A turn with this text. */
  public static OpenAiStep say(String text) {
    return turn(new Part.Text(text));
  }

  /** A turn that calls this tool. */
  public static OpenAiStep call(String tool, String arguments) {
    return turn(new Part.Call(tool, arguments));
  }

  /** A turn with this structured output. */
  public static OpenAiStep form(String json) {
    return turn(new Part.Form(json));
  }

  /** A turn with this text and this ending. */
  public static OpenAiStep ending(String text, Ending.Kind kind, String word) {
    List<Part> parts = text.isEmpty() ? List.of() : List.of(new Part.Text(text));
    return of(new Reply.Turn(parts, new Ending(kind, word)));
  }

  /** An error; the headers in pairs of name and value. */
  public static OpenAiStep error(int status, String code, String... headers) {
    Map<String, String> all = new LinkedHashMap<>();
    for (int i = 0; i < headers.length; i += 2) {
      all.put(headers[i], headers[i + 1]);
    }
    return of(new Reply.Problem(status, code, Collections.unmodifiableMap(all)));
  }

  /** A body of that type instead of an event stream. */
  public static OpenAiStep raw(String type, String body) {
    return of(new Reply.Raw(200, type, body.getBytes(StandardCharsets.UTF_8)));
  }

  /** An event stream in these pieces, complete events or not. */
  public static OpenAiStep events(String... pieces) {
    return of(new Reply.Events(List.of(pieces)));
  }

  /** Sends the time this many times. */
  public static OpenAiStep clock(int words) {
    return of(new Reply.Clock(words));
  }

  /** Closes every connection. */
  public static OpenAiStep hangUp() {
    return of(new Reply.HangUp());
  }

  /** The same for a number of requests. */
  public OpenAiStep times(int count) {
    return new OpenAiStep(stall, reply, manner, count);
  }

  /** The same after a delay. */
  public OpenAiStep after(Duration silence) {
    return new OpenAiStep(silence, reply, manner, times);
  }

  /** The same with a pause in the middle. */
  public OpenAiStep pausing(Duration silence) {
    return in(new Manner(manner.pace, silence, manner.cutAt, manner.resets));
  }

  /** The same with a pause between words. */
  public OpenAiStep slowly(Duration pace) {
    return in(new Manner(pace, manner.pause, manner.cutAt, manner.resets));
  }

  /** The same, ended in the middle of a word. */
  public OpenAiStep cut() {
    return cutAt(Manner.HALFWAY);
  }

  /** The same, ended after this many bytes. */
  public OpenAiStep cutAt(int bytes) {
    return in(new Manner(manner.pace, manner.pause, bytes, manner.resets));
  }

  /** The same; it ends with a reset of the connection. */
  public OpenAiStep resetting() {
    return in(new Manner(manner.pace, manner.pause, manner.cutAt, true));
  }

  private OpenAiStep in(Manner other) {
    return new OpenAiStep(stall, reply, other, times);
  }

  /** One for each request. */
  Stream<OpenAiStep> each() {
    return Collections.nCopies(times, times(1)).stream();
  }
}
