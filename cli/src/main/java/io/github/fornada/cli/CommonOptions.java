package io.github.fornada.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** The options that {@code run} and {@code compare} both have. */
@Command(sortOptions = false)
final class CommonOptions {
  @Mixin
  @SuppressWarnings({"NullAway.Init", "unused"}) // filled by picocli, which reads its annotations
  private ExitCodesHelp exitCodes;

  /** How what is written is printed: results of {@code run}, or figures. */
  enum Format {
    text,
    jsonl,
    table,
    json
  }

  /** The forms of figures, which a shell completes. */
  static final class FiguresForms implements Iterable<String>, ITypeConverter<Format> {
    static final List<String> WORDS = List.of(Format.table.name(), Format.json.name());

    @Override
    public Format convert(String text) {
      for (Format form : Format.values()) {
        if (form.name().equals(text)) {
          return form; // whether it is one of figures is seen with the other options
        }
      }
      throw new TypeConversionException("it is table or json, got \"" + text + "\"");
    }

    @Override
    public Iterator<String> iterator() {
      return WORDS.iterator();
    }
  }

  @Parameters(
      index = "0",
      paramLabel = "TASK",
      description = {
        "The function: File.java, File.java#method, or com.acme.Type#method with -cp. It is public"
            + " static (in a compact source file, which has methods and no class, it need be"
            + " neither) with one argument: a String, Path, URI, int, long, double, boolean, or a"
            + " type with a constructor of one String or a static valueOf, parse or of. It may"
            + " throw."
      })
  @SuppressWarnings("NullAway.Init") // filled by picocli, because it is required
  String task;

  @Parameters(
      index = "1..*",
      paramLabel = "INPUT",
      description = "The items, one call of the function each.")
  List<String> inputs = new ArrayList<>();

  @Option(
      names = "--lines",
      paramLabel = "FILE",
      description =
          "Each line is an item, in UTF-8; - is stdin, read as it comes, with or without an end.")
  @Nullable String lines;

  @Option(
      names = {"-0", "--null"},
      description =
          "Items of --lines end with a zero byte, as find -print0 and git ls-files -z write them;"
              + " results of run end with one too.")
  boolean nul;

  @Option(
      names = "--files",
      paramLabel = "DIR",
      description =
          "Each file below DIR is an item, in the order of their paths. Hidden ones (.name) and"
              + " what is in hidden folders are left out, unless --match names them.")
  @Nullable Path files;

  @Option(
      names = "--match",
      paramLabel = "GLOB",
      description =
          "Only files whose name (or path below DIR, if GLOB has a /) matches. **/ is any number"
              + " of folders, or none.")
  @Nullable String match;

  @Option(
      names = {"-cp", "--class-path"},
      paramLabel = "PATH",
      description = "Where the task's classes are: app.jar:lib/*")
  @Nullable String classPath;

