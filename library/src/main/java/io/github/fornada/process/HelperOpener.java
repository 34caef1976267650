package io.github.fornada.process;

import io.github.fornada.elastic.ProcessSide;
import io.github.fornada.elastic.Sides;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.spi.AbstractPool;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Opens worker JVMs that work for the calls of another pool. */
final class HelperOpener implements ProcessSide.Opener {
  static {
    Sides.register(new HelperOpener());
  }

  private HelperOpener() {}

  @SuppressWarnings("unchecked") // as the interface says
  private static ProcessOptions changed(UnaryOperator<?> options) {
    return ((UnaryOperator<ProcessOptions>) options).apply(ProcessOptions.defaults());
  }

  @Override
  public UnaryOperator<?> check(UnaryOperator<?> options) {
    ProcessOptions fixed = changed(options);
    if (!fixed.launch().states().isEmpty()) {
      throw new IllegalArgumentException(
          "an AutoPool runs items in this JVM too, where there is no WorkerState: so its worker"
              + " JVMs may not have one. Use a ProcessPool, or make what the tasks need in the"
              + " task");
    }
    return (UnaryOperator<ProcessOptions>) _ -> fixed;
  }

  @Override
  public int workers(UnaryOperator<?> options) {
    return changed(options).workers();
  }

  @Override
  public ProcessSide open(
      AbstractPool source, int most, UnaryOperator<?> options, Consumer<Throwable> broken) {
    Engine engine =
        Engine.open(
            source,
            changed(options).withWorkers(most).withMinWorkers(0).withPolicy(source.policy()),
            PrivateDirectory.bases(),
            null);
    engine.whenBroken(broken);
    return new Helper(engine);
  }

  private record Helper(Engine engine) implements ProcessSide {
    @Override
    public AbstractPool pool() {
      return engine;
    }

    @Override
    public void use(int workers) {
      engine.use(workers);
    }

    @Override
    public void prepare(int workers) {
      engine.prepare(workers);
    }

    @Override
    public int ready(int workers) {
      return engine.ready(workers);
    }

    @Override
    public List<Long> pids() {
      var pids = new ArrayList<Long>();
      for (WorkerStats worker : engine.stats().workers()) {
        if (worker.pid() != 0) {
          pids.add(worker.pid());
        }
      }
      return pids;
    }

    @Override
    public Figures figures() {
      long ended = 0;
      long working = 0;
      int inFlight = 0;
      int starts = 0;
      for (WorkerStats worker : engine.stats().workers()) {
        ended += worker.tasks();
        working += worker.workingTime().toNanos();
        inFlight += worker.outstanding();
        starts += worker.starts();
      }
      return new Figures(ended, working, inFlight, starts);
    }
  }
}
