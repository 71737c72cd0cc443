package app.perpetua.flow.imports;

import app.perpetua.flow.events.Event;
import app.perpetua.flow.events.Events;
import app.perpetua.flow.imports.readers.Entry;
import app.perpetua.flow.imports.readers.EntryReader;
import app.perpetua.flow.imports.readers.InvalidFileException;
import app.perpetua.flow.imports.readers.SourceFile;
import app.perpetua.flow.jobs.Job;
import app.perpetua.flow.jobs.TransactionalHandler.Next;
import app.perpetua.flow.jobs.TwoPhaseHandler;
import app.perpetua.flow.recurrence.InstanceJobs;
import app.perpetua.flow.sql.Actor;
import app.perpetua.flow.sql.Db;
import app.perpetua.flow.sql.Tx;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Imports a file, a batch of entries in each run. A run reads the file again, outside of any
 * transaction, and continues after the entries that are processed, whose number commits with them:
 * so a worker that dies repeats and loses nothing. The first run reads the whole file before
 * anything is added. Thread-safe.
 */
final class ImportJob implements TwoPhaseHandler<ImportJob.Input, ImportJob.Outcome> {
  /** The kind of this job; its key is the id of the import. */
  static final String KIND = "import";

  private static final System.Logger LOG = System.getLogger(ImportJob.class.getName());

  /** Entries of a transaction, which holds the owner's lock and takes less than a second. */
  private static final int BATCH = 500;

  /** Characters of a transaction: the search index takes as long as the texts are. */
  private static final int BATCH_CHARACTERS = 500_000;

  private static final Duration WHILE_BUSY = Duration.ofSeconds(2);

  /** What is to be read. */
  record Input(UUID userId, Import target) {}

  /** The result of reading a file. */
  sealed interface Outcome {
    /** This process reads another file. */
    record Busy() implements Outcome {}

    /** The file cannot be read. */
    record Unreadable(String problem, @Nullable Integer line) implements Outcome {}

    /**
     * The next entries.
     *
     * @param total number of entries of the file, if this was the first run
     * @param more whether entries follow
     */
    record Batch(List<Entry> entries, int total, boolean more) implements Outcome {}
  }

  private final Db db;
  private final Map<Source, EntryReader> readers;
  private final ImportWriter writer;
  private final InstanceJobs instances;
  private final Events events;

  /** A file and its entries may take a third of the heap, so one is read at a time. */
  private final Semaphore one = new Semaphore(1);

  ImportJob(
      Db db,
      Map<Source, EntryReader> readers,
      ImportWriter writer,
      InstanceJobs instances,
      Events events) {
    this.db = db;
    this.readers = Map.copyOf(readers);
    this.writer = writer;
    this.instances = instances;
    this.events = events;
  }

  @Override
  public Prepared<Input> prepare(Tx tx, Job job) {
    return unfinished(tx, job)
        .<Prepared<Input>>map(target -> new Prepared.Call<>(new Input(tx.userId(), target)))
        .orElseGet(Prepared::done);
  }

  private static Optional<Import> unfinished(Tx tx, Job job) {
    return tx.sql("imports.find_import")
        .bind("id", UUID.fromString(job.key()))
        .one(Import::of)
        .filter(found -> !found.isFinished());
  }

  @Override
  public Outcome call(Input input) throws InterruptedException {
    if (!one.tryAcquire(WHILE_BUSY.toMillis(), TimeUnit.MILLISECONDS)) {
      return new Outcome.Busy();
    }
    try {
      return read(input);
    } finally {
      one.release();
    }
  }

