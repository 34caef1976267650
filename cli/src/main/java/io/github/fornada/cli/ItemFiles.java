package io.github.fornada.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A file for the result of each item. Which file belongs to which item is decided before the item
 * runs: no two items may have one file, and no file that the run reads may be one. Each file is
 * written beside its place and then renamed, so that it is there whole, or not at all.
 */
final class ItemFiles {
  private static final String TELL_APART = "tell them apart by {n}, the number of the input";

  private final NamePattern pattern;
  private final Outputs outputs;
  private final OutputFile.Family family;

  /** The item of each file; written by the thread that reads the inputs. */
  private final Map<FileIdentity, String> items = new ConcurrentHashMap<>();

  /** The item for whose file each folder will be made; used by the thread that reads the inputs. */
  private final Map<FileIdentity, String> folders = new HashMap<>();

  /** The index of the next item; used by the thread that reads the inputs. */
  private long count;

  /** The files of items without an outcome, by the index of the item. */
  private final Map<Long, OutputFile> planned = new ConcurrentHashMap<>();

  ItemFiles(NamePattern pattern, Outputs outputs) {
    this.pattern = pattern;
    this.outputs = outputs;
    this.family = new OutputFile.Family(pattern.text());
  }

  /**
   * Decides on the files of all items, before any of them runs.
   *
   * @param numbers gives the number of an item, from 1, for its index, from 0
   * @throws Fault if one of them cannot have a file
   */
  void plan(List<String> all, LongUnaryOperator numbers) {
    for (String item : all) {
      String problem = plan(item, numbers.applyAsLong(count), true);
      if (problem != null) {
        throw Fault.usage("the item \"" + item + "\": " + problem + ". Nothing was run");
      }
    }
  }

  /**
   * Decides on the file of the next item of a pipe, where those that come later are not known.
   *
   * @param kind what the item is
   * @param number its number, from 1
   * @return why it cannot have one; null if it has
   */
  @Nullable String plan(String item, Inputs.ItemKind kind, long number) {
    Path own = kind == Inputs.ItemKind.FILE ? Outputs.fileOf(item) : null;
    String before = own == null ? null : itemOf(own);
    if (before != null) {
      return "it is the file that this run writes for the item \"" + before + "\"";
    }
    return plan(item, number, kind == Inputs.ItemKind.NO_FILE);
  }

  /**
   * Returns the item whose result goes to a file; null if that of none does, as far as is known.
   * May be called by any thread.
   */
  @Nullable String itemOf(Path file) {
    for (FileIdentity each :
        new @Nullable FileIdentity[] {FileIdentity.of(file), FileIdentity.ofPlace(file)}) {
      String item = each == null ? null : items.get(each);
      if (item != null) {
        return item;
      }
    }
    return null;
  }

  /**
   * Decides on the file of the next item.
   *
   * @param number its number, from 1
   * @param othersAreKnown whether no item that comes later can be a file that is there already
   * @return why it cannot have one; null if it has
   */
  private @Nullable String plan(String item, long number, boolean othersAreKnown) {
    OutputFile file;
    try {
      file = OutputFile.ofItem(family, Path.of(pattern.expand(item, number)));
    } catch (InvalidPathException e) {
      return "it gives no file name: " + e.getReason();
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    } catch (Fault e) {
      return e.text();
    }
    String other = outputs.otherUse(file);
    if (other != null) {
      return file.words() + " is " + other + ", which it would overwrite";
    }
    if (!othersAreKnown && file.existing() != null) {
      return file.words()
          + " is there already, and an item that comes later may be that file. Remove it first, or"
          + " give the items with --lines FILE or --files DIR, so that all are known beforehand";
    }
    // Numbers differ in any case, and there may be items without end.
    String problem = pattern.isNumberOnly() ? null : claim(file, item);
    if (problem == null) {
      planned.put(count++, file);
    }
    return problem;
  }

  /** Makes a file that of an item, and returns why it cannot be; null if it is. */
  private @Nullable String claim(OutputFile file, String item) {
    List<FileIdentity> above = file.missingFolders();
    for (FileIdentity folder : above) {
      String before = items.get(folder);
      if (before != null) {
        return file.words()
            + " needs a folder where the file of the item \""
            + before
            + "\" is: "
            + TELL_APART;
      }
    }
    for (FileIdentity each : file.identities()) {
      String within = folders.get(each);
      if (within != null) {
        return file.words()
            + " is also a folder of the file of the item \""
            + within
            + "\": "
            + TELL_APART;
      }
      String before = items.putIfAbsent(each, item);
      if (before != null && before.equals(item)) {
        return "it is given twice, and "
            + file.words()
            + " can have the result of one: leave it out once, or "
            + TELL_APART;
      }
      if (before != null) {
        return file.words()
            + " is also the file of the item \""
            + before
            + "\": "
            + TELL_APART
            + ", or by {}, the whole item";
      }
    }
    above.forEach(folder -> folders.putIfAbsent(folder, item));
    return null;
  }

  /** The item ended without a result: its file stays as it was. */
  void drop(Ended item) {
    planned.remove(item.index());
  }

  /**
   * Writes the file of an item.
   *
   * @param endLine whether an end of line is added if the text has none at its end
   * @return why it could not be written; null if it is there
   */
  @Nullable String write(Ended item, String text, boolean endLine) {
    OutputFile file = planned.remove(item.index());
    if (file == null) {
      throw new IllegalStateException("item " + item.index() + " has its file already");
    }
    String other = outputs.laterUse(file);
    if (other != null) {
      return file.words() + " is " + other + ", which it would overwrite";
    }
    boolean interrupted = Thread.interrupted(); // which would close the file's channel
    try {
      try {
        write(file, text, endLine);
      } catch (ClosedByInterruptException e) {
        interrupted |= Thread.interrupted();
        file.close();
        write(file, text, endLine); // once more: Ctrl-C comes once
      }
      return null;
    } catch (Fault e) {
      return e.text();
    } catch (IOException e) {
      return file.words() + ": cannot be written: " + Inputs.reason(e);
    } finally {
      file.close();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void write(OutputFile file, String text, boolean endLine) throws IOException {
    try (OutputStream out = file.open()) {
      ResultWriter.write(out, text);
      if (endLine && !text.endsWith("\n")) {
        out.write('\n');
      }
    }
    file.commit();
  }
}
