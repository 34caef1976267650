package io.github.fornada.scenarios.races;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.TaskFunction;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Size;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.threads.ThreadPool;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The row {@code races}. */
public final class RacesScenario implements Scenario {
  private static final int TASKS = 40;

  @Override
  public String name() {
    return "races";
  }

  @Override
  public String about() {
    return "one counter for all: what is lost without a lock, and what the lock costs";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) {
    return List.of(new OneCounter(setup.size()));
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    int times = 50_000;
    List<Integer> items = Collections.nCopies(TASKS, times);
    long right = (long) TASKS * times;
    int threads = Math.max(2, setup.processors());
    return List.of(
        new Finding(
            "Updates lost of " + Words.format("%,d", right) + ", on " + threads + " threads",
            List.of(
                lost("no lock at all", items, Counters::addUnguarded, Counters::unguarded),
                lost(
                    "a lock for each access",
                    items,
                    Counters::addByTwoAccesses,
                    Counters::byTwoAccesses),
                lost("one lock for both", items, Counters::addGuarded, Counters::guarded),
                lost("AtomicLong", items, Counters::addAtomic, Counters::atomic),
                lost("LongAdder", items, Counters::addToAdder, Counters::adder))),
        processesShareNothing(items, right));
  }

  private static String lost(
      String name, List<Integer> items, TaskFunction<Integer, Integer> add, LongSupplier counter)
      throws InterruptedException {
    int threads = Math.max(2, Runtime.getRuntime().availableProcessors());
    Counters.reset();
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(threads))) {
      long added = pool.map(items, add).stream().mapToLong(n -> n).sum();
      long missing = added - counter.getAsLong();
      return Words.format("%-24s %,12d  (%.1f %%)", name, missing, 100.0 * missing / added);
    }
  }

  private static Finding processesShareNothing(List<Integer> items, long right) throws Exception {
    Counters.reset();
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(2))) {
      long added = pool.map(items, Counters::addUnguarded).stream().mapToLong(n -> n).sum();
      WrongResultException.unless(
          added == right && Counters.unguarded() == 0,
          "processes changed a static field of this JVM");
    }
    return Finding.of(
        "Processes share nothing",
        "The counter of this JVM is still 0: each worker has counted in its own.",
        "What the tasks returned adds up to " + Words.format("%,d", right) + ".");
  }

  /** Every task adds to one counter under one lock. */
  static final class OneCounter extends Trial<Long> {
    private final List<Integer> items;

    OneCounter(Size size) {
      this(size.of(50_000, 200_000, 800_000));
    }

    /** Creates a trial in which every task adds so many times. */
    OneCounter(int times) {
      super("");
      items = Collections.nCopies(TASKS, times);
    }

    @Override
    public String guidePick() {
      return "threading.Lock";
    }

    @Override
    public void before() {
      Counters.reset();
    }

    @Override
    public Long sequential() throws Exception {
      HandWritten.loop(items, Counters::addGuarded);
      return Counters.guarded();
    }

    @Override
    public Long under(Pool pool) throws Exception {
      long added = pool.map(items, Counters::addGuarded).stream().mapToLong(n -> n).sum();
      if (pool instanceof AutoPool) {
        return added; // some of it here, some perhaps in other JVMs
      }
      // What the counter of this JVM must say: all, or in other JVMs nothing.
      long here = pool.model() == ExecutionModel.PROCESSES ? 0 : added;
      WrongResultException.unless(
          Counters.guarded() == here, "the counter is " + Counters.guarded() + ", not " + here);
      return added;
    }

    @Override
    public Optional<Step<Long>> expert() {
      return Optional.of(step("lock, threads by hand", Counters::addGuarded, Counters::guarded));
    }

    @Override
    public List<Step<Long>> steps() {
      return List.of(
          step("AtomicLong", Counters::addAtomic, Counters::atomic),
          step("LongAdder", Counters::addToAdder, Counters::adder));
    }

    private Step<Long> step(String name, TaskFunction<Integer, Integer> add, LongSupplier counter) {
      return new Step<>(
          name,
          () -> {
            var _ = HandWritten.threads(items, add, Runtime.getRuntime().availableProcessors());
            return counter.getAsLong();
          });
    }

    @Override
    protected boolean tieExplains() {
      return true;
    }

    @Override
    public String why(Comparison comparison) {
      return Words.format(
          "Threads that take one lock all the time take turns (%s), here as in Python; processes"
              + " share nothing, so that each has a lock of its own (%s).",
          Words.times(comparison.gain(ExecutionModel.PLATFORM_THREADS)),
          Words.times(comparison.gain(ExecutionModel.PROCESSES)));
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("races.py"));
    }
  }
}