  private Outcome read(Input input) {
    Import target = input.target();
    SourceFile file = file(input);
    Entries entries = new Entries(target);
    try {
      Objects.requireNonNull(readers.get(target.source())).read(file, entries::add);
      return new Outcome.Batch(entries.batch, entries.count, entries.more);
    } catch (InvalidFileException e) {
      return new Outcome.Unreadable(e.problem(), e.line());
    } catch (CharacterCodingException e) {
      return new Outcome.Unreadable("The file is not in UTF-8.", null);
    } catch (ZipException e) {
      return new Outcome.Unreadable("The file is not compressed with gzip.", null);
    } catch (SourceFile.TooLargeException e) {
      return new Outcome.Unreadable(
          "The file has more than "
              + target.source().maxBytes() / (1024 * 1024)
              + " MiB. Import it in several parts.",
          null);
    } catch (IOException e) {
      return new Outcome.Unreadable("The file ends too early.", null);
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "cannot read a file to import", e);
      return new Outcome.Unreadable("The file cannot be read.", null);
    }
  }

  private SourceFile file(Input input) {
    Import target = input.target();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(target.file().bytes());
    db.read(
            Actor.user(input.userId(), null),
            tx ->
                tx.sql("imports.list_parts")
                    .bind("import_id", target.id())
                    .list(row -> Objects.requireNonNull(row.bytesOrNull("content"))))
        .forEach(bytes::writeBytes);
    return new SourceFile(
        bytes.toByteArray(),
        target.file().compressed(),
        target.source().maxBytes(),
        target.file().list(),
        ZoneId.of(target.file().timezone()),
        target.createdAt());
  }

  @Override
  public Next settle(Tx tx, Job job, Input input, Outcome result) {
    // Account and import may have been deleted meanwhile.
    Optional<Import> present = unfinished(tx, job);
    if (present.isEmpty()) {
      return new Next.Done();
    }
    Import target = present.get();
    if (!target.equals(input.target())) {
      return new Next.Snooze(tx.now());
    }
    return switch (result) {
      case Outcome.Busy _ -> new Next.Snooze(tx.now().plus(WHILE_BUSY));
      case Outcome.Unreadable(String problem, Integer line) -> {
        tx.sql("imports.fail_import")
            .bind("id", target.id())
            .bind("error", problem)
            .bind("error_line", line)
            .run();
        yield new Next.Done();
      }
      case Outcome.Batch batch -> store(tx, target, batch);
    };
  }

  private Next store(Tx tx, Import target, Outcome.Batch batch) {
    // The whole import is no change that can be undone, and its last batch alone must not be one.
    tx.sql("imports.forget_change").one(row -> row.text("change"));
    if (target.progress().total() == null) {
      tx.sql("imports.begin_import").bind("id", target.id()).bind("total", batch.total()).run();
    }
    if (!batch.entries().isEmpty()) {
      writer.write(tx, target, target.progress().processed(), batch.entries());
    }
    if (batch.more()) {
      return new Next.Snooze(tx.now());
    }
    finish(tx, target);
    return new Next.Done();
  }

  /** The entries of this run. */
  private static final class Entries {
    private final int from;
    private final boolean counting;
    private final List<Entry> batch = new ArrayList<>();
    private int count;
    private long characters;
    private boolean more;

    Entries(Import target) {
      this.from = target.progress().processed();
      this.counting = target.progress().total() == null;
    }

    boolean add(Entry entry) {
      count++;
      if (count <= from) {
        return true;
      }
      if (!more && batch.size() < BATCH && characters < BATCH_CHARACTERS) {
        batch.add(entry);
        characters += characters(entry);
        return true;
      }
      more = true;
      return counting;
    }

    private static long characters(Entry entry) {
      return switch (entry.content()) {
        case Entry.Task task -> length(task.row(), "description") + 200L * task.subtasks().size();
        case Entry.Note(Map<String, @Nullable Object> row) -> length(row, "content");
        case Entry.Template template -> length(template.row(), "description");
        case Entry.SavedFilter filter -> filter.query().text().length();
        case Entry.TaskList _, Entry.Label _, Entry.Unusable _ -> 0;
      };
    }

    private static long length(Map<String, @Nullable Object> row, String column) {
      return row.get(column) instanceof String text ? text.length() : 0;
    }
  }

  private void finish(Tx tx, Import target) {
    tx.sql("imports.finish_import").bind("id", target.id()).run();
    if (target.dryRun()) {
      return;
    }
    tx.sql("imports.list_active_templates")
        .bind("import_id", target.id())
        .list(row -> row.uuid("id"))
        .forEach(template -> instances.reschedule(tx, template, tx.now()));
    Import.Added added =
        tx.sql("imports.find_import").bind("id", target.id()).one(Import::of).orElseThrow().added();
    events.emit(
        tx,
        new Event.DataImported(
            tx.userId(),
            target.id(),
            target.source().wireName(),
            added.tasks(),
            added.templates(),
            added.notes()));
  }
}
