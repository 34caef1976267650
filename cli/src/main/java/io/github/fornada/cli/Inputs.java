package io.github.fornada.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The items of a run: a list, or lines that are read one by one. */
sealed interface Inputs {
  /**
   * So many items of a file are read before the run, so that as many items as that are known to be
   * all, unless there are more lines than that that are no items. Guess: more than anybody has
   * worker processes, and read in no time.
   */
  long READ_AHEAD = 1000;

  /**
   * All items are known.
   *
   * @param items the items, which nobody changes. One of the JDK's own lists: pools read those
   *     without a thread in between, and know how many items are left
   */
  record Known(List<String> items) implements Inputs {}

  /**
   * Items that are read during the run; they may be endless.
   *
   * @param lines the lines, which may be iterated once
   * @param rest counts what was not iterated; null if that may be endless
   */
  record Lines(Iterable<String> lines, @Nullable LongSupplier rest) implements Inputs {}

  /**
   * The first items.
   *
   * @param items the items
   * @param given how many there are in all; {@link #UNKNOWN} if there may be more
   */
  record Head(List<String> items, long given) {
    static final long UNKNOWN = -1;

    /** Returns whether there are more items, or may be. */
    boolean isCut() {
      return given != items.size();
    }
  }

  /**
   * Returns the inputs that the command line names: arguments first, then files, then lines.
   *
   * @param outputs the output files, none of which may be an input
   * @param kind what the items are
   * @param refusals receives inputs that are not items
   * @throws Fault if there are none, one cannot be opened, or one is an output
   */
  static Inputs of(CommonOptions options, Outputs outputs, ItemKind kind, Refusals refusals) {
    Path folder = options.files;
    String lines = options.lines;
    if (options.match != null && folder == null) {
      throw Fault.usage("--match goes with --files DIR");
    }
    if (options.inputs.isEmpty() && folder == null && lines == null) {
      throw Fault.usage(
          "no inputs: give them as arguments, or with --lines FILE (- for stdin) or --files DIR");
    }
    var known = new ArrayList<>(arguments(options.inputs, refusals));
    known.forEach(each -> outputs.mustNotBeItem(each, kind));
    if (folder != null) {
      known.addAll(new FileInputs(folder, options.match, outputs, refusals).find());
    }
    ItemFiles files = outputs.items();
    if (lines == null) {
      if (files != null) {
        files.plan(known, refusals::number);
      }
      return new Known(known);
    }
    LineReader read = open(lines, options.nul, outputs, refusals);
    Iterator<String> items = checked(read, outputs, kind);
    if (files != null && !read.hasEnd()) {
      files.plan(known, refusals::number);
      items = planned(items, files, kind, refusals);
    }
    items = counted(items, refusals);
    if (read.hasEnd()) {
      // With a file for each, all are read now, so that every file is known before the first is
      // written; and where the first failure ends the run, so that each item has its line.
      boolean readsAll =
          files != null || (options.failFast && options.format == CommonOptions.Format.jsonl);
      if (readAhead(read, items, known, readsAll ? Long.MAX_VALUE : READ_AHEAD)) {
        if (files != null) {
          files.plan(known, refusals::number);
        }
        return new Known(known);
      }
    }
    Iterator<String> before = known.iterator();
    return new Lines(
        after(before, items),
        read.hasEnd()
            ? () -> {
              long left = 0;
              for (; before.hasNext(); before.next()) {
                left++;
              }
              return left + read.countRest();
            }
            : null);
  }

  /**
   * Reads at most so many items, and as many lines that are none: all of them are kept.
   *
   * @param items those of the reader
   * @return whether there are no more
   */
  private static boolean readAhead(
      LineReader reader, Iterator<String> items, List<String> into, long most) {
    reader.pauseAfterRefused(most);
    try {
      for (long n = 0; n < most && items.hasNext(); n++) {
        into.add(items.next());
      }
      boolean more = items.hasNext() || reader.isPaused();
      reader.pauseAfterRefused(Long.MAX_VALUE);
      return !more;
    } catch (UncheckedIOException e) {
      throw cannotRead(e);
    }
  }

