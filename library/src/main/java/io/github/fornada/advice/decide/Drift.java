package io.github.fornada.advice.decide;

/**
 * Sees that a mean has moved: a two-sided cumulative sum (Page, 1954) over what each stretch gave,
 * in terms of the standard error of that stretch.
 */
final class Drift {
  /** A mean this far off, in standard errors, is no news. Guess: half of the shift looked for. */
  private static final double SLACK = 0.75;

  /** The sum at which the mean has moved. Guess, tried in the simulator. */
  private static final double ALARM = 10;

  /** No stretch counts for more than this: one item of a hundred may take as long as the rest. */
  private static final double MOST = 6;

  /** A smaller change than by this factor would not change a decision. Guess. */
  private static final double WORTH = 1.25;

  /** How well a mean can be known at all, as part of it. Guess. */
  private static final double FLOOR = 0.04;

  /** What is left of the weight of earlier stretches with each new one. Guess. */
  private static final double KEEP = 0.95;

  private final Mean known = new Mean();
  private double up;
  private double down;
  private final Mean raised = new Mean();
  private final Mean lowered = new Mean();

  /**
   * Takes what a stretch gave.
   *
   * @param value the mean of the stretch
   * @param relativeError its standard error, as part of it
   * @param count the items it comes from
   * @return the factor by which the mean has moved; 1 if it has not
   */
  double add(double value, double relativeError, double count) {
    if (!(value > 0) || !(count > 0)) {
      return 1;
    }
    if (known.weight() == 0) {
      known.add(value, count, KEEP);
      return 1;
    }
    double before = known.get();
    double own = relativeError * Math.sqrt(count / known.weight());
    double error = Math.sqrt(relativeError * relativeError + own * own + FLOOR * FLOOR);
    double away = Math.clamp((value / before - 1) / error, -MOST, MOST);
    up = Math.max(0, up + away - SLACK);
    down = Math.max(0, down - away - SLACK);
    raised.add(value, up > 0 ? count : 0, 1);
    lowered.add(value, down > 0 ? count : 0, 1);
    if (up == 0) {
      raised.clear();
    }
    if (down == 0) {
      lowered.clear();
    }
    double now = up > ALARM ? raised.get() : down > ALARM ? lowered.get() : before;
    if (now > before * WORTH || now < before / WORTH) {
      restart(now, count);
      return now / before;
    }
    known.add(value, count, KEEP);
    return 1;
  }

  /** Forgets everything: what follows is measured under other conditions. */
  void restart() {
    known.clear();
    up = 0;
    down = 0;
    raised.clear();
    lowered.clear();
  }

  private void restart(double value, double count) {
    restart();
    known.add(value, count, KEEP);
  }
}
