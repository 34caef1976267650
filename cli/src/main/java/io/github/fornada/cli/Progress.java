package io.github.fornada.cli;

import io.github.fornada.Outcome;
import io.github.fornada.TaskEvent;
import io.github.fornada.TaskListener;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Shows the progress of a run on stderr: as a bar on a terminal, otherwise as a line from time to
 * time. Everything else that goes to stderr during the run goes through {@link #message}, so that
 * bar and message do not garble each other.
 */
final class Progress implements TaskListener, AutoCloseable {
  private static final long FRAME_MILLIS = 100;

  /** A run that ends sooner shows no bar. */
  private static final long FIRST_FRAME_MILLIS = 300;

  private static final long FIRST_LINE_MILLIS = 5_000;
  private static final long LINE_MILLIS = 10_000;
  private static final String CLEAR = "\r\u001b[K";
  private static final String UP = "\u001b[1A";

  private final MessageStream err;
  private final boolean bar;
  private final boolean quiet;
  private final int columns;
  private final long total;
  private final String title;
  private final long startedNanos = System.nanoTime();
  private final AtomicLong ended = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  private final AtomicLong retrying = new AtomicLong();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** What is shown above the bar, a line for each stage. Written before the start. */
  private Supplier<List<String>> details = List::of;

  // Guarded by lock.

  /** How many lines are on the screen. */
  private int drawn;

  /** Whether a task has begun a line and not ended it: a bar there would be drawn over it. */
  private boolean midLine;

  private boolean closed;

  /**
   * Creates the progress of a run.
   *
   * @param title what runs, printed before the bar; may be empty
   * @param total the number of items; -1 if not known
   */
  Progress(Terminal terminal, String title, long total) {
    this.err = terminal.err();
    this.bar = terminal.hasBar();
    this.quiet = terminal.quiet();
    this.columns = terminal.columns();
    this.title = title;
    this.total = total;
  }

  /** Shows these lines above the bar, or after it where there is no terminal. Before the start. */
  void withDetails(Supplier<List<String>> lines) {
    details = lines;
  }

  /** Begins to show progress. */
  Progress start() {
    StandardStreams.get().taskOutput().around(this::printed);
    if (!quiet) {
      Thread.ofPlatform().daemon().name("fornada-progress").start(this::paint);
    }
    return this;
  }

  /**
   * Returns a listener of one pool that counts its items in a pause before a retry; another of them
   * is added to what is shown.
   */
  TaskListener retries() {
    Set<Long> tasks = ConcurrentHashMap.newKeySet(); // their numbers are unique within the pool
    return event -> {
      switch (event) {
        case TaskEvent.Finished finished when !finished.last() -> {
          if (tasks.add(finished.task())) {
            retrying.incrementAndGet();
          }
        }
        case TaskEvent.Finished finished -> retried(tasks, finished.task());
        case TaskEvent.Started started when started.attempt() > 1 -> retried(tasks, started.task());
        default -> {}
      }
    };
  }

  private void retried(Set<Long> tasks, long task) {
    if (!tasks.isEmpty() && tasks.remove(task)) {
      retrying.decrementAndGet();
    }
  }

  @Override
  public void onEvent(TaskEvent event) {
    if (event instanceof TaskEvent.Finished finished
        && finished.last()
        && !(finished.outcome() instanceof Outcome.Cancelled)) { // they did not come to an end
      outcome(finished.outcome().isDone());
    }
  }

  /** An item has come to its end, other than by being cancelled. */
  void outcome(boolean done) {
    ended.incrementAndGet();
    if (!done) {
      failed.incrementAndGet();
    }
  }

  /** Prints a message on lines of its own. */
  void message(String text) {
    lock.lock();
    try {
      hide();
      endLine();
      err.println(text);
    } finally {
      lock.unlock();
    }
  }

  /** Runs an action that prints on the same terminal. */
  void aside(Runnable action) {
    lock.lock();
    try {
      hide();
      action.run();
    } finally {
      lock.unlock();
    }
  }

  /** Runs a write of a task. */
  void printed(boolean endsLine, Runnable write) {
    lock.lock();
    try {
      hide();
      write.run();
      midLine = !endsLine;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the line of a task, on a terminal. Under lock. */
  private void endLine() {
    if (midLine && bar) {
      err.println();
    }
    midLine = false;
  }

  /** Under lock. */
  private void hide() {
    if (drawn > 0) {
      err.control(CLEAR + (UP + CLEAR).repeat(drawn - 1));
      drawn = 0;
    }
  }

  private void paint() {
    long wait = bar ? FIRST_FRAME_MILLIS : FIRST_LINE_MILLIS;
    lock.lock();
    try {
      while (true) {
        long nanos = wait * 1_000_000;
        while (!closed && nanos > 0) {
          nanos = changed.awaitNanos(nanos);
        }
        if (closed) {
          return;
        }
        if (bar && midLine) {
          wait = FRAME_MILLIS; // until the line has ended
        } else if (bar) {
          List<String> lines = details.get();
          hide();
          for (String line : lines) {
            err.println(cut(line));
          }
          err.control(barLine());
          drawn = lines.size() + 1;
          wait = FRAME_MILLIS;
        } else {
          err.println("fornada: " + plainLine());
          details.get().forEach(line -> err.println("fornada:   " + line));
          wait = LINE_MILLIS;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread()
          .interrupt(); // nothing interrupts this thread; if it is interrupted, it ends
    } finally {
      lock.unlock();
    }
  }

  private String plainLine() {
    return (title.isEmpty() ? "" : title + ": ") + figures();
  }

  private String barLine() {
    String prefix = title.isEmpty() ? "" : title + " ";
    String figures = figures();
    int width = Math.min(30, columns - 1 - prefix.length() - figures.length() - 3);
    String line = figures;
    if (total > 0 && width >= 8) {
      boolean blocks = err.charset().equals(StandardCharsets.UTF_8);
      int full = Math.clamp(ended.get() * width / total, 0, width);
      line =
          (blocks ? "█" : "#").repeat(full)
              + (blocks ? "░" : "-").repeat(width - full)
              + "  "
              + figures;
    }
    line = prefix + line;
    return cut(line);
  }

  private String cut(String line) {
    return cut(line, columns - 1);
  }

  /** Returns the beginning of a line that takes at most so many columns of a terminal. */
  static String cut(String line, int columns) {
    int used = 0;
    for (int at = 0; at < line.length(); ) {
      int point = line.codePointAt(at);
      used += isWide(point) ? 2 : 1;
      if (used > columns) {
        return line.substring(0, at);
      }
      at += Character.charCount(point);
    }
    return line;
  }

  /** Returns whether a character takes two columns of a terminal. */
  private static boolean isWide(int point) {
    if (point < 0x1100) { // those before are not
      return false;
    }
    boolean fullWidth =
        (point >= 0x3000 && point <= 0x303e) || (point >= 0xff01 && point <= 0xff60);
    return fullWidth
        || point >= 0x1f300 // pictures, and further characters of Chinese
        || switch (Character.UnicodeScript.of(point)) {
          case HAN, HIRAGANA, KATAKANA, HANGUL, YI, BOPOMOFO -> true;
          default -> false;
        };
  }

  private String figures() {
    return figures(
        ended.get(), failed.get(), retrying.get(), total, (System.nanoTime() - startedNanos) / 1e9);
  }

  /**
   * Returns figures such as {@code 45 of 100, 12.3/s, about 5 s left, 2 failed, 3 wait for a
   * retry}.
   */
  static String figures(long ended, long failed, long retrying, long total, double seconds) {
    double rate = ended / seconds;
    var text = new StringBuilder();
    text.append(ended);
    if (total >= 0) {
      text.append(" of ").append(total);
    }
    if (ended > 0) {
      text.append(", ");
      text.append(rate >= 1 ? Words.figure(rate) + "/s" : Words.seconds(1 / rate) + " each");
    }
    if (total > ended && ended > 0) {
      text.append(", about ").append(Words.about((total - ended) / rate)).append(" left");
    } else {
      text.append(", ").append(Words.about(seconds));
    }
    if (failed > 0) {
      text.append(", ").append(failed).append(" failed");
    }
    if (retrying > 0) {
      text.append(", ").append(retrying).append(retrying == 1 ? " waits" : " wait");
      text.append(" for a retry");
    }
    return text.toString();
  }

  @Override
  public void close() {
    end();
  }

  /** Counts an input that is not an item as failed. */
  void refused() {
    failed.incrementAndGet();
  }

  /** Removes the bar. */
  void end() {
    StandardStreams.get().taskOutput().direct();
    lock.lock();
    try {
      closed = true;
      hide();
      endLine();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
