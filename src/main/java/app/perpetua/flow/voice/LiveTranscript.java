package app.perpetua.flow.voice;

import app.perpetua.flow.voice.Transcriber.Transcript;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The results of a live session in the order of their audio, so that its transcript can stop where
 * the paid minutes end. An interim result counts until a later result replaces it. Thread-safe.
 */
final class LiveTranscript {
  /**
   * @param paidInterim the last interim result within the paid minutes that this one replaced
   */
  private record Piece(Transcript result, @Nullable Transcript paidInterim) {
    String until(int seconds) {
      if (result.endsBy(seconds)) {
        return result.text();
      }
      String words =
          result.words().stream()
              .filter(word -> word.endSeconds() <= seconds)
              .map(Transcriber.Word::text)
              .collect(Collectors.joining(" "));
      return words.isEmpty() && paidInterim != null ? paidInterim.text() : words;
    }
  }

  private final List<Piece> finals = new ArrayList<>();
  private @Nullable Piece interim;

  /**
   * Adds a result.
   *
   * @param paidSeconds length of the audio that is paid for now
   */
  synchronized void add(Transcript result, int paidSeconds) {
    Piece replaced = interim;
    if (result.text().isBlank()) {
      // Without words, a result says nothing about audio before its own.
      if (replaced != null
          && result.isFinal()
          && result.startSeconds() < replaced.result().endSeconds()) {
        interim = null;
      }
      return;
    }
    Transcript paidInterim = replaced == null ? null : paid(replaced, paidSeconds);
    Piece piece = new Piece(result, paidInterim);
    if (result.isFinal()) {
      finals.add(piece);
      interim = null;
    } else {
      interim = piece;
    }
  }

  private static @Nullable Transcript paid(Piece piece, int paidSeconds) {
    return piece.result().endsBy(paidSeconds) ? piece.result() : piece.paidInterim();
  }

  /** The text of the audio up to that length. */
  synchronized String text(int seconds) {
    if (seconds == 0) {
      return "";
    }
    StringJoiner text = new StringJoiner(" ");
    for (Piece piece : finals) {
      append(text, piece.until(seconds));
      if (!piece.result().endsBy(seconds)) {
        return text.toString();
      }
    }
    if (interim != null) {
      append(text, interim.until(seconds));
    }
    return text.toString();
  }

  private static void append(StringJoiner text, String part) {
    if (!part.isEmpty()) {
      text.add(part);
    }
  }
}
