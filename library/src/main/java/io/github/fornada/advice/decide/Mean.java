package io.github.fornada.advice.decide;

/** A weighted mean with its variance, in which earlier values fade with each one that is added. */
final class Mean {
  private double weight;
  private double mean;
  private double variance;

  /**
   * Adds a value; one that is not finite, or that has no weight, changes nothing.
   *
   * @param count its weight
   * @param keep the part of the weight so far that is left; 1 forgets nothing
   */
  void add(double value, double count, double keep) {
    if (!(count > 0) || !Double.isFinite(value)) {
      return;
    }
    weight = weight * keep + count;
    double share = count / weight;
    double away = value - mean;
    mean += share * away;
    variance = (1 - share) * (variance + share * away * away);
  }

  /** Multiplies what was seen so far, because the work has changed by that factor. */
  void scale(double factor) {
    mean *= factor;
    variance *= factor * factor;
  }

  /** Lets only so much of the weight count from here on. */
  void fade(double most) {
    weight = Math.min(weight, most);
  }

  void clear() {
    weight = 0;
    mean = 0;
    variance = 0;
  }

  /** Returns the mean; NaN if nothing was added. */
  double get() {
    return weight > 0 ? mean : Double.NaN;
  }

  /** Returns the mean, or another value if nothing was added. */
  double or(double other) {
    return weight > 0 ? mean : other;
  }

  double weight() {
    return weight;
  }

  double variance() {
    return variance;
  }
}
