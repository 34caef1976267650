package io.github.fornada.benchmarks.advice;

import io.github.fornada.advice.decide.Decider;
import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Journal;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.advice.decide.Observation;
import io.github.fornada.advice.decide.Prediction;
import io.github.fornada.advice.decide.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks in mid-job what the rest will take, and compares with what it took. Holds only where nothing
 * was changed after the question.
 */
final class Predicted implements Journal {
  /** The part of the items after which it asks. */
  private static final double ASKED_AT = 0.3;

  private static final int ENOUGH = 20;

  /** Whether everything that is observed is printed, to look into a decision. */
  private static final boolean TELLS = Boolean.getBoolean("advice.tells");

  private final long items;
  private final List<String> path = new ArrayList<>();

  // Written by the pool's thread; read after the run.
  private @Nullable Decider replica;
  private long ended;
  private double nanos;
  private volatile @Nullable Prediction rest;
  private Setting askedFor = Setting.SEQUENTIAL;
  private long askedAt;
  private Setting latest = Setting.SEQUENTIAL;

  Predicted(long items) {
    this.items = items;
  }

  @Override
  public void began(Machine machine, Job job, @Nullable Learned learned) {
    replica = new Decider(machine, job);
    if (learned != null) {
      var _ = replica.beginWith(learned);
    }
  }

  @Override
  public void learned(Job job) {
    if (replica != null) {
      replica.update(job);
    }
  }

  @Override
  public synchronized void decided(Observation observation, Decision decision) {
    Decider decider = replica;
    if (decider == null) {
      return;
    }
    var _ = decider.next(observation);
    if (TELLS) {
      System.err.println(observation + " -> " + decision);
    }
    nanos += observation.nanos();
    ended += observation.done() + observation.failed();
    latest = decision.setting();
    if (decision.changed()) {
      path.add(
          "%.3f %s %d: %s"
              .formatted(nanos / 1e9, latest.model().label(), latest.size(), decision.reason()));
    }
    if (rest == null
        && ended >= ASKED_AT * items
        && ended >= ENOUGH
        && observation.itemsLeft() >= ENOUGH) {
      ask(decider.result());
    }
  }

  private void ask(Finding finding) {
    for (Prediction each : finding.predictions()) {
      if (each.setting().model() == latest.model()
          && Math.abs(each.setting().size() - latest.size()) <= 0.1 * latest.size()) {
        rest = each;
        askedFor = latest;
        askedAt = System.nanoTime();
      }
    }
  }

  synchronized void tell(Map<String, Object> line, long began) {
    line.put("path", path);
    Prediction asked = rest;
    if (asked != null && askedFor.equals(latest) && line.get("seconds") instanceof Double seconds) {
      line.put("rest", seconds - (askedAt - began) / 1e9);
      line.put("rest_low", asked.secondsLow());
      line.put("rest_expected", asked.seconds());
      line.put("rest_high", asked.secondsHigh());
    }
  }
}
