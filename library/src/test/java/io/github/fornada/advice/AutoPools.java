package io.github.fornada.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Observation;
import io.github.fornada.advice.decide.Setting;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Opens pools whose setting is not chosen by what is measured. */
public final class AutoPools {
  private AutoPools() {}

  private static AutoOptions options(UnaryOperator<AutoOptions> change) {
    return change
        .apply(AutoOptions.defaults())
        .withoutMemory()
        .withProcesses(o -> o.withHeap("64m"));
  }

  /** Opens a pool that keeps one setting from the start. */
  public static Pool fixed(Setting setting, UnaryOperator<AutoOptions> change) {
    return AutoPool.open(
        options(change).withMostProcesses(setting.size()),
        (machine, job, known) -> new SteadyChooser(setting),
        setting);
  }

  /**
   * Opens a pool that changes to one setting at its first look at a job, as one that was chosen.
   */
  public static Pool choosing(Setting setting, UnaryOperator<AutoOptions> change) {
    return AutoPool.open(
        options(change).withMostProcesses(setting.size()),
        (machine, job, known) -> new SteadyChooser(setting),
        null);
  }

  /** Opens a pool that changes its setting every few milliseconds, at random. */
  public static Pool storm(int most, long seed, UnaryOperator<AutoOptions> change) {
    return AutoPool.open(
        options(change).withMostProcesses(most),
        (machine, job, known) -> new Storm(job, new Random(seed)),
        null);
  }

  private static final class Storm implements Chooser {
    private final Random random;
    private Job job;

    Storm(Job job, Random random) {
      this.job = job;
      this.random = random;
    }

    @Override
    public void update(Job known) {
      job = known;
    }

    @Override
    public Setting first() {
      return Setting.SEQUENTIAL;
    }

    @Override
    public Decision next(Observation observation) {
      int most = job.mostInFlight();
      Setting setting =
          switch (random.nextInt(job.mostProcesses() > 0 ? 4 : 3)) {
            case 0 -> Setting.SEQUENTIAL;
            case 1 -> new Setting(ExecutionModel.PLATFORM_THREADS, 1 + random.nextInt(most));
            case 2 -> new Setting(ExecutionModel.VIRTUAL_THREADS, 1 + random.nextInt(most));
            default ->
                new Setting(ExecutionModel.PROCESSES, 1 + random.nextInt(job.mostProcesses()));
          };
      return new Decision(
          setting,
          !setting.equals(observation.setting()),
          "a storm",
          false,
          500_000 + random.nextInt(5_000_000),
          false,
          Long.MAX_VALUE);
    }

    @Override
    public @Nullable Learned learned() {
      return null;
    }

    @Override
    public @Nullable Advice advice() {
      return null;
    }
  }
}