  private static RuntimeException cannotRead(UncheckedIOException e) {
    return Interruption.requestedWherePoolsEnd()
        ? e // an interrupt closes the file, and is told as such
        : Fault.failed("cannot read the inputs: " + e.getCause());
  }

  /** Counts the items that are read, so that each input has its number. */
  private static Iterator<String> counted(Iterator<String> items, Refusals refusals) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return items.hasNext();
      }

      @Override
      public String next() {
        String item = items.next();
        refusals.accept();
        return item;
      }
    };
  }

  /** Decides on the file of each item when it is read; an item that cannot have one is refused. */
  private static Iterator<String> planned(
      Iterator<String> items, ItemFiles files, ItemKind kind, Refusals refusals) {
    return new Iterator<>() {
      private @Nullable String next;

      @Override
      public boolean hasNext() {
        while (next == null && items.hasNext()) {
          String item = items.next();
          String problem = files.plan(item, kind, refusals.next());
          if (problem == null) {
            next = item;
          } else {
            refusals.add(item, "\"" + item + "\"", problem);
          }
        }
        return next != null;
      }

      @Override
      public String next() {
        String item = hasNext() ? next : null;
        next = null;
        if (item == null) {
          throw new NoSuchElementException();
        }
        return item;
      }
    };
  }

  /** The kinds of items that a task can have. */
  enum ItemKind {
    /** The argument's type is a file or path. */
    FILE,
    /** The argument is text, which may be the name of a file. */
    TEXT,
    /** The argument is a number or another value that is not a file. */
    NO_FILE;

    /** Returns the kind for the type of a function's argument. */
    static ItemKind of(String type) {
      return switch (type) {
        case "java.nio.file.Path", "java.io.File", "java.net.URI", "java.net.URL" -> FILE;
        case "int", "long", "double" -> NO_FILE;
        case "java.lang.String", "java.lang.Object", "java.lang.CharSequence" -> TEXT;
        default ->
            type.startsWith("java.lang.")
                    || type.startsWith("java.math.")
                    || type.startsWith("java.time.")
                ? NO_FILE
                : TEXT;
      };
    }
  }

  private static List<String> arguments(List<String> given, Refusals refusals) {
    var items = new ArrayList<String>();
    for (int i = 0; i < given.size(); i++) {
      if (ArgumentText.isIntact(given.get(i))) {
        items.add(given.get(i));
        refusals.accept();
      } else {
        refusals.add(
            given.get(i), "input " + (i + 1) + " (" + given.get(i) + ")", ArgumentText.reason());
      }
    }
    return items;
  }

  /** Returns the first items, at most {@code most}. */
  default Head first(int most) {
    try {
      return head(most);
    } catch (UncheckedIOException e) {
      throw cannotRead(e);
    }
  }

  private Head head(int most) {
    return switch (this) {
      case Known(var items) ->
          new Head(items.size() <= most ? items : items.subList(0, most), items.size());
      case Lines(var lines, var rest) -> {
        var items = new ArrayList<String>();
        Iterator<String> it = lines.iterator();
        while (items.size() < most && it.hasNext()) {
          items.add(it.next());
        }
        long left = items.size() < most ? 0 : rest == null ? Head.UNKNOWN : rest.getAsLong();
        yield new Head(items, left == Head.UNKNOWN ? Head.UNKNOWN : items.size() + left);
      }
    };
  }

  /**
   * Returns the first items, at most {@code most}, that are there before a time is over: a pipe may
   * give some, and then nothing for long. The lines of a file that follow them are not counted,
   * which may take long too.
   */
  default Head first(int most, Duration limit) {
    if (!(this instanceof Lines(var lines, var rest))) {
      return first(most);
    }
    if (rest != null) {
      try {
        return ofFile(lines.iterator(), most);
      } catch (UncheckedIOException e) {
        throw cannotRead(e);
      }
    }
    var items = new ArrayList<String>(); // guarded by itself
    var all = new AtomicBoolean();
    var failure = new AtomicReference<@Nullable RuntimeException>();
    Thread reader =
        Thread.ofPlatform()
            .daemon()
            .name("fornada-lines")
            .start(() -> {
              try {
                Iterator<String> it = lines.iterator();
                int n = 0;
                for (; n < most && it.hasNext(); n++) {
                  String item = it.next();
                  synchronized (items) {
                    items.add(item);
                  }
                }
                all.set(n < most);
              } catch (RuntimeException e) {
                failure.set(e);
              }
            });
    try {
      var _ = reader.join(limit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the command ends
    }
    RuntimeException failed = failure.get();
    if (failed != null) {
      throw failed instanceof UncheckedIOException unread ? cannotRead(unread) : failed;
    }
    synchronized (items) {
      return new Head(List.copyOf(items), all.get() ? items.size() : Head.UNKNOWN);
    }
  }

  private static Head ofFile(Iterator<String> lines, int most) {
    var items = new ArrayList<String>();
    boolean more = lines.hasNext();
    for (; more && items.size() < most; more = lines.hasNext()) {
      items.add(lines.next());
    }
    return new Head(items, more ? Head.UNKNOWN : items.size());
  }

  /**
   * Returns the file that an option names for reading: what is behind a descriptor, if it is one.
   *
   * @param given the value of the option
   * @throws Fault if it cannot be read
   */
  static Path readable(String option, String given, Path file, @Nullable Descriptor descriptor) {
    String obstacle = descriptor == null ? null : descriptor.obstacle(false);
    if (obstacle != null) {
      throw Fault.usage(option + ": cannot be read: " + given + ": " + obstacle);
    }
    Path there = descriptor == null ? file : descriptor.file();
    if (Files.isDirectory(there)) {
      throw Fault.usage(option + ": is a folder: " + given);
    }
    return there;
  }

  private static LineReader open(String lines, boolean nul, Outputs outputs, Refusals refusals) {
    if (lines.isEmpty()) {
      throw Fault.usage("--lines: the name of the file is empty");
    }
    Path file = linesFile(lines);
    Descriptor descriptor = lines.equals("-") ? null : Descriptor.of(file);
    if (lines.equals("-")
        || (descriptor != null && descriptor.standard() == StandardStreams.Standard.IN)) {
      if (StandardStreams.get().isStdinClosed()) {
        throw Fault.usage("--lines: cannot be read: " + lines + ": " + Descriptor.STDIN_CLOSED);
      }
      outputs.mustNotBeStdin();
      boolean hasEnd =
          Files.isRegularFile(StandardStreams.get().device(StandardStreams.Standard.IN));
      return new LineReader(StandardStreams.get().in(), "stdin", hasEnd, nul, refusals);
    }
    file = readable("--lines", lines, file, descriptor);
    outputs.mustNotBe(file, "the input --lines " + lines);
    try {
      return new LineReader(
          descriptor == null ? Files.newInputStream(file) : descriptor.input(),
          lines,
          Files.isRegularFile(file),
          nul,
          refusals);
    } catch (IOException e) {
      throw Fault.usage("--lines: " + reason(file, e));
    }
  }

  private static Path linesFile(String lines) {
    try {
      return Path.of(lines);
    } catch (InvalidPathException e) {
      throw Fault.usage("--lines: \"" + lines + "\" is no path: " + e.getReason());
    }
  }

  /** Returns a readable text that says what went wrong with a file. */
  static String reason(Path file, IOException e) {
    String why = reason(e);
    return why.equals(e.getMessage()) ? file + ": " + why : why + ": " + file;
  }

  /** Returns the same text without the file's name. */
  static String reason(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException n -> "no such file";
      case java.nio.file.AccessDeniedException a -> "permission denied";
      case java.nio.file.FileSystemException f when f.getReason() != null -> f.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }

  /** Checks each line when it is read: it must not name an output. */
  private static Iterator<String> checked(Iterator<String> lines, Outputs outputs, ItemKind kind) {
    if (kind == ItemKind.NO_FILE) {
      return lines;
    }
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return lines.hasNext();
      }

      @Override
      public String next() {
        String line = lines.next();
        outputs.mustNotBeItem(line, kind);
        return line;
      }
    };
  }

  private static Iterable<String> after(Iterator<String> before, Iterator<String> lines) {
    return () ->
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return before.hasNext() || lines.hasNext();
          }

          @Override
          public String next() {
            return before.hasNext() ? before.next() : lines.next();
          }
        };
  }
}
