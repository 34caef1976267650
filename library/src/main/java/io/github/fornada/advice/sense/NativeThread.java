package io.github.fornada.advice.sense;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What Linux says of one thread of this JVM. Used by one thread at a time.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc.5.html">proc(5)</a>
 */
final class NativeThread implements AutoCloseable {
  /** What a thread does while it is off the processor, as far as the kernel can tell. */
  enum Call {
    /** It is not off the processor, or only because others have it. */
    RUNS,
    /** It waits for a futex: a lock, or a signal from another thread. */
    FUTEX,
    /** It reads, writes or waits for a socket. */
    SOCKET,
    /** It reads or writes a file, or a page of one. */
    FILE,
    /** It sleeps. */
    SLEEP,
    /** Another system call, or an unreadable one. */
    OTHER
  }

  private static final Path SELF = Path.of("/proc/self");

  private final Path folder;
  private final ProcText schedule;
  private @Nullable ProcText call;
  private @Nullable ProcText stat;
  private boolean callIsClosed;

  private NativeThread(Path folder, ProcText schedule) {
    this.folder = folder;
    this.schedule = schedule;
  }

  /** Opens the files of a thread; returns null if they cannot be read. */
  static @Nullable NativeThread open(long tid) {
    Path folder = SELF.resolve("task").resolve(Long.toString(tid));
    ProcText schedule = ProcText.open(folder.resolve("schedstat"));
    return schedule == null ? null : new NativeThread(folder, schedule);
  }

  /**
   * Returns the time that the thread has spent ready to run without a processor, in nanoseconds; -1
   * if it cannot be read. The wait that goes on now is not in it.
   */
  long queueNanos() {
    String text = schedule.read();
    return text == null ? -1 : number(text, 1);
  }

  /** Returns number {@code index} of a line of numbers; -1 if there is none. */
  static long number(String line, int index) {
    int from = 0;
    for (int k = 0; k < index; k++) {
      from = line.indexOf(' ', from) + 1;
      if (from == 0) {
        return -1;
      }
    }
    long value = 0;
    int at = from;
    while (at < line.length() && line.charAt(at) >= '0' && line.charAt(at) <= '9') {
      value = 10 * value + (line.charAt(at++) - '0');
    }
    return at == from ? -1 : value;
  }

  /** Returns whether the thread could run now if it had a processor, or has one. */
  boolean isReady() {
    if (stat == null) {
      stat = ProcText.open(folder.resolve("stat"));
    }
    String text = stat == null ? null : stat.read();
    // The name is in parentheses, and may contain some itself.
    int end = text == null ? -1 : text.lastIndexOf(')');
    return text != null && end >= 0 && text.startsWith(") R", end);
  }

  /** Returns the system call that the thread is in. */
  Call call() {
    if (call == null && !callIsClosed) {
      call = ProcText.open(folder.resolve("syscall"));
      callIsClosed = call == null; // often allowed to the administrator only
    }
    String text = call == null ? null : call.read();
    return text == null ? Call.OTHER : call(text, System.getProperty("os.arch", ""), this::link);
  }

  /** Returns where a file descriptor leads, such as {@code socket:[4711]}. */
  private @Nullable String link(long descriptor) {
    try {
      return Files.readSymbolicLink(SELF.resolve("fd").resolve(Long.toString(descriptor)))
          .toString();
    } catch (IOException | UnsupportedOperationException e) {
      return null; // it was closed meanwhile
    }
  }

  /** Finds where a file descriptor leads; null if that is unknown. */
  interface Links {
    @Nullable String of(long descriptor);
  }

  /**
   * Returns what a line of {@code /proc/self/task/TID/syscall} means.
   *
   * @param arch the processor architecture, which numbers the calls, as in {@code os.arch}
   */
  static Call call(String line, String arch, Links links) {
    if (line.startsWith("running")) {
      return Call.RUNS;
    }
    if (line.startsWith("-1")) {
      return Call.FILE; // blocked, but not in a call: it waits for a page
    }
    long number = number(line, 0);
    return switch (arch) {
      case "amd64", "x86_64" -> amd64((int) number, line, links);
      case "aarch64" -> aarch64((int) number, line, links);
      default -> Call.OTHER;
    };
  }

  private static Call amd64(int number, String line, Links links) {
    return switch (number) {
      case 202 -> Call.FUTEX;
      case 35, 230 -> Call.SLEEP; // nanosleep, clock_nanosleep
      case 0, 1, 17, 18, 19, 20 -> byLink(line, links); // read, write, and at a position
      // fsync, fdatasync, fallocate, open, openat, stat, unlink, rename, copy_file_range
      case 74, 75, 285, 2, 257, 4, 5, 6, 87, 82, 326, 262, 263 -> Call.FILE;
      // poll, select, connect, accept, send, receive, epoll_wait and their variants
      case 7, 23, 42, 43, 44, 45, 46, 47, 232, 270, 271, 281, 288, 299, 307 -> Call.SOCKET;
      default -> Call.OTHER;
    };
  }

  private static Call aarch64(int number, String line, Links links) {
    return switch (number) {
      case 98 -> Call.FUTEX;
      case 101, 115 -> Call.SLEEP;
      case 63, 64, 65, 66, 67, 68 -> byLink(line, links);
      case 82, 83, 47, 56, 79, 80, 35, 38, 285 -> Call.FILE;
      case 22, 72, 73, 202, 203, 206, 207, 211, 212, 242, 243, 269 -> Call.SOCKET;
      default -> Call.OTHER;
    };
  }

  /** The first argument of these calls is a file descriptor, written in base 16. */
  private static Call byLink(String line, Links links) {
    int from = line.indexOf(" 0x") + 3;
    int to = line.indexOf(' ', from);
    if (from < 3 || to < from) {
      return Call.OTHER;
    }
    String target;
    try {
      target = links.of(Long.parseLong(line.substring(from, to), 16));
    } catch (NumberFormatException e) {
      return Call.OTHER;
    }
    if (target == null) {
      return Call.OTHER;
    }
    return target.startsWith("socket:") || target.startsWith("pipe:") ? Call.SOCKET : Call.FILE;
  }

  @Override
  public void close() {
    schedule.close();
    if (call != null) {
      call.close();
    }
    if (stat != null) {
      stat.close();
    }
  }
}
