package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.FindingText;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.jvm.Paragraph;
import java.util.List;
import java.util.Optional;

/**
 * What to do with a job, and why: words first, figures after. Immutable.
 *
 * <p>All of it was measured while the job, or a part of it, ran. How it is found out is described
 * in {@code docs/how-it-decides.md}.
 */
public final class Advice {
  private final Finding finding;
  private final List<Estimate> estimates;

  private Advice(Finding finding) {
    this.finding = finding;
    estimates = finding.predictions().stream().map(Estimate::new).toList();
  }

  static Advice of(Finding finding) {
    return new Advice(finding);
  }

  /** Returns whether it is known of all models whether they can be used. */
  boolean knowsAllModels() {
    return finding.predictions().stream().noneMatch(Prediction::isNotKnown);
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

    /**
     * Returns why the model cannot be used, or that this is not known because nobody has looked
     * yet; empty if it can.
     */
    public Optional<String> ruledOut() {
      String why = prediction.ruledOut();
      return Optional.ofNullable(
          prediction.isNotKnown() ? "whether it can be used is not known: " + why : why);
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
    return FindingText.of(finding, Paragraph::append);
  }

  /** Returns the sentences. */
  @Override
  public String toString() {
    return String.join(" ", sentences());
  }
}
