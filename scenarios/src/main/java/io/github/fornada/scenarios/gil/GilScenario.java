package io.github.fornada.scenarios.gil;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.MapTrial;
import io.github.fornada.scenarios.harness.MissingException;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Size;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.threads.ThreadPool;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** The row {@code gil}. */
public final class GilScenario implements Scenario {
  @Override
  public String name() {
    return "gil";
  }

  @Override
  public String about() {
    return "libraries with a lock of their own: a class lock, random UUIDs, native code";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws MissingException {
    NativeRandom.require();
    return List.of(
        new ClassLock(setup.size()), new RandomUuids(setup.size()), new NativeCode(setup.size()));
  }

  /** Counts how often the unguarded native function is wrong on several threads. */
  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    List<Integer> seeds = seeds(400);
    List<Long> right = HandWritten.loop(seeds, NativeRandom::unguarded);
    int wrong = 0;
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(Math.max(2, setup.processors())))) {
      List<Long> found = pool.map(seeds, NativeRandom::unguarded);
      for (int i = 0; i < seeds.size(); i++) {
        if (!found.get(i).equals(right.get(i))) {
          wrong++;
        }
      }
    }
    return List.of(
        Finding.of(
            "The native function without a guard",
            "in sequence     0 of " + seeds.size() + " results are wrong",
            "on threads    "
                + Words.format("%3d", wrong)
                + " of "
                + seeds.size()
                + " results are wrong",
            "in processes    0 of any: the trial above has compared each"));
  }

  private static List<Integer> seeds(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  /** A function of a library that lets one thread in at a time. */
  abstract static class Locked<R> extends MapTrial<Integer, R> {
    Locked(String name, List<Integer> items, TaskFunction<Integer, R> function) {
      super(name, items, function);
    }

    @Override
    public String guidePick() {
      return "multiprocessing";
    }

    @Override
    public Optional<Step<List<R>>> expert() {
      return Optional.empty(); // by hand, it would be another process pool
    }

    @Override
    public String why(Comparison comparison) {
      String figures =
          Words.format(
              "threads %s, processes %s",
              Words.times(comparison.gain(ExecutionModel.PLATFORM_THREADS)),
              Words.times(comparison.gain(ExecutionModel.PROCESSES)));
      return comparison.isBest(ExecutionModel.PROCESSES)
          ? "The lock is one for each JVM, so that processes are the way around it, as they are"
              + " around the GIL: "
              + figures
              + "."
          : "Processes were expected to be the way around the lock, and were not: " + figures + ".";
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("gil.py"));
    }
  }

  /** A static lock. */
  static final class ClassLock extends Locked<Integer> {
    ClassLock(Size size) {
      this(size.of(120, 600, 2_000));
    }

    /** Creates a trial of so many items. */
    ClassLock(int count) {
      super("class lock", seeds(count), LegacyChecksum::of);
    }
  }

  /** The JDK's own. */
  static final class RandomUuids extends Locked<Integer> {
    RandomUuids(Size size) {
      this(size.of(40, 200, 800));
    }

    /** Creates a trial of so many items. */
    RandomUuids(int count) {
      super("UUID.randomUUID", Collections.nCopies(count, 5_000), Uuids::shared);
    }

    @Override
    public List<Step<List<Integer>>> steps() {
      return List.of(
          new Step<>(
              "a generator a thread",
              () ->
                  HandWritten.threads(
                      items(), Uuids::own, Runtime.getRuntime().availableProcessors())));
    }
  }

  /** Native code that is not safe for threads, so that its caller has to lock. */
  static final class NativeCode extends Locked<Long> {
    NativeCode(Size size) {
      this(size.of(150, 1_500, 6_000));
    }

    /** Creates a trial of so many items. */
    NativeCode(int count) {
      super("native, guarded", seeds(count), NativeRandom::guarded);
    }
  }
}
