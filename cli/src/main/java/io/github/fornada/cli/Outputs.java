package io.github.fornada.cli;

import io.github.fornada.cli.StandardStreams.Standard;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The files that a command writes: results, report, trace and record. None of them may be a file
 * that the command reads, by any path, and no two may be one file. All of that is checked before
 * any of them is opened.
 */
final class Outputs implements AutoCloseable {
  /**
   * No name of a file is longer, in characters: Linux has 4096 bytes, and a {@code file:} URI takes
   * three for each.
   */
  private static final int LONGEST_NAME = 3 * 4096;

  private final @Nullable OutputFile results;
  private final @Nullable OutputFile report;
  private final @Nullable OutputFile trace;
  private final @Nullable OutputFile record;

  /** The outputs by their identities: an option and its path, or stdout. */
  private final Map<FileIdentity, String> written = new HashMap<>();

  /**
   * What stderr goes to; null for a terminal and the like. It is no output of the table above: it
   * may be the same file as stdout, and as what is written to a descriptor.
   */
  private final @Nullable FileIdentity messages =
      FileIdentity.of(StandardStreams.get().device(Standard.ERR));

  /** A file for each item; null if all results go to one file, or to stdout. */
  private final @Nullable ItemFiles items;

  /** What the command reads, by identity; kept only if there are files for items. */
  private final Map<FileIdentity, String> read = new ConcurrentHashMap<>();

  private final List<String> classPath = new ArrayList<>();

  /**
   * The files that later stages were given, by identity; kept only if there are files for items.
   */
  private final Map<FileIdentity, String> laterRead = new ConcurrentHashMap<>();

  /** The first item of a later stage that is an output. Such items are known only as they come. */
  private final AtomicReference<@Nullable Fault> conflict = new AtomicReference<>();

  private Outputs(
      @Nullable OutputFile results,
      @Nullable NamePattern pattern,
      @Nullable OutputFile report,
      @Nullable OutputFile trace,
      @Nullable OutputFile record) {
    this.record = record;
    this.results = results;
    this.items = pattern == null ? null : new ItemFiles(pattern, this);
    this.report = report;
    this.trace = trace;
  }

  /**
   * Returns the outputs of a command line.
   *
   * @throws Fault if one cannot be a file, or two are the same file
   */
  static Outputs of(@Nullable Path results, @Nullable Path report, @Nullable Path trace) {
    return of(results, report, trace, null);
  }

  /** Returns the outputs of a command line with a file for what was observed. */
  static Outputs of(
      @Nullable Path results, @Nullable Path report, @Nullable Path trace, @Nullable Path record) {
    NamePattern.mustNotBeMeant("--report", report);
    NamePattern.mustNotBeMeant("--trace", trace);
    NamePattern.mustNotBeMeant("--record", record);
    NamePattern pattern =
        results != null && NamePattern.isMeant(results.toString())
            ? new NamePattern(results.toString())
            : null;
    var outputs =
        new Outputs(
            results == null || pattern != null ? null : OutputFile.named("-o", results),
            pattern,
            report == null ? null : OutputFile.named("--report", report),
            trace == null ? null : OutputFile.named("--trace", trace),
            record == null ? null : OutputFile.named("--record", record));
    for (OutputFile each : outputs.files()) {
      outputs.add(each.identity(), each.descriptor(), each.words());
    }
    for (OutputFile each : outputs.files()) {
      if (!each.isDirect()
          && outputs.messages != null
          && outputs.messages.equals(each.identity())) {
        throw Fault.usage(
            each.words()
                + " is the same file as stderr, and would replace the messages: give each output a"
                + " file of its own");
      }
    }
    for (String entry : System.getProperty("java.class.path", "").split(File.pathSeparator)) {
      if (!entry.isEmpty() && Files.isRegularFile(Path.of(entry))) {
        outputs.mustNotBe(Path.of(entry), "the command's own " + entry);
      }
    }
    if (outputs.results == null) {
      Descriptor stdout = Descriptor.stdout();
      outputs.add(FileIdentity.of(stdout.file()), stdout, "stdout");
    }
    return outputs;
  }

  /**
   * Adds an output.
   *
   * @param descriptor not null if it is written to a descriptor: a terminal, for instance, has no
   *     identity, but two outputs would be mixed there
   */
  private void add(@Nullable FileIdentity file, @Nullable Descriptor descriptor, String words) {
    if (file != null) {
      add(file, words);
    } else if (descriptor != null && descriptor.own()) {
      add(new FileIdentity("descriptor " + descriptor.number()), words);
    }
  }

