package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.jvm.Paragraph;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What to do with a job, and why: words first, figures after. Immutable.
 *
 * <p>All of it was measured while the job, or a part of it, ran. How it is found out is described
 * in {@code docs/how-it-decides.md}.
 */
public final class Advice {
  /** The columns that a table may have. */
  private static final int WIDTH = 80;

  private final Finding finding;
  private final List<Estimate> estimates;

  private Advice(Finding finding) {
    this.finding = finding;
    estimates = finding.predictions().stream().map(Estimate::new).toList();
  }

  static Advice of(Finding finding) {
    return new Advice(finding);
  }

  /**
   * What the items that are left would take under one model. If none are left, or their number is
   * not known, it is for as many again as there were. Immutable.
   */
  public static final class Estimate {
    private final Prediction prediction;

    private Estimate(Prediction prediction) {
      this.prediction = prediction;
    }

    /** Returns the model. */
    public ExecutionModel model() {
      return prediction.setting().model();
    }

    /** Returns the number of items in flight that suits the model best. */
    public int size() {
      return prediction.setting().size();
    }

    /** Returns the rate, in items per second. */
    public double itemsPerSecond() {
      return prediction.rate();
    }

    /** Returns the lower end of a 90 % interval for the time, in seconds. */
    public double secondsLow() {
      return prediction.secondsLow();
    }

    /** Returns the time to expect, in seconds; the start of worker processes is part of it. */
    public double seconds() {
      return prediction.seconds();
    }

    /** Returns the upper end of the interval, in seconds. */
    public double secondsHigh() {
      return prediction.secondsHigh();
    }

    /** Returns the memory that the model takes beyond that of the program as it is. */
    public long memoryBytes() {
      return prediction.memoryBytes();
    }

    /** Returns why the model cannot be used; empty if it can. */
    public Optional<String> ruledOut() {
      return Optional.ofNullable(prediction.ruledOut());
    }
  }

  /** Returns the model that suits the job best; of models that are as good, the simplest. */
  public ExecutionModel model() {
    return finding.advised().model();
  }

  /** Returns how many items should be in flight. */
  public int size() {
    return finding.advised().size();
  }

  /**
   * Returns a short name for what decides how fast the job runs, such as {@code sockets}, {@code
   * lock} or {@code computes}. A name does not change between versions, but there may be new ones.
   */
  public String cause() {
    return finding.cause().label();
  }

  /**
   * Returns the advice in sentences: the first names the cause, the second says what to do, and the
   * others what else is worth knowing.
   */
  public List<String> sentences() {
    return finding.sentences();
  }

  /** Returns an estimate for each model, those of simpler models first. */
  public List<Estimate> estimates() {
    return estimates;
  }

  /** Returns how sure it is, from 0 to 1, that no other model would be clearly faster. */
  public double confidence() {
    return finding.confidence();
  }

  /** Returns what would change the advice, in one sentence. */
  public String wouldChange() {
    return finding.wouldChange();
  }

  /** Returns why the model was changed while the job ran, in order; empty if it never was. */
  public List<String> changes() {
    return finding.changes();
  }

  /** Returns the number of items that failed while this was found out. */
  public long failed() {
    return finding.failed();
  }

  /** Returns how many of them failed as if something was asked for too much at once. */
  public long refused() {
    return finding.refused();
  }

  /** Returns how many worker processes were started without gain. */
  public int workersForNothing() {
    return finding.workersForNothing();
  }

  /** Returns all of it as text of several lines: the sentences, then a table of the estimates. */
  public String text() {
    var text = new StringBuilder();
    for (String sentence : sentences()) {
      Paragraph.append(text, sentence, WIDTH, "\n");
    }
    Paragraph.append(text, wouldChange(), WIDTH, "\n");
    text.append('\n');
    text.append(
        String.format(
            Locale.ROOT,
            "%-10s %7s %11s  %9s  %-19s %8s%n",
            "model",
            "at once",
            "items/s",
            "takes",
            "90 % of the time",
            "memory"));
    for (Estimate each : estimates) {
      text.append(row(each));
    }
    text.append(String.format(Locale.ROOT, "%nHow sure: %.0f %%.%n", 100 * confidence()));
    return text.toString();
  }

  private static String row(Estimate each) {
    if (each.ruledOut().isPresent()) {
      String why = each.ruledOut().get();
      String line = String.format(Locale.ROOT, "%-10s not possible: %s", each.model().label(), why);
      return (line.length() > WIDTH ? line.substring(0, WIDTH - 3) + "..." : line) + '\n';
    }
    return String.format(
        Locale.ROOT,
        "%-10s %7d %11s  %9s  %-19s %8s%n",
        each.model().label(),
        each.size(),
        rate(each.itemsPerSecond()),
        seconds(each.seconds()),
        seconds(each.secondsLow()) + " to " + seconds(each.secondsHigh()),
        bytes(each.memoryBytes()));
  }

  private static String rate(double rate) {
    return String.format(Locale.ROOT, rate < 9.95 ? "%,.1f" : "%,.0f", rate);
  }

  private static String seconds(double seconds) {
    if (seconds < 0.995) {
      return String.format(Locale.ROOT, seconds < 0.00995 ? "%.1f ms" : "%.0f ms", seconds * 1e3);
    }
    if (seconds < 119.5) {
      return String.format(Locale.ROOT, seconds < 9.95 ? "%.1f s" : "%.0f s", seconds);
    }
    return seconds < 7200
        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
        : String.format(Locale.ROOT, "%,.0f h", seconds / 3600);
  }

  private static String bytes(long bytes) {
    if (bytes < 1_000_000) {
      return bytes == 0 ? "-" : Math.max(1, bytes / 1000) + " kB";
    }
    return bytes < 10_000_000_000L ? bytes / 1_000_000 + " MB" : bytes / 1_000_000_000 + " GB";
  }

  /** Returns the sentences. */
  @Override
  public String toString() {
    return String.join(" ", sentences());
  }
}
