package app.perpetua.flow.fake;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the fake OpenAI does with one request, or with several.
 *
 * @param stall before it says anything at all
 * @param times for how many requests
 */
public record OpenAiStep(Duration stall, Reply reply, Manner manner, int times) {
  /** A piece of what the model says. */
  public sealed interface Part {
    /** Words. */
    record Text(String text) implements Part {}

    /**
     * A call.
     *
     * @param arguments JSON, or what is meant to be
     */
    record Call(String tool, String arguments) implements Part {}

    /** The form that was asked for, or text if none was. */
    record Form(String json) implements Part {}

    /** The model does not want to, and says so. */
    record Refusal(String text) implements Part {}
  }

  /**
   * How a turn ends.
   *
   * @param kind the last event's
   * @param word the reason or the code
   */
  public record Ending(Kind kind, String word) {
    /** The last event. */
    public enum Kind {
      COMPLETED,
      INCOMPLETE,
      FAILED,
      ERROR,
      NESTED_ERROR,
      /** There is none. */
      NONE
    }

    static final Ending COMPLETED = new Ending(Kind.COMPLETED, "");
  }

  /** What comes back. */
  public sealed interface Reply {
    /** Whatever is sensible. */
    record Sense() implements Reply {}

    /** A turn. */
    record Turn(List<Part> parts, Ending ending) implements Reply {}

    /** An error as the API tells it. */
    record Problem(int status, String code, Map<String, String> headers) implements Reply {}

    /** Bytes with a status and a media type. */
    record Raw(int status, String type, byte[] body) implements Reply {}

    /** Text that goes on for so many words, whatever was asked for. */
    record Flood(int words) implements Reply {}

    /**
     * So many words, each the {@code System.nanoTime()} at which it was sent, at about the pace.
     */
    record Clock(int words) implements Reply {}

    /** Nothing: the connection is closed. */
    record HangUp() implements Reply {}
  }

  /**
   * How it comes.
   *
   * @param pace between two pieces
   * @param pause in the middle
   * @param cutAt after how many bytes of the body the connection ends; {@link #HALFWAY}, or {@link
   *     #NEVER}
   * @param resets whether it then ends as if the machine had crashed
   */
  public record Manner(Duration pace, Duration pause, int cutAt, boolean resets) {
    /** The body comes whole. */
    public static final int NEVER = -1;

    /** In the middle, within a word. */
    public static final int HALFWAY = -2;

    static final Manner PLAIN = new Manner(Duration.ZERO, Duration.ZERO, NEVER, false);
  }

  /** Once, at once and whole. */
  public static OpenAiStep of(Reply reply) {
    return new OpenAiStep(Duration.ZERO, reply, Manner.PLAIN, 1);
  }

  /** A turn that is completed. */
  public static OpenAiStep turn(Part... parts) {
    return of(new Reply.Turn(List.of(parts), Ending.COMPLETED));
  }

  /** It says that. */
  public static OpenAiStep say(String text) {
    return turn(new Part.Text(text));
  }

  /** It calls that tool. */
  public static OpenAiStep call(String tool, String arguments) {
    return turn(new Part.Call(tool, arguments));
  }

  /** It fills the form in like that. */
  public static OpenAiStep form(String json) {
    return turn(new Part.Form(json));
  }

  /** It says that, and then it ends like that. */
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

  /** A body of that type, instead of what should come. */
  public static OpenAiStep raw(String type, String body) {
    return of(new Reply.Raw(200, type, body.getBytes(StandardCharsets.UTF_8)));
  }

  /** It tells the time so often. */
  public static OpenAiStep clock(int words) {
    return of(new Reply.Clock(words));
  }

  /** It stops answering. */
  public static OpenAiStep hangUp() {
    return of(new Reply.HangUp());
  }

  /** The same for so many requests. */
  public OpenAiStep times(int count) {
    return new OpenAiStep(stall, reply, manner, count);
  }

  /** The same after a silence. */
  public OpenAiStep after(Duration silence) {
    return new OpenAiStep(silence, reply, manner, times);
  }

  /** The same with a silence in the middle. */
  public OpenAiStep pausing(Duration silence) {
    return in(new Manner(manner.pace, silence, manner.cutAt, manner.resets));
  }

  /** The same, word by word so slowly. */
  public OpenAiStep slowly(Duration pace) {
    return in(new Manner(pace, manner.pause, manner.cutAt, manner.resets));
  }

  /** The same, broken off in the middle of a word. */
  public OpenAiStep cut() {
    return cutAt(Manner.HALFWAY);
  }

  /** The same, broken off after so many bytes. */
  public OpenAiStep cutAt(int bytes) {
    return in(new Manner(manner.pace, manner.pause, bytes, manner.resets));
  }

  /** The same; where it breaks off, the connection is reset. */
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
