package io.github.fornada.process;

import io.github.fornada.jvm.OwnThreads;
import io.github.fornada.process.host.OrphanGuard;
import io.github.fornada.process.host.PrivateDirectory;
import io.github.fornada.process.launch.LaunchSettings;
import io.github.fornada.process.launch.Launcher;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The first workers of a pool, and what is needed to start them. A thread launches their JVMs while
 * the rest of the pool is made: in a program's first pool both take longer than a worker boots,
 * because of the classes that they load.
 */
final class FirstWorkers {
  /**
   * The number of JVMs that are started at once when the pool opens. The others are started by the
   * threads of their slots.
   */
  private static final int MOST = 4; // Guess

  private final Path directory;
  private final OrphanGuard guard;
  private final Launcher launcher;
  private final List<LaunchedWorker> reserved = new ArrayList<>();
  private final int toLaunch;
  private final CompletableFuture<List<LaunchedWorker>> launched = new CompletableFuture<>();

  private FirstWorkers(
      Path directory,
      OrphanGuard guard,
      Launcher launcher,
      List<LaunchedWorker> reserved,
      int toLaunch) {
    this.directory = directory;
    this.guard = guard;
    this.launcher = launcher;
    this.reserved.addAll(reserved);
    this.toLaunch = toLaunch;
  }

  /**
   * Creates the pool's private folder, takes workers from the reserve, and begins to launch those
   * that it does not have.
   *
   * @param settings how JVMs are started
   * @param bases the places where the folder may be, best first
   * @param reserve the reserve that workers are taken from while it has any; null for none
   * @throws IOException if the folder cannot be created
   */
  static FirstWorkers begin(
      ProcessOptions options,
      LaunchSettings settings,
      List<Path> bases,
      @Nullable WorkerReserve reserve)
      throws IOException {
    Path directory = folder(bases, options.workers(), reserve);
    var guard = new OrphanGuard(directory);
    var taken = new ArrayList<LaunchedWorker>();
    int wanted = wanted(options);
    while (taken.size() < wanted) {
      ReservedWorker next = reserve == null ? null : reserve.take();
      if (next == null) {
        break;
      }
      guard.add(next.process());
      taken.add(LaunchedWorker.of(next, taken.size() + 1));
    }
    var first =
        new FirstWorkers(
            directory,
            guard,
            new Launcher(settings, directory, guard),
            taken,
            wanted - taken.size());
    boolean whole = false;
    try {
      first.launchInBackground();
      guard.start();
      whole = true;
    } finally {
      if (!whole) { // no memory for another thread
        var _ = first.launched.complete(List.of()); // unless it was launched
        first.abandon();
      }
    }
    return first;
  }

  private static Path folder(List<Path> bases, int workers, @Nullable WorkerReserve reserve)
      throws IOException {
    Path made = reserve == null ? null : reserve.takeFolder();
    if (made == null) {
      return PrivateDirectory.create(bases, workers);
    }
    PrivateDirectory.restore(made); // somebody may have deleted it
    return made;
  }

  private static int wanted(ProcessOptions options) {
    int min = options.life().minWorkers();
    int lasting = min < 0 ? options.workers() : Math.min(min, options.workers());
    return Math.min(lasting, MOST);
  }

  private void launchInBackground() {
    if (toLaunch == 0) {
      launched.complete(List.of());
    } else {
      var _ = OwnThreads.daemon("fornada-launch").start(this::launch);
    }
  }

  private void launch() {
    var all = new ArrayList<LaunchedWorker>();
    try {
      for (int i = 0; i < toLaunch; i++) {
        all.add(LaunchedWorker.launch(launcher, reserved.size() + i + 1));
      }
    } finally {
      launched.complete(all); // also if there was no memory for the report of a failure
    }
  }

  Path directory() {
    return directory;
  }

  OrphanGuard guard() {
    return guard;
  }

  Launcher launcher() {
    return launcher;
  }

  /** Returns how many there are; their numbers are 1 to this. */
  int count() {
    return reserved.size() + toLaunch;
  }

  /** Returns how many of them were not let in by a reserve. */
  int toLetIn() {
    return toLaunch;
  }

  /** Waits until their JVMs are launched. An interrupt does not end this. */
  List<LaunchedWorker> await() {
    var all = new ArrayList<>(reserved);
    all.addAll(launched.join());
    return all;
  }

  /** Ends them, and deletes the folder: the pool could not be made. */
  void abandon() {
    for (LaunchedWorker each : await()) {
      each.abandon();
    }
    guard.close();
    PrivateDirectory.delete(directory);
  }
}
