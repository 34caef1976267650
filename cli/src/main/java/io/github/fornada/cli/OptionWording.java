package io.github.fornada.cli;

import io.github.fornada.Outcome;
import io.github.fornada.RemoteTaskException;
import java.io.Serial;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Puts messages of the library into the command's words: options instead of the names of methods,
 * and the number of an input, from 1, instead of the index of an item, from 0.
 */
final class OptionWording {
  /**
   * A wording of the library, and that of the command.
   *
   * @param ours may have {@code $1} for a group of the pattern
   */
  private record Wording(Pattern theirs, String ours) {
    static Wording of(String theirs, String ours) {
      return new Wording(Pattern.compile(theirs), ours);
    }
  }

  /** How a call of a method, or only its name, stands in a message. */
  private static final String CALL = "(?:\\([^)]*\\))?";

  /**
   * How the name of a method for options begins: alone, or after the {@code o} that stands for the
   * options. After another dot it is a method of the user's, such as {@code Cache.withLock}.
   */
  private static final String WITH = "(?<![\\w$])(?:(?<=\\bo\\.)|(?<!\\.))with";

  /** In this order: the first ones are longer than what the later ones find in them. */
  private static final List<Wording> WORDINGS =
      List.of(
          // Advice that only a program can follow.
          Wording.of(", or replace workers in time with withMaxTasks", ""),
          Wording.of("; raise that with withStartupTimeout if it needs longer", ""),
          Wording.of("; clearQuarantine lets it run again", ""),
          Wording.of(" \\(Pool\\.share\\)", ""),
          Wording.of(
              " ?Close the pool before, or (?:let it finish what runs|give what runs longer) with"
                  + " withExitGrace\\.",
              ""),
          Wording.of(
              "workers of a sequential pool must be 1, got (\\d+)",
              "--on sequential runs one task at a time, and --workers asks for $1"),
          Wording.of("lower workers or the worker heap", "lower --workers or --heap"),
          Wording.of("lower workers\\b", "lower --workers"),
          Wording.of("the worker heap", "--heap"),
          Wording.of(WITH + "Heap\\b" + CALL, "--heap"),
          Wording.of(WITH + "Workers\\b" + CALL, "--workers"),
          Wording.of(WITH + "Timeout\\b" + CALL, "--timeout"),
          Wording.of(WITH + "Retries\\b" + CALL, "--retries"),
          Wording.of(WITH + "BackOff\\b" + CALL, "--back-off"),
          // The command has no option for these; a worker's JVM reads an environment variable.
          Wording.of(WITH + "JvmOptions\\(\"([^\"]*)\"\\)", "JDK_JAVA_OPTIONS=$1"),
          Wording.of(WITH + "JvmOptions\\b" + CALL, "JDK_JAVA_OPTIONS"));

  /** Any other option of the library; the command has none like it. */
  private static final Pattern OTHER = Pattern.compile(WITH + "((?:[A-Z][a-z0-9]*)+)" + CALL);

  private static final Pattern CAPITAL = Pattern.compile("(?<=.)(?=[A-Z])");

  private OptionWording() {}

  /** Returns a message of the library, with the options of the command. */
  static String withOptions(String message) {
    String text = message;
    for (Wording each : WORDINGS) {
      text = each.theirs().matcher(text).replaceAll(each.ours());
    }
    return OTHER
        .matcher(text)
        .replaceAll(found -> Matcher.quoteReplacement("its " + words(found.group(1))));
  }

  private static String words(String name) {
    return CAPITAL.matcher(name).replaceAll(" ").toLowerCase(Locale.ROOT);
  }

  /** Returns what is told of an item that was lost with its worker. */
  static String lost(Ended item, Outcome.WorkerLost<?> lost) {
    return lost(item.index(), lost);
  }

  /** Returns the same of the item with an index, from 0. */
  private static String lost(long index, Outcome.WorkerLost<?> lost) {
    String label = lost.certificate().item();
    String message = lost.message();
    String printed = printed(lost);
    String own = message.substring(0, message.length() - printed.length());
    // The message is told of this item: it need not name it again, by an index that nobody knows.
    return withOptions(
            label != null && label.startsWith(label(index)) ? own.replace(label, "it") : own)
        + printed;
  }

  /**
   * Returns what a worker printed, at the end of what is told of it: these are no words of ours.
   */
  private static String printed(Outcome.WorkerLost<?> lost) {
    return lost.certificate().lastOutput().stream()
        .filter(line -> !line.isEmpty() && lost.message().endsWith(": " + line))
        .max(Comparator.comparingInt(String::length))
        .orElse("");
  }

  /** Returns what is told of an exception, in some lines. */
  static String thrown(Ended item, Throwable cause) {
    String text = ThrownText.of(cause);
    return isWordOfLibrary(cause) ? text.replace(label(item.index()), label(item.number())) : text;
  }

  /** Returns the same for programs. */
  static ThrownText.Told told(Ended item, Throwable cause) {
    ThrownText.Told told = ThrownText.told(cause);
    return isWordOfLibrary(cause)
        ? told.map(text -> text.replace(label(item.index()), label(item.number())))
        : told;
  }

  /**
   * Returns an outcome as a page tells it, in the command's words.
   *
   * @param index the index of the item, from 0
   * @param number the number of its input, from 1
   */
  static Outcome<?> told(Outcome<?> outcome, long index, long number) {
    return switch (outcome) {
      case Outcome.WorkerLost<?> lost ->
          new Outcome.WorkerLost<>(lost(index, lost), lost.certificate());
      case Outcome.Failed<?>(var cause) when isWordOfLibrary(cause) -> {
        String message = String.valueOf(cause.getMessage());
        String ours = withOptions(message.replace(label(index), label(number)));
        yield message.equals(ours)
            ? outcome
            : new Outcome.Failed<>(new WordedException(cause, message, ours));
      }
      default -> outcome;
    };
  }

  /** An exception of the library, with the command's words. */
  @SuppressWarnings("OverrideThrowableToString") // it begins with the name of another class
  private static final class WordedException extends Exception {
    @Serial private static final long serialVersionUID = 1L;

    private final String text;

    WordedException(Throwable theirs, String message, String ours) {
      super(ours, theirs.getCause());
      text = theirs.toString().replace(message, ours);
      setStackTrace(theirs.getStackTrace());
      for (Throwable each : theirs.getSuppressed()) {
        addSuppressed(each);
      }
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** Returns whether the library made an exception, and so its message. */
  private static boolean isOfLibrary(Throwable thrown) {
    return thrown.getClass().getName().startsWith("io.github.fornada.");
  }

  /** Returns whether the message is the library's; that of a RemoteTaskException is the task's. */
  static boolean isWordOfLibrary(Throwable thrown) {
    return isOfLibrary(thrown) && !(thrown instanceof RemoteTaskException);
  }

  private static String label(long number) {
    return "item " + number + " (";
  }
}
