package io.github.fornada.stress.advice;

import io.github.fornada.ExecutionModel;
import io.github.fornada.advice.decide.Setting;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The best setting for a job, which it knows all about. */
final class Oracle {
  /** So many settings, those that should be the fastest, are run to find the best. */
  private static final int RUNS = 2;

  /** A setting and the time that the job should take under it. */
  record Choice(Setting setting, double seconds) {}

  private final World world;
  private final List<Choice> choices = new ArrayList<>();

  Oracle(World world) {
    this.world = world;
    add(Setting.SEQUENTIAL);
    for (int size : Shape.SIZES) {
      if (size <= world.refuses && size <= 2 * world.items) {
        if (!world.threadsUnsafe && size > 1) {
          add(new Setting(ExecutionModel.PLATFORM_THREADS, size));
        }
        if (!world.notSerializable && size <= world.first.cores) {
          add(new Setting(ExecutionModel.PROCESSES, size));
        }
      }
    }
    choices.sort(Comparator.comparingDouble(Choice::seconds));
  }

  private void add(Setting setting) {
    choices.add(new Choice(setting, estimate(setting)));
  }

  private double estimate(Setting setting) {
    int n = (int) Math.min(setting.size(), world.items);
    long last = world.items - world.changesAt;
    double seconds =
        world.changesAt * world.mean(world.changesAt / 2) / rate(world.first, setting, n);
    if (last > 0) {
      seconds += last * world.mean(world.changesAt + last / 2) / rate(world.second, setting, n);
    }
    // The last ones in flight end one after the other; and no item is shorter than itself.
    double response = n / rate(world.shape(world.items - 1), setting, n);
    seconds = Math.max(seconds, response) + (n > 1 ? 0.5 * response * (1 - 1.0 / n) : 0);
    seconds += world.debt * world.first.cpu / Math.min(n, world.first.cores);
    if (setting.model() == ExecutionModel.PROCESSES) {
      seconds +=
          Math.max(World.WORKER_START, n * World.WORKER_START_CPU / world.first.cores)
              + world.debt * (n - 1.0) / Math.min(n, world.first.cores);
    }
    return seconds;
  }

  private double rate(Shape shape, Setting setting, int n) {
    boolean processes = setting.model() == ExecutionModel.PROCESSES;
    double rate = shape.rate(n, processes) / world.unit;
    if (processes) {
      double extra = world.bytes * World.SECONDS_PER_BYTE + World.PROCESS_HAND_OVER;
      return Math.min(rate * world.unit / (world.unit + extra), 1 / (0.3 * extra));
    }
    return setting.model() == ExecutionModel.SEQUENTIAL
        ? rate
        : Math.min(1 / World.HAND_OVER, rate * world.unit / (world.unit + World.HAND_OVER));
  }

  /** Returns the best setting and its time. */
  Choice best() {
    Choice best = new Choice(Setting.SEQUENTIAL, Double.POSITIVE_INFINITY);
    for (Choice choice : choices.subList(0, Math.min(RUNS, choices.size()))) {
      double seconds = new Run(world, null, choice.setting(), Run.Senses.ALL).run().seconds();
      if (seconds < best.seconds()) {
        best = new Choice(choice.setting(), seconds);
      }
    }
    return best;
  }

  /** Returns the shortest time that a model should take, over all its sizes. */
  double estimateOf(ExecutionModel model) {
    ExecutionModel of =
        model == ExecutionModel.VIRTUAL_THREADS ? ExecutionModel.PLATFORM_THREADS : model;
    return choices.stream()
        .filter(choice -> choice.setting().model() == of)
        .mapToDouble(Choice::seconds)
        .min()
        .orElse(Double.POSITIVE_INFINITY);
  }

  double estimateOfBest() {
    return choices.getFirst().seconds();
  }
}
