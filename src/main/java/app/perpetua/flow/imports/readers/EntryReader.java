package app.perpetua.flow.imports.readers;

import java.io.IOException;
import java.util.function.Predicate;

/** Reads the files of one source. Implementations are thread-safe and read no time or state. */
public interface EntryReader {
  /** Entries of one file. */
  int MAX_ENTRIES = 100_000;

  /**
   * Passes the entries on, in an order in which each can be stored after those before it.
   *
   * @param sink whether it wants more
   * @throws InvalidFileException if the file as a whole cannot be read
   * @throws IOException if its text is not UTF-8, it is not compressed as it says, or it is too
   *     large
   */
  void read(SourceFile file, Predicate<Entry> sink) throws IOException, InvalidFileException;

  /** The error for a file with more than {@link #MAX_ENTRIES}. */
  static InvalidFileException tooMany() {
    return new InvalidFileException(
        "The file has more than " + MAX_ENTRIES + " entries. Import it in several parts.", null);
  }
}
