package io.github.fornada.cli;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Finds the regular files below a folder, sorted by path; a link to a file is one. Hidden ones are
 * left out, as by a shell's {@code *}. Links to folders are not followed, which is told. What
 * cannot be read, and what is no file, such as a pipe, is refused alone.
 */
final class FileInputs {
  private final Path folder;
  private final @Nullable String match;
  private final @Nullable Glob glob;
  private final Outputs outputs;
  private final Refusals refusals;
  private final List<Found> found = new ArrayList<>();
  private long matching;
  private long others;

  /**
   * A file, or what stands in its place.
   *
   * @param refusal why it is no item; null if it is one
   */
  private record Found(Path path, @Nullable String refusal) {}

  /** Links to folders. */
  private final List<Path> links = new ArrayList<>();

  /**
   * Creates inputs from the files below a folder.
   *
   * @param match a glob that selects files; null for all
   * @throws Fault if it is not a valid glob
   */
  FileInputs(Path folder, @Nullable String match, Outputs outputs, Refusals refusals) {
    this.folder = folder;
    this.match = match;
    this.outputs = outputs;
    this.refusals = refusals;
    try {
      glob = match == null ? null : Glob.of(match);
    } catch (PatternSyntaxException e) {
      throw Fault.usage("--match: not a glob: " + match + " (" + e.getDescription() + ")");
    }
  }

  /**
   * Returns their paths.
   *
   * @throws Fault if there is no such folder, no file matches, or one is an output
   */
  List<String> find() {
    if (folder.toString().isEmpty()) {
      throw Fault.usage("--files: the name of the folder is empty; . is the current one");
    }
    if (!Files.isDirectory(folder)) {
      throw Fault.usage(
          "--files: " + (Files.exists(folder) ? "not a folder: " : "no such folder: ") + folder);
    }
    try {
      Path real = folder.toRealPath(); // the walk would treat a link to a folder as a file
      Files.walkFileTree(real, new Visitor(real));
    } catch (IOException e) {
      throw Fault.usage("--files: " + Inputs.reason(folder, e));
    }
    if (!links.isEmpty()) {
      links.sort(null);
      StandardStreams.get()
          .err()
          .println(
              "fornada: left out "
                  + links.getFirst()
                  + (links.size() == 1 ? "" : " and " + (links.size() - 1) + " more")
                  + ": links to folders are not followed. Give such a folder to --files itself");
    }
    if (matching == 0 && others > 0) {
      throw Fault.usage(
          "--match: none of "
              + Words.count(others, "file")
              + " below "
              + folder
              + " matches "
              + match
              + ". A glob with a / is compared with the path below "
              + folder
              + ", one without with the name");
    }
    if (matching == 0) {
      StandardStreams.get().err().println("fornada: there are no files below " + folder);
    }
    found.sort(Comparator.comparing(Found::path));
    var items = new ArrayList<String>();
    for (Found each : found) {
      String name = each.path().toString();
      if (each.refusal() == null) {
        items.add(name);
        refusals.accept();
      } else {
        refusals.add(name, name, each.refusal());
      }
    }
    return items;
  }

  /** Returns whether a path is left out because its name begins with a dot. */
  private boolean isHidden(Path path) {
    if (glob != null && glob.namesHidden()) {
      return false; // as a shell's: a dot that is named is meant
    }
    Path name = path.getFileName();
    return name != null && name.toString().startsWith(".");
  }

  private final class Visitor extends SimpleFileVisitor<Path> {
    private final Path root;

    Visitor(Path root) {
      this.root = root;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
      return !dir.equals(root) && isHidden(dir)
          ? FileVisitResult.SKIP_SUBTREE
          : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (isHidden(file)) {
        return FileVisitResult.CONTINUE;
      }
      Path named = folder.resolve(root.relativize(file));
      if (attributes.isSymbolicLink() && Files.isDirectory(file)) {
        links.add(named);
        return FileVisitResult.CONTINUE;
      }
      if (!matches(file)) {
        others++;
        return FileVisitResult.CONTINUE;
      }
      matching++;
      if (Files.isRegularFile(file)) {
        add(named);
      } else {
        refuse(named, "not read: " + whyNoFile(file, attributes));
      }
      return FileVisitResult.CONTINUE;
    }

    private static String whyNoFile(Path file, BasicFileAttributes attributes) {
      FileKind kind = FileKind.of(file);
      if (kind != null) {
        return (attributes.isSymbolicLink() ? "the link leads to " : "it is ")
            + kind.words()
            + ", and no file";
      }
      if (!attributes.isSymbolicLink()) {
        return "no such file"; // it went away meanwhile
      }
      try {
        var _ = file.toRealPath();
        return "the link leads to no file";
      } catch (IOException e) {
        String why = String.valueOf(e.getMessage());
        // The JDK adds these words of its own; the system's are in the language of the user.
        return why.contains("unable to access attributes of symbolic link")
            ? "the link leads in a circle"
            : "the link leads to no file";
      }
    }

    private void add(Path named) {
      if (!isText(named)) {
        refuse(
            named,
            "not read: the name of this file is not text in the encoding of file names here ("
                + System.getProperty("sun.jnu.encoding")
                + "); rename it, or set LC_ALL to the locale that it was named in");
      } else if (outputs.isInput(named, folder)) {
        found.add(new Found(named, null));
      } else {
        StandardStreams.get()
            .err()
            .println("fornada: left out " + named + ": what this run prints goes there");
      }
    }

    private boolean matches(Path file) {
      return glob == null || glob.matches(root.relativize(file));
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      if (file.equals(root)) {
        throw Fault.usage("--files: " + Inputs.reason(folder, e));
      }
      refuse(file, e);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e) {
      if (e != null) {
        refuse(dir, e);
      }
      return FileVisitResult.CONTINUE;
    }

    private void refuse(Path path, IOException e) {
      matching++; // files in this folder may match
      refuse(folder.resolve(root.relativize(path)), "not read: " + Inputs.reason(e));
    }

    private void refuse(Path named, String why) {
      found.add(new Found(named, why));
    }
  }

  /** Returns whether the path, converted to text and back, leads to the same file. */
  private static boolean isText(Path path) {
    try {
      return Path.of(path.toString()).equals(path);
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