  private void add(FileIdentity file, String words) {
    String other = written.putIfAbsent(file, words);
    if (other != null) {
      throw Fault.usage(
          words + " is the same file as " + other + ": give each output a file of its own");
    }
  }

  private List<OutputFile> files() {
    var files = new ArrayList<OutputFile>();
    for (OutputFile each : new OutputFile[] {results, report, trace, record}) {
      if (each != null) {
        files.add(each);
      }
    }
    return files;
  }

  /** Returns the file for results; null for stdout. */
  @Nullable OutputFile results() {
    return results;
  }

  /** Returns the files of the items; null if all results go to one file, or to stdout. */
  @Nullable ItemFiles items() {
    return items;
  }

  /** Returns what else a file is that an item would have; null if it is free. */
  @Nullable String otherUse(OutputFile file) {
    for (FileIdentity each : file.identities()) {
      String use = written.getOrDefault(each, read.get(each));
      if (use != null) {
        return use.startsWith("-") ? "the file of " + use : use;
      }
      if (each.equals(messages)) {
        return "stderr";
      }
    }
    Path existing = file.existing();
    for (String entry : existing == null ? List.<String>of() : classPath) {
      Path folder = Path.of(entry);
      if (Files.isDirectory(folder) && existing != null && isBelow(existing, folder)) {
        return "in the class path folder " + entry + ", where the task may read it";
      }
    }
    return null;
  }

  /** Puts the results in their place, unless they could not be written or are not complete. */
  void commitResults(ResultWriter writer) {
    if (results == null
        || writer.failure() != null
        || Interruption.requestedWherePoolsEnd()
        || conflict() != null) {
      return;
    }
    try {
      results.commit();
    } catch (IOException e) {
      writer.commitFailed(e);
    }
  }

  /** Returns words for a run that was stopped; empty if there is no file or it has the results. */
  String leftAsItWas() {
    return results == null || results.isDirect() || results.isCommitted()
        ? ""
        : "; " + results.given() + " was left as it was";
  }

  /** Returns the file for the page; null for none. */
  @Nullable OutputFile report() {
    return report;
  }

  /** Returns the file for the trace; null for none. */
  @Nullable OutputFile trace() {
    return trace;
  }

  /** Returns the file for what was observed; null for none. */
  @Nullable OutputFile record() {
    return record;
  }

  /**
   * Checks a file that the command reads.
   *
   * @param words its name in messages, such as {@code "the input --lines n.txt"}
   * @throws Fault if an output would overwrite it
   */
  void mustNotBe(Path file, String words) {
    if (!writesNothing()) {
      refuse(FileIdentity.of(file), words);
    }
  }

  /** Returns whether all that is written goes to a terminal or the like. */
  private boolean writesNothing() {
    return written.isEmpty() && messages == null && items == null;
  }

  private void refuse(@Nullable FileIdentity input, String words) {
    String output = input == null ? null : written.get(input);
    if (output == null && input != null && input.equals(messages)) {
      throw Fault.usage(
          "stderr goes to the file that is also "
              + words
              + ", so this message is in it now. Send the messages to another file");
    }
    if (output == null) {
      if (items != null && input != null) {
        read.putIfAbsent(input, words);
      }
      return;
    }
    throw Fault.usage(
        output.equals("stdout")
            ? "stdout goes to the file that is also "
                + words
                + "; the shell may have emptied it already. Send the results to another file"
            : output
                + " is the same file as "
                + words
                + ", which it would overwrite. It was left as it was. Write to another file");
  }

  /** Checks stdin, from which lines are read. */
  void mustNotBeStdin() {
    mustNotBe(StandardStreams.get().device(Standard.IN), "stdin (--lines -)");
  }

  /** Checks the class path: its jars, and existing files in its folders. */
  void mustNotBeIn(List<String> entries) {
    classPath.addAll(entries); // of each stage
    for (String entry : entries) {
      Path path = Path.of(entry);
      if (!Files.isDirectory(path)) {
        mustNotBe(path, "the class path entry " + entry);
        continue;
      }
      for (OutputFile output : files()) {
        Path existing = output.existing();
        if (existing != null && isBelow(existing, path)) {
          throw Fault.usage(
              output.words()
                  + " is in the class path folder "
                  + entry
                  + ", where the task may read it. It was left as it was. Write to another"
                  + " file, or delete this one first");
        }
      }
    }
  }

