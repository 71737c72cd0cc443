package app.perpetua.flow.imports.readers;

import app.perpetua.flow.base.AddressGuard;
import app.perpetua.flow.base.Json;
import app.perpetua.flow.imports.readers.Entry.Content;
import app.perpetua.flow.imports.readers.Entry.Origin;
import app.perpetua.flow.imports.readers.Fields.InvalidFieldException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/**
 * This service's own document, as {@code GET /users/me/export} answers it. Restores lists, labels,
 * filters, tasks with their subtasks and reminders, templates and notes; what belongs to the
 * account, such as credits and payments, is left.
 */
public final class PerpetuaFlowReader implements EntryReader {
  private static final String FORMAT = "perpetua-flow/1";
  private static final Set<String> READ =
      Set.of("format", "templates", "lists", "labels", "tasks", "notes", "filters");

  /**
   * Each refers to the ones before it, but in the document, templates come before lists and labels,
   * and tasks before all.
   */
  private static final List<Set<String>> PASSES =
      List.of(
          Set.of("format", "lists", "labels"),
          Set.of("templates"),
          Set.of("tasks", "notes", "filters"));

  private static final Set<String> DATA = Set.of("templates", "tasks", "notes");

  /** Reminders are in their tasks as well. */
  private static final Set<String> SILENT = Set.of("exported_at", "reminders", "imports");

  private final Json json;
  private final AddressGuard guard;

  /**
   * @param guard decides which URLs of recordings are permitted
   */
  public PerpetuaFlowReader(Json json, AddressGuard guard) {
    this.json = json;
    this.guard = guard;
  }

  @Override
  public void read(SourceFile file, Predicate<Entry> sink)
      throws IOException, InvalidFileException {
    PerpetuaFlowEntities entities = new PerpetuaFlowEntities(guard, file.now());
    Passes passes = new Passes(entities, sink);
    for (Set<String> members : PASSES) {
      passes.wanted = members;
      JsonDocument.read(json, file, passes);
      if (passes.stopped) {
        return;
      }
    }
    if (!passes.hasData) {
      throw new InvalidFileException("The file has no array tasks, templates or notes.", null);
    }
    for (String member : passes.others) {
      if (!sink.test(
          new Entry(
              new Origin(null, member, member),
              new Entry.Unusable("other"),
              List.of("It belongs to the account, and is not imported.")))) {
        return;
      }
    }
  }

  /** Readings of the document. */
  private static final class Passes implements JsonDocument.Members {
    private final PerpetuaFlowEntities entities;
    private final Predicate<Entry> sink;
    private final Set<String> ids = new HashSet<>();
    private final Set<String> others = new LinkedHashSet<>();
    private Set<String> wanted = Set.of();
    private boolean hasData;
    private boolean stopped;
    private int entries;

    Passes(PerpetuaFlowEntities entities, Predicate<Entry> sink) {
      this.entities = entities;
      this.sink = sink;
    }

    @Override
    public boolean wants(String member) {
      hasData |= DATA.contains(member);
      if (!READ.contains(member) && !SILENT.contains(member)) {
        others.add(Texts.shortened(Texts.storable(member), 100));
      }
      return wanted.contains(member);
    }

    @Override
    public boolean accept(String member, JsonNode value, int line) throws InvalidFileException {
      if (member.equals("format")) {
        if (!value.isString() || !value.stringValue().equals(FORMAT)) {
          throw new InvalidFileException(
              "The format of the file is not " + FORMAT + ", which is the one that can be read.",
              line);
        }
        return true;
      }
      entries++;
      if (entries > MAX_ENTRIES) {
        throw EntryReader.tooMany();
      }
      stopped = !sink.test(entry(member, value, line));
      return !stopped;
    }

    private Entry entry(String member, JsonNode value, int line) {
      String type = member.substring(0, member.length() - 1);
      List<String> reasons = new ArrayList<>();
      Origin origin = new Origin(line, "?", "");
      try {
        if (!value.isObject()) {
          throw Fields.invalid(member, "must contain objects only");
        }
        Fields fields = new Fields(value);
        origin = new Origin(line, id(value), title(member, value));
        String id = fields.id("id");
        if (id == null || !ids.add(type + id)) {
          throw Fields.invalid("id", id == null ? "is missing" : "is that of another entry");
        }
        origin = new Origin(line, id, origin.title());
        Content content =
            switch (type) {
              case "task" -> entities.task(fields, reasons);
              case "list" -> entities.list(fields);
              case "label" -> entities.label(fields);
              case "filter" -> entities.filter(fields);
              case "template" -> entities.template(fields, reasons);
              default -> entities.note(fields, reasons);
            };
        return new Entry(origin, content, reasons);
      } catch (InvalidFieldException e) {
        return new Entry(origin, new Entry.Unusable(type), List.of(e.problem()));
      }
    }

    private static String id(JsonNode value) {
      String id = JsonDocument.text(value, "id");
      return Texts.id(id == null ? value.toString() : id);
    }

    private static String title(String member, JsonNode value) {
      String text =
          JsonDocument.text(
              value,
              switch (member) {
                case "notes" -> "content";
                case "lists", "labels", "filters" -> "name";
                default -> "title";
              });
      return text == null ? "" : text;
    }
  }
}