  @Option(
      names = "--workers",
      paramLabel = "N",
      split = ",",
      converter = WorkersParser.class,
      completionCandidates = WorkersParser.Models.class,
      description =
          "Tasks at once: 8, or a number for some models, as in processes=2,virtual=50, of which"
              + " those count that run. Processes are at most as many as there are items, and as"
              + " fit into memory. Default: one a processor; 1000 on virtual threads; 1 in"
              + " sequence.")
  List<Workers> workers = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = DurationParser.class,
      description = "Longest time of one item, such as 5s or 250ms. Over it, the item fails.")
  @Nullable Duration timeout;

  @Option(
      names = "--limit",
      paramLabel = "TIME",
      hidden = true,
      converter = DurationParser.class,
      description = "The old name of --timeout.")
  private @Nullable Duration limit;

  @Option(
      names = "--retries",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Further attempts at an item that failed, timed out or lost its worker. Default: 0.")
  int retries;

  @Option(
      names = "--back-off",
      paramLabel = "TIME",
      converter = PauseParser.class,
      description =
          "Pause before the first retry of an item. It doubles with each further one, up to 10s, or"
              + " stays TIME if that is longer. Default: 100ms.")
  @Nullable Duration backOff;

  @Option(names = "--fail-fast", description = "The first failure stops all the rest.")
  boolean failFast;

  @Option(names = "--keep-going", description = "A failure costs only its own item. The default.")
  boolean keepGoing;

  @Option(
      names = "--heap",
      paramLabel = "SIZE",
      converter = HeapParser.class,
      description = "Heap of each worker process, such as 512m.")
  @Nullable String heap;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description =
          "Write to FILE instead of stdout. It is replaced when the run has ended, even if items"
              + " failed. After Ctrl-C, or if writing fails, it is as it was before. With run, a"
              + " name such as 'out/{stem}.txt' is a file for each item: {} is the item, {name} the"
              + " last part of its path, {stem} that without its ending, {n} its place in the"
              + " inputs, from 1. The file of an item that failed is left as it was; with --format"
              + " jsonl it says how the item failed.")
  @Nullable Path output;

  @Option(
      names = "--format",
      paramLabel = "FORM",
      description =
          "run: text (the default), or jsonl, one line of JSON for each input, refused ones too,"
              + " with its place from 1 (n), the item, its outcome, and its result or error, with"
              + " where in the task that was (at), its causes and what it has suppressed."
              + " compare, advise: table (the default) or json.")
  @Nullable Format format;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say on stderr only what went wrong: no progress, no figures.")
  boolean quiet;

  @Option(
      names = "--report",
      paramLabel = "FILE.html",
      description = "Write a page with the timeline of every task; opens from disk.")
  @Nullable Path report;

  @Option(
      names = "--trace",
      paramLabel = "FILE.json",
      description = "Write a trace for https://ui.perfetto.dev or chrome://tracing.")
  @Nullable Path trace;

  PoolSettings pools() {
    if (failFast && keepGoing) {
      throw Fault.usage("--fail-fast and --keep-going exclude each other");
    }
    if (timeout != null && limit != null) {
      throw Fault.usage("--limit is the old name of --timeout: give one of them");
    }
    if (timeout == null) {
      timeout = limit;
    }
    return pools(workers, timeout, retries, backOff, heap);
  }

  /**
   * What one stage says about its pool.
   *
   * @throws Fault if an option is out of its bounds
   */
  static PoolSettings pools(
      List<Workers> workers,
      @Nullable Duration timeout,
      int retries,
      @Nullable Duration backOff,
      @Nullable String heap) {
    if (retries < 0) {
      throw Fault.usage("--retries must be at least 0, got " + retries);
    }
    if (backOff != null && retries == 0) {
      throw Fault.usage("--back-off is for retries: add --retries N");
    }
    return new PoolSettings(
        Workers.byModel(workers), timeout, retries, backOff, heap, PoolSettings.ANY_NUMBER);
  }

  /**
   * Checks the form of what a command writes that has figures only.
   *
   * @throws Fault if it is for results
   */
  void figuresOnly(String command) {
    figuresOnly(command, format, output);
  }

  /** Checks the same of a command that has not all of these options. */
  static void figuresOnly(String command, @Nullable Format format, @Nullable Path output) {
    if (format == Format.text || format == Format.jsonl) {
      throw Fault.usage(
          "--format "
              + format
              + " is for the results of run; "
              + command
              + " writes figures: --format table or json");
    }
    if (output != null && NamePattern.isMeant(output.toString())) {
      throw Fault.usage(
          "-o "
              + output
              + " names a file for each item, which is for run; give "
              + command
              + " one");
    }
  }

  /** Returns the terminal, which the options may silence. */
  Terminal terminal() {
    return Terminal.ofProcess(quiet);
  }

  /**
   * Returns the files to write; none is opened yet.
   *
   * @throws Fault if one cannot be written, or would overwrite an input
   */
  Outputs outputs() {
    return outputs(null);
  }

  /** Returns the files to write, with {@code record} for what was observed; null for none. */
  Outputs outputs(@Nullable Path record) {
    ArgumentText.require("TASK", task);
    ArgumentText.require("--lines", lines);
    ArgumentText.require("--files", files);
    ArgumentText.require("--match", match);
    ArgumentText.require("-cp", classPath);
    ArgumentText.require("-o", output);
    ArgumentText.require("--report", report);
    ArgumentText.require("--trace", trace);
    return Outputs.of(output, report, trace, record);
  }

  LoadedTask load(Outputs outputs) {
    return load(task, classPath, outputs);
  }

  /** Finds a task, unless an output would overwrite it. */
  static LoadedTask load(String task, @Nullable String classPath, Outputs outputs) {
    TaskLocator.Place place = TaskLocator.place(task, classPath);
    if (place.source() != null) {
      outputs.mustNotBe(place.source(), "the source of the task, " + place.source());
    }
    outputs.mustNotBeIn(place.read());
    return TaskLocator.locate(place);
  }

  Inputs items(LoadedTask task, Outputs outputs, Refusals refusals) {
    return Inputs.of(this, outputs, Inputs.ItemKind.of(task.call().parameter()), refusals);
  }
}
