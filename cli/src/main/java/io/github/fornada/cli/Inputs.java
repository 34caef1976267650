package io.github.fornada.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** The items of a run: a list, or lines read one by one. */
sealed interface Inputs {
  /**
   * All items are known.
   *
   * @param items the items
   */
  record Known(List<String> items) implements Inputs {}

  /**
   * Items that are read while the run goes on; there may be no end to them.
   *
   * @param lines to be iterated once
   */
  record Lines(Iterable<String> lines) implements Inputs {}

  /**
   * The inputs that the command line names: arguments first, then files, then lines.
   *
   * @throws Fault if there are none, or one cannot be opened
   */
  static Inputs of(
      List<String> arguments,
      @Nullable Path folder,
      @Nullable String glob,
      @Nullable String lines) {
    if (glob != null && folder == null) {
      throw Fault.usage("--match goes with --files DIR");
    }
    if (arguments.isEmpty() && folder == null && lines == null) {
      throw Fault.usage(
          "no inputs: give them as arguments, or with --lines FILE (- for stdin) or --files DIR");
    }
    var known = new ArrayList<>(arguments);
    if (folder != null) {
      known.addAll(files(folder, glob));
    }
    if (lines == null) {
      return new Known(Collections.unmodifiableList(known));
    }
    return new Lines(linesAfter(known, open(lines)));
  }

  /** All items, but no more than so many. */
  default List<String> first(int most) {
    return switch (this) {
      case Known(var items) -> items.size() <= most ? items : items.subList(0, most);
      case Lines(var lines) -> {
        var items = new ArrayList<String>();
        for (Iterator<String> it = lines.iterator(); items.size() < most && it.hasNext(); ) {
          items.add(it.next());
        }
        yield items;
      }
    };
  }

  private static InputStream open(String lines) {
    if (lines.equals("-")) {
      return System.in;
    }
    Path file = Path.of(lines);
    if (Files.isDirectory(file)) {
      throw Fault.usage("--lines: is a folder: " + lines);
    }
    try {
      return Files.newInputStream(file);
    } catch (IOException e) {
      throw Fault.usage("--lines: " + reason(file, e));
    }
  }

  /** What went wrong with a file, in the words of people. */
  static String reason(Path file, IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException n -> "no such file: " + file;
      case java.nio.file.AccessDeniedException a -> "permission denied: " + file;
      default -> file + ": " + e.getMessage();
    };
  }

  private static Iterable<String> linesAfter(List<String> known, InputStream in) {
    return () ->
        new Iterator<>() {
          private final Iterator<String> before = known.iterator();
          private final BufferedReader reader =
              new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
          private @Nullable String next;

          @Override
          public boolean hasNext() {
            if (before.hasNext()) {
              return true;
            }
            if (next == null) {
              try {
                next = reader.readLine();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }
            return next != null;
          }

          @Override
          public String next() {
            if (before.hasNext()) {
              return before.next();
            }
            if (!hasNext() || next == null) {
              throw new NoSuchElementException();
            }
            String line = next;
            next = null;
            return line;
          }
        };
  }

  /** Regular files below a folder, sorted by path; hidden ones are left out, as by a shell's *. */
  private static List<String> files(Path folder, @Nullable String glob) {
    if (!Files.isDirectory(folder)) {
      throw Fault.usage(
          "--files: " + (Files.exists(folder) ? "not a folder: " : "no such folder: ") + folder);
    }
    PathMatcher matcher = glob == null ? path -> true : matcher(folder, glob);
    var found = new ArrayList<Path>();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
              return !dir.equals(folder) && hidden(dir)
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (!hidden(file) && Files.isRegularFile(file) && matcher.matches(file)) {
                found.add(file);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              throw Fault.usage("--files: " + reason(file, e));
            }
          });
    } catch (IOException e) {
      throw Fault.usage("--files: " + reason(folder, e));
    }
    found.sort(null);
    return found.stream().map(Path::toString).toList();
  }

  private static boolean hidden(Path path) {
    Path name = path.getFileName();
    return name != null && name.toString().startsWith(".");
  }

  private static PathMatcher matcher(Path folder, String glob) {
    PathMatcher matcher;
    try {
      matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    } catch (PatternSyntaxException e) {
      throw Fault.usage("--match: not a glob: " + glob + " (" + e.getDescription() + ")");
    }
    boolean wholePath = glob.contains("/");
    return file -> matcher.matches(wholePath ? folder.relativize(file) : file.getFileName());
  }
}
