package app.perpetua.flow.imports.readers;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.CsvRecordHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** A CSV file with a line of column names, perhaps after other lines. */
final class CsvTable {
  private static final int MAX_COLUMNS = 200;

  /** In front of the names. */
  private static final int MAX_PREAMBLE = 50;

  /** Characters of a field; the reader's buffer must hold it. */
  private static final int MAX_FIELD = 4 * 1024 * 1024;

  /**
   * A line of the table, which may continue on further lines of the file.
   *
   * @param columns positions by name in lower case
   */
  record Line(int number, Map<String, Integer> columns, List<String> fields) {
    /** The text of a column, without white space at both ends; empty if there is none. */
    String get(String column) {
      return raw(column).strip();
    }

    String raw(String column) {
      Integer index = columns.get(column.toLowerCase(Locale.ROOT));
      return index == null || index >= fields.size() ? "" : Texts.storable(fields.get(index));
    }

    boolean isBlank() {
      return fields.stream().allMatch(String::isBlank);
    }
  }

  /** Takes a line. */
  interface LineConsumer {
    void accept(Line line) throws InvalidFileException;
  }

  private CsvTable() {}

  /**
   * Reads a table; quotes and line breaks as in RFC 4180.
   *
   * @param required columns by which the line of names is recognized
   * @throws InvalidFileException if it is no such table
   * @throws IOException as {@link SourceFile#text}
   */
  static void read(SourceFile file, Set<String> required, LineConsumer consumer)
      throws IOException, InvalidFileException {
    int lines = 0;
    int last = 0;
    Map<String, Integer> columns = Map.of();
    try (CsvReader<CsvRecord> reader =
        CsvReader.builder()
            .maxBufferSize(MAX_FIELD)
            .allowExtraFields(true)
            .allowMissingFields(true)
            .allowExtraCharsAfterClosingQuote(true)
            .build(
                CsvRecordHandler.builder()
                    .maxFields(MAX_COLUMNS)
                    .maxFieldSize(MAX_FIELD)
                    .maxRecordSize(2 * MAX_FIELD)
                    .build(),
                file.text())) {
      for (CsvRecord record : reader) {
        last = (int) record.getStartingLineNumber();
        if (columns.isEmpty()) {
          columns = names(record.getFields());
          if (!columns.keySet().containsAll(required)) {
            columns = Map.of();
            lines++;
          }
          if (lines > MAX_PREAMBLE) {
            break;
          }
          continue;
        }
        consumer.accept(new Line(last, columns, record.getFields()));
      }
    } catch (CsvParseException e) {
      throw new InvalidFileException(
          "The file is no CSV with at most "
              + MAX_COLUMNS
              + " columns and fields of a few million characters.",
          last + 1);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (columns.isEmpty()) {
      throw new InvalidFileException(
          "The file has no line with the columns " + String.join(", ", sorted(required)) + ".",
          null);
    }
  }

  private static List<String> sorted(Set<String> names) {
    return names.stream().map(name -> name.toUpperCase(Locale.ROOT)).sorted().toList();
  }

  private static Map<String, Integer> names(List<String> fields) {
    Map<String, Integer> columns = new HashMap<>();
    for (int index = 0; index < fields.size(); index++) {
      columns.putIfAbsent(fields.get(index).strip().toLowerCase(Locale.ROOT), index);
    }
    return columns;
  }
}
