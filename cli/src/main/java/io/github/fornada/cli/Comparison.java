package io.github.fornada.cli;

import io.github.fornada.Model;
import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.TaskListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Runs the same items under several models in turn.
 *
 * <p>Every round runs each model once, and each round begins with another model, so that what
 * changes in the course of time (the machine's other work, its heat, its file cache) falls on all
 * of them. Each model has one pool for all its rounds: opening it is measured apart, as start-up.
 */
final class Comparison {
  /** A model is cut off when it takes so many times as long as the best so far... */
  static final double CUT_OFF_FACTOR = 10;

  /** ...but never before this time, in seconds: nobody minds waiting for it. */
  static final double CUT_OFF_SECONDS = 5;

  private static final int ROUNDS = 3;

  /** If all rounds together might take longer than this, in seconds, one round must do. */
  private static final double PATIENCE_SECONDS = 60;

  /** Work for the JIT compiler before anything is measured, in seconds, for each JVM. */
  private static final double WARM_UP_SECONDS = 0.5;

  private final LoadedTask task;
  private final List<String> items;
  private final List<Model> models;
  private final PoolSettings settings;
  private final boolean failFast;
  private final int roundsWanted;
  private final Terminal terminal;
  private final Reports reports;
  private final Map<Model, Entrant> entrants = new EnumMap<>(Model.class);

  /** The shortest complete run so far, in seconds. */
  private double best = Double.POSITIVE_INFINITY;

  Comparison(
      LoadedTask task,
      List<String> items,
      List<Model> models,
      PoolSettings settings,
      boolean failFast,
      int rounds,
      Terminal terminal,
      Reports reports) {
    this.task = task;
    this.items = items;
    this.models = models;
    this.settings = settings;
    this.failFast = failFast;
    this.roundsWanted = rounds;
    this.terminal = terminal;
    this.reports = reports;
  }
}
