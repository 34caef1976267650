package io.github.fornada.scenarios.harness;

import io.github.fornada.ExecutionModel;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The ways to run one program, measured.
 *
 * @param models the plain loop first, then each model that makes sense
 * @param expert the hand-written version, if there is one
 * @param steps further versions
 */
public record Comparison(List<Measured> models, Optional<Measured> expert, List<Measured> steps) {
  /** Copies the lists. */
  public Comparison {
    models = List.copyOf(models);
    steps = List.copyOf(steps);
  }

  /** Returns the plain loop. */
  public Measured sequential() {
    return models.getFirst();
  }

  /** Returns the way with the lowest median. */
  public Measured fastest() {
    return models.stream()
        .min(Comparator.comparingDouble(way -> way.interval().median()))
        .orElseThrow();
  }

  /**
   * Returns the best way alone, or several that are tied: all whose interval overlaps that of the
   * fastest, the fastest first.
   */
  public List<Measured> best() {
    Measured fastest = fastest();
    return Stream.concat(
            Stream.of(fastest),
            models.stream()
                .filter(way -> !way.name().equals(fastest.name()))
                .filter(way -> way.interval().overlaps(fastest.interval())))
        .toList();
  }

  /** Returns whether {@code model} is the best or tied with it. */
  public boolean isBest(ExecutionModel model) {
    return best().stream().anyMatch(way -> way.name().equals(model.label()));
  }

  /** Returns how many times as fast as the plain loop the model is; NaN if it was not measured. */
  public double gain(ExecutionModel model) {
    return of(model)
        .map(way -> sequential().interval().median() / way.interval().median())
        .orElse(Double.NaN);
  }

  /** Returns how many times as fast as the plain loop the fastest way is. */
  public double gain() {
    return sequential().interval().median() / fastest().interval().median();
  }

  /** Returns the figures of this model, if it was measured. */
  public Optional<Measured> of(ExecutionModel model) {
    return models.stream().filter(way -> way.name().equals(model.label())).findFirst();
  }

  /**
   * Returns the time of the fastest pool by that of the hand-written version, so that 1.05 means
   * five percent more; NaN if there is none.
   */
  public double expertRatio() {
    double pool =
        models.stream()
            .filter(way -> way.model().isPresent())
            .mapToDouble(way -> way.interval().median())
            .min()
            .orElse(Double.NaN);
    return expert.map(way -> pool / way.interval().median()).orElse(Double.NaN);
  }

  /** Returns whether the plain loop is tied with a model, so that the figures do not tell. */
  public boolean isUndecided() {
    return best().size() > 1 && best().contains(sequential());
  }
}
