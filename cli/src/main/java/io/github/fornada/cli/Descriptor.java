package io.github.fornada.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * An open file that a path stands for: {@code /dev/stdout}, {@code /dev/fd/3}, {@code
 * /proc/self/fd/1}, or another process's {@code /proc/4711/fd/1}.
 *
 * <p>To open such a path would open the file behind it anew: at its beginning, and emptied if it is
 * opened for writing. Whoever opened the descriptor expects it to go on where it is, and at the end
 * if it appends. So the command uses the descriptor itself. It has no access to that of another
 * process; there it appends.
 *
 * @param number its number
 * @param path the path, absolute
 * @param own whether it is of this process
 */
record Descriptor(int number, Path path, boolean own) {
  private static final Pattern NUMBER = Pattern.compile("0|[1-9][0-9]{0,8}");
  private static final Pattern FOLDER = Pattern.compile("(/proc/[0-9]+)(?:/task/[0-9]+)?/fd");
  private static final Path PROCESS = Path.of("/proc/self");
  private static final Path DEVICES = Path.of("/dev/fd");

  /** The bits of a descriptor's flags that say how it was opened; zero for reading only. */
  private static final int ACCESS_MODE = 3;

  private static final int READ_ONLY = 0;

  /** What {@link #access} is of a descriptor that cannot be read. */
  static final int WRITE_ONLY = 1;

  private static final int UNKNOWN = -1;

  /** A longer chain of symbolic links counts as a loop, as it does for the system. */
  static final int MAX_LINKS = 40;

  /** Why nothing can be read from stdin. */
  static final String STDIN_CLOSED = "stdin is closed, or open for writing only";

  /** Returns the stdout of this process. */
  static Descriptor stdout() {
    return new Descriptor(1, Path.of("/dev/stdout"), true);
  }

  /**
   * Returns the descriptor that a path stands for, itself or as a symbolic link to one; null if it
   * stands for none.
   */
  static @Nullable Descriptor of(Path given) {
    Path path = given;
    for (int links = 0; links <= MAX_LINKS; links++) {
      Descriptor named = namedBy(path);
      if (named != null || !Files.isSymbolicLink(path)) {
        return named;
      }
      try {
        path = path.resolveSibling(Files.readSymbolicLink(path));
      } catch (IOException e) {
        return null; // whoever opens it says why
      }
    }
    return null; // a loop of links
  }

  private static @Nullable Descriptor namedBy(Path given) {
    Path path = given.toAbsolutePath().normalize();
    for (StandardStreams.Standard each : StandardStreams.Standard.values()) {
      if (path.toString().equals("/dev/" + each.words())) {
        return new Descriptor(each.number(), path, true);
      }
    }
    Path folder = path.getParent();
    Path name = path.getFileName();
    if (folder == null || name == null || !NUMBER.matcher(name.toString()).matches()) {
      return null;
    }
    int number = Integer.parseInt(name.toString());
    try {
      Path real = folder.toRealPath();
      Matcher matcher = FOLDER.matcher(real.toString());
      if (matcher.matches()) {
        return new Descriptor(
            number, path, PROCESS.toRealPath().toString().equals(matcher.group(1)));
      }
      return real.equals(DEVICES) ? new Descriptor(number, path, true) : null;
    } catch (IOException e) {
      return null; // there is no such folder
    }
  }

  /** Returns the standard stream of the command that this is; null if it is none. */
  StandardStreams.@Nullable Standard standard() {
    for (StandardStreams.Standard each : StandardStreams.Standard.values()) {
      if (own && each.number() == number) {
        return each;
      }
    }
    return null;
  }

  /** Returns a path by which the open file can be examined; to open it would open it anew. */
  Path file() {
    StandardStreams.Standard standard = standard();
    if (standard != null) {
      return StandardStreams.get().device(standard);
    }
    return own ? StandardStreams.device(number) : path;
  }

  /** Returns why nothing can be written to it or read from it; null if that is not known. */
  @Nullable String obstacle(boolean toWrite) {
    StandardStreams.Standard standard = standard();
    if (standard != null) {
      if (toWrite == (standard == StandardStreams.Standard.IN)) {
        return "it is " + standard.words();
      }
      return !toWrite && StandardStreams.get().isStdinClosed() ? STDIN_CLOSED : null;
    }
    if (own ? !StandardStreams.get().isGiven(number) : !Files.exists(path)) {
      return "no descriptor " + number + " is open";
    }
    // Of another process: its user may still be allowed to open the file the other way.
    int access = own ? access(number) : UNKNOWN;
    if (access == (toWrite ? READ_ONLY : WRITE_ONLY)) {
      return "descriptor " + number + " is open for " + (toWrite ? "reading" : "writing") + " only";
    }
    return null;
  }

  /** Returns how a descriptor of this process was opened, as far as the system says. */
  static int access(int number) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + number))) {
        if (line.startsWith("flags:")) {
          return Integer.parseInt(line.substring("flags:".length()).strip(), 8) & ACCESS_MODE;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return UNKNOWN; // this system has no such file: the attempt will tell
    }
    return UNKNOWN;
  }

  /** Returns a stream that writes where the descriptor is. */
  OutputStream output() throws IOException {
    StandardStreams streams = StandardStreams.get();
    StandardStreams.Standard standard = standard();
    if (standard != null) {
      return standard == StandardStreams.Standard.ERR ? streams.errOut() : streams.out();
    }
    return own ? streams.output(number) : new FileOutputStream(path.toFile(), true);
  }

  /** Returns a stream that reads where the descriptor is. */
  InputStream input() throws IOException {
    StandardStreams streams = StandardStreams.get();
    if (standard() == StandardStreams.Standard.IN) {
      return streams.in();
    }
    return own ? streams.input(number) : Files.newInputStream(path);
  }
}