  private static boolean isBelow(Path file, Path folder) {
    try {
      if (file.toRealPath().startsWith(folder.toRealPath())) {
        return true;
      }
      return FileIdentity.names(file) > 1 && holdsLinkTo(FileIdentity.of(file), folder);
    } catch (IOException e) {
      return false; // deleted meanwhile: then nothing is overwritten
    }
  }

  private static boolean holdsLinkTo(@Nullable FileIdentity wanted, Path folder)
      throws IOException {
    var found = new boolean[1];
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            found[0] = wanted != null && wanted.equals(FileIdentity.of(file));
            return found[0] ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
    return found[0];
  }

  /**
   * Checks a file found by {@code --files}.
   *
   * @return whether it is an input; false for a file that the shell has created for stdout or
   *     stderr
   * @throws Fault if an output would overwrite it
   */
  boolean isInput(Path file, Path folder) {
    FileIdentity identity = FileIdentity.of(file);
    if (identity == null) {
      return true;
    }
    for (Standard each : List.of(Standard.OUT, Standard.ERR)) {
      if (identity.equals(FileIdentity.of(StandardStreams.get().device(each)))) {
        return false;
      }
    }
    refuse(identity, "the input " + file + " (--files " + folder + ")");
    return true;
  }

  /**
   * Checks an item that may name a file.
   *
   * @param kind what the item is; one that names a file in any case may name one that does not
   *     exist yet, and must not be an output either
   * @throws Fault if an output would overwrite it
   */
  void mustNotBeItem(String item, Inputs.ItemKind kind) {
    if (mayBeFile(item, kind)) {
      mustNotBeItem(item, kind, "the input " + item);
    }
  }

  /** Returns whether an item may be a file that it is worth to look at. */
  private boolean mayBeFile(String item, Inputs.ItemKind kind) {
    return kind != Inputs.ItemKind.NO_FILE
        && !writesNothing()
        && !item.isEmpty()
        && item.length() <= LONGEST_NAME;
  }

  /**
   * Checks an item that may be a file.
   *
   * @param words its name in messages
   */
  private void mustNotBeItem(String item, Inputs.ItemKind kind, String words) {
    Path file = fileOf(item);
    if (file == null) {
      return;
    }
    mustNotBe(file, words);
    FileIdentity place =
        kind == Inputs.ItemKind.FILE && !Files.exists(file) ? FileIdentity.ofPlace(file) : null;
    if (place == null) {
      return;
    }
    String output = written.get(place);
    if (output != null) {
      throw Fault.usage(
          output
              + " is also "
              + words
              + ", which does not exist yet: the task would read what this run writes, or nothing."
              + " Write to another file");
    }
    if (items != null) {
      read.putIfAbsent(place, words);
    }
  }

  /**
   * Takes notice of an item that a later stage is given, which may name a file; called by any
   * thread, before that stage's function runs. If it is an output, {@link #conflict} says so from
   * then on, and no output takes the place of a file.
   *
   * @param stage the stage's name
   */
  void laterItem(String item, Inputs.ItemKind kind, String stage) {
    if (!mayBeFile(item, kind)) {
      return;
    }
    String words = "the item " + item + " of " + stage;
    try {
      mustNotBeItem(item, kind, words);
      Path file = items == null ? null : fileOf(item);
      if (items != null && file != null) {
        FileIdentity there = FileIdentity.of(file);
        if (there != null) {
          laterRead.putIfAbsent(there, words);
        }
        String other = there == null && kind != Inputs.ItemKind.FILE ? null : items.itemOf(file);
        if (other != null) {
          throw Fault.usage(
              words
                  + " is the file that this run writes for the item \""
                  + other
                  + "\": write to other files");
        }
      }
    } catch (Fault e) {
      conflict.compareAndSet(null, e);
    }
  }

  /** Returns why the run must not go on: a later stage reads an output; null if none does. */
  @Nullable Fault conflict() {
    return conflict.get();
  }

  /** Returns which item of a later stage a file is; null if it is none as far as is known. */
  @Nullable String laterUse(OutputFile file) {
    if (laterRead.isEmpty()) {
      return null;
    }
    FileIdentity identity = file.identity();
    return identity == null ? null : laterRead.get(identity);
  }

  /** Returns the file that an item may name; null if it is no path. */
  static @Nullable Path fileOf(String item) {
    try {
      return item.startsWith("file:") ? Path.of(URI.create(item)) : new File(item).toPath();
    } catch (IllegalArgumentException | FileSystemNotFoundException e) {
      return null;
    }
  }

  /** Deletes drafts that were not committed. */
  @Override
  public void close() {
    files().forEach(OutputFile::close);
  }
}
