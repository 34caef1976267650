package io.github.fornada.cli;

import io.github.fornada.jvm.Listing;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A file that an option names for writing. The content is written into a draft in the same folder,
 * which replaces the old file in {@link #commit}. If it is closed without a commit, the old file is
 * unchanged, or there is no file.
 *
 * <p>A device, a pipe, and a {@linkplain Descriptor descriptor} such as {@code /dev/stdout} are
 * written directly: there is nothing to replace, and what was opened to append appends.
 */
final class OutputFile implements AutoCloseable {
  /** A younger draft may still be in use by another process. */
  private static final Duration LEFT_BEHIND = Duration.ofMinutes(1);

  /** Stands for stdout, as for other commands; a file of this name is {@code ./-}. */
  private static final Path STDOUT = Path.of("-");

  private static final int COPY_BYTES = 1 << 16;

  /** How the names of drafts end; old ones of a process that was killed are deleted. */
  private static final String DRAFT = ".tmp";

  /** How the name of a draft ends that may be all that there is of its content. */
  private static final String KEPT = ".kept";

  private static final String WHERE_IT_IS = "; what was to be written is in ";

  /** Drafts of outputs, which are deleted if the JVM is asked to end. */
  private static final Set<Path> IN_THE_MAKING = ConcurrentHashMap.newKeySet();

  /**
   * Whole contents that are being copied over a file, with that file. Until that is done they are
   * kept, whatever ends the JVM: the file is neither the old one nor the new one.
   */
  private static final Map<Path, Path> BEING_COPIED = new ConcurrentHashMap<>();

  /**
   * Files that are written one after another, one for each item.
   *
   * @param prefix how the names of their drafts begin
   * @param swept the folders in which drafts of a run that was killed were looked for
   */
  record Family(String prefix, Set<Path> swept) {
    /** Creates a family for the pattern of their names. */
    Family(String pattern) {
      this(
          ".fornada-" + Integer.toHexString(Path.of(pattern).toAbsolutePath().hashCode()) + "-",
          new HashSet<>());
    }
  }

  private final String option;
  private final Path given;

  /** Null for a file that is not one of many. */
  private final @Nullable Family family;

  /** The file that the draft will replace, or a device or pipe; null for a descriptor. */
  private final @Nullable Path target;

  private final @Nullable Descriptor descriptor;

  /** Used by the thread of the command only. */
  private @Nullable Path draft;

  private @Nullable FileChannel channel;
  private boolean committed;

  private OutputFile(
      String option,
      Path given,
      @Nullable Family family,
      @Nullable Path target,
      @Nullable Descriptor descriptor) {
    this.option = option;
    this.given = given;
    this.family = family;
    this.target = target;
    this.descriptor = descriptor;
  }

  /**
   * Returns an output that is not opened yet.
   *
   * @throws Fault if there cannot be a file at that path
   */
  static OutputFile named(String option, Path given) {
    if (given.toString().isEmpty()) {
      throw Fault.usage(option + ": the name of the file is empty");
    }
    if (given.equals(STDOUT)) {
      return new OutputFile(option, given, null, null, Descriptor.stdout());
    }
    return named(option, given, null);
  }

  /**
   * Returns the file for the result of one item. Folders that are missing are made when it is
   * written.
   *
   * @throws Fault if there cannot be a file at that path
   */
  static OutputFile ofItem(Family family, Path given) {
    OutputFile file = named("-o", given, family);
    if (file.isDirect()) {
      throw Fault.usage("-o: is no file: " + given + "; a file for each item is written");
    }
    return file;
  }

  private static OutputFile named(String option, Path given, @Nullable Family family) {
    Descriptor descriptor = Descriptor.of(given);
    if (descriptor != null) {
      String obstacle = descriptor.obstacle(true);
      if (obstacle != null) {
        throw Fault.usage(option + ": cannot be written: " + given + ": " + obstacle);
      }
      return new OutputFile(option, given, family, null, descriptor);
    }
    Path target = given;
    for (int links = 0; Files.isSymbolicLink(target); links++) {
      if (links == Descriptor.MAX_LINKS) {
        throw Fault.usage(option + ": cannot be written: " + given + " is a loop of links");
      }
      try {
        target = target.resolveSibling(Files.readSymbolicLink(target));
      } catch (IOException e) {
        throw Fault.usage(option + ": cannot be written: " + Inputs.reason(given, e));
      }
    }
    Path folder = target.toAbsolutePath().getParent();
    if (Files.isDirectory(target) || folder == null) {
      throw Fault.usage(option + ": is a folder: " + given);
    }
    while (family != null && folder.getParent() != null && !Files.exists(folder)) {
      folder = folder.getParent(); // it will be made
    }
    if (!Files.isDirectory(folder)) {
      throw Fault.usage(
          option
              + (Files.exists(folder)
                  ? ": not a folder: " + folder
                  : ": no such folder: " + folder + "; make it first"));
    }
    if (family == null) { // a file for one item fails only that
      requirePossible(option, given, target);
    }
    return new OutputFile(option, given, family, target, null);
  }

  /** Checks what the draft of a file does not show: its name may be too long. */
  private static void requirePossible(String option, Path given, Path target) {
    try {
      var _ = Files.readAttributes(target, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      // It will be made.
    } catch (IOException e) {
      throw Fault.usage(option + ": cannot be written: " + Inputs.reason(given, e));
    }
  }

  /** Returns the option and its path. */
  String words() {
    return option + " " + given;
  }

  Path given() {
    return given;
  }

  /**
   * Returns the identity of the file that will be written; null if it cannot be the same as another
   * file.
   */
  @Nullable FileIdentity identity() {
    if (descriptor != null) {
      return FileIdentity.of(descriptor.file());
    }
    return target == null ? null : FileIdentity.ofOutput(target);
  }

  /** Returns the identities of the file that is there, if there is one, and of its place. */
  List<FileIdentity> identities() {
    var identities = new ArrayList<FileIdentity>();
    for (FileIdentity each :
        new @Nullable FileIdentity[] {
          identity(), target == null ? null : FileIdentity.ofPlace(target)
        }) {
      if (each != null && !identities.contains(each)) {
        identities.add(each);
      }
    }
    return identities;
  }

  /** Returns the identities of the places of the folders that will be made for the file. */
  List<FileIdentity> missingFolders() {
    var missing = new ArrayList<FileIdentity>();
    Path folder = target == null ? null : target.toAbsolutePath().getParent();
    while (folder != null && !Files.exists(folder)) {
      FileIdentity place = FileIdentity.ofPlace(folder);
      if (place != null) {
        missing.add(place);
      }
      folder = folder.getParent();
    }
    return missing;
  }

  /** Returns the descriptor that is written to; null if a path is opened. */
  @Nullable Descriptor descriptor() {
    return descriptor;
  }

  /** Returns the existing file; null if there is none, or it is not a regular file. */
  @Nullable Path existing() {
    Path file = descriptor != null ? descriptor.file() : target;
    return file != null && Files.isRegularFile(file) ? file : null;
  }

  /** Returns whether there is no old file that could stay as it was: it is written directly. */
  boolean isDirect() {
    return target == null || (Files.exists(target) && !Files.isRegularFile(target));
  }

  /**
   * Opens the output for writing.
   *
   * @throws Fault if it cannot be written
   */
  OutputStream open() {
    try {
      if (descriptor != null) {
        return new FilterOutputStream(descriptor.output()) {
          @Override
          public void write(byte[] bytes, int from, int length) throws IOException {
            out.write(bytes, from, length); // in one piece
          }

          @Override
          public void close() throws IOException {
            flush(); // because messages may follow on the terminal
          }
        };
      }
      if (isDirect()) {
        return new FileOutputStream(Objects.requireNonNull(target).toFile());
      }
      return Files.newOutputStream(beside(), StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw cannotBeWritten(e);
    }
  }

  /**
   * Makes sure that the output can be written, and returns the draft to write into; it becomes the
   * output in {@link #commit}.
   *
   * @throws Fault if it cannot be written
   */
  Path draft() {
    try {
      return isDirect() ? draftIn(Path.of(System.getProperty("java.io.tmpdir"))) : beside();
    } catch (IOException e) {
      throw cannotBeWritten(e);
    }
  }

  /** Returns a new draft in the folder of the file that it will replace. */
  private Path beside() throws IOException {
    Path file = Objects.requireNonNull(target);
    if (Files.exists(file) && !Files.isWritable(file)) {
      throw new java.nio.file.AccessDeniedException(file.toString());
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new NoSuchFileException(file.toString());
    }
    if (family != null) {
      Files.createDirectories(folder);
    }
    try {
      return draftIn(folder);
    } catch (IOException e) {
      if (!Files.exists(file)) {
        throw e;
      }
      // The file may be written, but no file may be created in its folder.
      return draftIn(Path.of(System.getProperty("java.io.tmpdir")));
    }
  }

  private Path draftIn(Path folder) throws IOException {
    String prefix =
        family != null
            ? family.prefix()
            : ".fornada-" + Integer.toHexString(given.toAbsolutePath().hashCode()) + "-";
    if (family == null || family.swept().add(folder)) {
      sweep(folder, prefix);
    }
    Path file =
        folder.resolve(prefix + Long.toHexString(ThreadLocalRandom.current().nextLong()) + DRAFT);
    IN_THE_MAKING.add(file);
    FileChannel opened;
    try {
      // Not Files.createTempFile: the new file must have the usual permissions of a new file.
      opened = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      IN_THE_MAKING.remove(file);
      throw e;
    }
    draft = file;
    channel = opened;
    lock(opened);
    return file;
  }

  /** Locks a draft while its channel is open: that shows that it is in use. */
  private static void lock(FileChannel opened) {
    try {
      FileLock _ = opened.tryLock();
    } catch (IOException e) {
      // A file system without locks. There no other run gets one, and so none deletes the draft.
    }
  }

  /** Deletes drafts of the same output whose process was killed. */
  private static void sweep(Path folder, String prefix) throws IOException {
    try {
      for (Path each : Listing.of(folder, prefix + "*" + DRAFT)) {
        boolean old =
            Files.getLastModifiedTime(each).toInstant().isBefore(Instant.now().minus(LEFT_BEHIND));
        if (old && !IN_THE_MAKING.contains(each)) {
          try (FileChannel left = FileChannel.open(each, StandardOpenOption.WRITE)) {
            if (left.tryLock() != null) {
              Files.deleteIfExists(each);
            }
          }
        }
      }
    } catch (IOException | OverlappingFileLockException e) {
      // Another user's, or deleted already: it does no harm.
    }
  }

  private Fault cannotBeWritten(IOException e) {
    return Fault.usage(option + ": cannot be written: " + Inputs.reason(given, e));
  }

  /**
   * Replaces the old file by the draft, which is complete.
   *
   * @throws IOException if that fails; the old file is unchanged, or the message says where the
   *     content is
   */
  void commit() throws IOException {
    committed = true;
    Path written = draft;
    if (written == null) {
      return; // written directly
    }
    if (target != null && Files.isDirectory(target)) {
      throw kept(written, "it has become a folder", null);
    }
    if (isDirect()) {
      try (OutputStream out = open()) {
        Files.copy(written, out);
      }
    } else if (target != null) {
      replace(written, target);
    }
    close();
  }

  private void replace(Path written, Path file) throws IOException {
    if (canBeReplaced(written, file)) {
      try {
        Files.move(
            written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return;
      } catch (IOException e) {
        // The file may be a mount point, for instance.
      }
    }
    copyInto(written, file);
  }

  /**
   * Returns whether the file can be replaced by a new one without a visible difference in its
   * owner, its permissions or other names (hard links).
   */
  private static boolean canBeReplaced(Path written, Path target) {
    if (!Objects.equals(
        written.toAbsolutePath().getParent(), target.toAbsolutePath().getParent())) {
      return false;
    }
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return true;
    }
    try {
      if (!Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
          || FileIdentity.names(target) > 1) {
        return false;
      }
      var view = Files.getFileAttributeView(written, PosixFileAttributeView.class);
      if (view == null) {
        return true;
      }
      PosixFileAttributes old = Files.readAttributes(target, PosixFileAttributes.class);
      PosixFileAttributes mine = view.readAttributes();
      if (!mine.group().equals(old.group())) {
        view.setGroup(old.group());
      }
      if (!mine.owner().equals(old.owner())) {
        view.setOwner(old.owner());
      }
      view.setPermissions(old.permissions());
      return true;
    } catch (IOException e) {
      return false; // only root may change the owner; or the file is not there any more
    }
  }

  private void copyInto(Path written, Path file) throws IOException {
    Path whole = outliving(written);
    BEING_COPIED.put(whole, file);
    try (var from = Files.newInputStream(whole);
        var to = new FileOutputStream(file.toFile())) {
      var piece = new byte[COPY_BYTES];
      for (int n = from.read(piece); n >= 0; n = from.read(piece)) {
        to.write(piece, 0, n);
      }
    } catch (IOException e) {
      throw kept(whole, Inputs.reason(e), e);
    } finally {
      BEING_COPIED.remove(whole);
    }
  }

  /** Gives a draft a name under which neither the end of this JVM nor a later run deletes it. */
  private Path outliving(Path written) {
    String name = written.toString();
    Path now = written;
    if (name.endsWith(DRAFT)) {
      Path kept = Path.of(name.substring(0, name.length() - DRAFT.length()) + KEPT);
      try {
        Files.move(written, kept);
        now = kept;
      } catch (IOException e) {
        // It stays under its name, which is as good until the next run of the same command.
      }
    }
    IN_THE_MAKING.remove(written);
    draft = now;
    return now;
  }

  /** Keeps the draft, if it is there, and returns the exception that says where. */
  private IOException kept(Path written, String reason, @Nullable IOException cause) {
    boolean isThere = Files.exists(written);
    Path whole = isThere ? outliving(written) : written;
    if (isThere) {
      draft = null;
    }
    return new IOException(
        reason
            + (isThere
                ? WHERE_IT_IS + whole
                : "; what was to be written is lost: somebody deleted " + whole),
        cause);
  }

  /** Returns whether the old file may have been replaced. */
  boolean isCommitted() {
    return committed;
  }

  /** Deletes the draft, unless it was committed. */
  @Override
  public void close() {
    Path written = draft;
    draft = null;
    try {
      if (written != null) {
        Files.deleteIfExists(written);
        IN_THE_MAKING.remove(written);
      }
      if (channel != null) {
        channel.close();
        channel = null;
      }
    } catch (IOException e) {
      StandardStreams.get()
          .err()
          .println("fornada: " + written + " is left over and can be deleted: " + e.getMessage());
    }
  }

  /**
   * Called when the JVM exits: deletes incomplete drafts, and tells of files that are not whole.
   */
  static void dropAll() {
    for (Path file : IN_THE_MAKING) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException | InvalidPathException e) {
        // The next run with the same output will try again to delete it.
      }
    }
    BEING_COPIED.forEach((whole, file) ->
        StandardStreams.get()
            .err()
            .println("fornada: cannot write to " + file + ": interrupted" + WHERE_IT_IS + whole));
  }
}
