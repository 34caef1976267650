package io.github.fornada.scenarios.harness;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs scenarios one after the other and collects their figures. */
public final class Runner {
  private static final int BLOCKS = 5;
  private static final int BLOCKS_LARGE = 9;

  private final Size size;
  private final long seed;
  private final Progress progress;
  private final Optional<PythonRuns> python;

  /**
   * Creates a runner.
   *
   * @param seed the seed of the order and of the intervals
   * @param scripts the folder of the Python programs; empty to leave Python out
   */
  public Runner(Size size, long seed, Progress progress, Optional<Path> scripts) {
    this.size = size;
    this.seed = seed;
    this.progress = progress;
    this.python = scripts.map(PythonRuns::find);
  }

  /** Returns the version of Python, or that there is none. */
  public String pythonVersion() {
    return python.map(PythonRuns::version).orElse("Python left out");
  }

  /**
   * Runs one scenario. A problem, such as a wrong result, is part of the report; figures from
   * before the problem are kept.
   *
   * @throws InterruptedException if the caller was interrupted
   */
  public ScenarioReport run(Scenario scenario) throws InterruptedException {
    long began = System.nanoTime();
    var trials = new ArrayList<TrialReport>();
    var findings = new ArrayList<Finding>();
    Optional<String> problem = Optional.empty();
    progress.begin(scenario.name() + ": " + scenario.about());
    try (var setup = new Setup(size)) {
      for (Trial<?> trial : scenario.prepare(setup)) {
        trials.add(measure(scenario.name(), trial));
      }
      progress.now(scenario.name() + ": what else is measured");
      findings.addAll(scenario.findings(setup));
    } catch (InterruptedException e) {
      throw e;
    } catch (MissingException e) {
      problem = Optional.of("not run: " + e.getMessage());
    } catch (WrongResultException e) {
      problem = Optional.of("wrong result: " + e.getMessage());
    } catch (Exception e) {
      problem = Optional.of("failed: " + e + at(e));
    }
    progress.clear();
    double seconds = (System.nanoTime() - began) / 1e9;
    return new ScenarioReport(
        scenario.name(), scenario.about(), trials, findings, seconds, problem);
  }

  /** Returns the first frame of our own, which tells where to look. */
  private static String at(Throwable thrown) {
    for (StackTraceElement frame : thrown.getStackTrace()) {
      if (frame.getClassName().startsWith("io.github.fornada.scenarios")) {
        return " at " + frame;
      }
    }
    return "";
  }

  private int blocks() {
    return size == Size.LARGE ? BLOCKS_LARGE : BLOCKS;
  }

  private <R> TrialReport measure(String scenario, Trial<R> trial) throws Exception {
    int blocks = trial.blocks(size).orElse(blocks());
    var measurement =
        new Measurement<>(
            scenario,
            trial,
            blocks,
            seed,
            Measurement.warmUpSeconds(size),
            Measurement.adviceSeconds(size),
            Measurement.littleGarbage(size),
            progress);
    Comparison comparison = measurement.run();
    progress.now(scenario + ": Python");
    Optional<PythonRuns.Answer> inPython = python.flatMap(runs -> trial.python().map(runs::run));
    var remarks = new ArrayList<>(trial.remarks(comparison));
    if (!trial.compared().equals(Trial.TIME)) {
      remarks.addFirst("Compared is " + trial.compared() + ".");
    }
    remarks.add("The advisor chose " + measurement.choice() + ".");
    inPython.ifPresent(answer -> remarks.addAll(answer.notes()));
    return new TrialReport(
        scenario,
        trial.name(),
        trial.guidePick(),
        comparison,
        trial.notApplicable(),
        trial.explanation(comparison),
        inPython.map(PythonRuns.Answer::gain),
        Optional.of(measurement.choice().model().label()),
        remarks,
        blocks);
  }

  /** Returns whether nothing of this went wrong. */
  public static boolean isClean(List<ScenarioReport> reports) {
    return reports.stream().allMatch(report -> report.problem().isEmpty());
  }
}
