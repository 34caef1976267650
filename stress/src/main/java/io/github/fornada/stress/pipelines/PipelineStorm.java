package io.github.fornada.stress.pipelines;

import io.github.fornada.TaskFunction;
import io.github.fornada.stress.Findings;
import io.github.fornada.stress.Vitals;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Runs random pipelines, some at the same time, and compares each with what its plan must give.
 * What fails is printed with the command that runs it again.
 */
public final class PipelineStorm {
  private static final int EXIT_FOUND = 1;
  private static final int EXIT_USAGE = 2;
  private static final int EXIT_HANGS = 3;

  /** Long enough for a loaded machine to start worker JVMs. */
  private static final Duration DEADLINE = Duration.ofSeconds(30);

  /** A plan of some items, after which all is loaded that is loaded once. */
  private static final long FIRST = 1;

  private final StormOptions options;
  private final SharedPools pools;
  private final long end;
  private final AtomicLong next = new AtomicLong();
  private final AtomicInteger failed = new AtomicInteger();

  private PipelineStorm(StormOptions options, SharedPools pools) {
    this.options = options;
    this.pools = pools;
    end = System.nanoTime() + options.time().toNanos();
  }

  /** Runs the plans that the arguments select; see {@code stress/pipelines --help}. */
  @SuppressWarnings("SystemOut") // a command
  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length > 0 && arguments[0].equals("--help")) {
      System.out.print(StormOptions.USAGE);
      return;
    }
    StormOptions options;
    try {
      options = StormOptions.parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.print(StormOptions.USAGE);
      System.exit(EXIT_USAGE);
      return;
    }
    List<String> before = warmedUp(options);
    int failed;
    long began = System.nanoTime();
    try (var pools = new SharedPools()) {
      var storm = new PipelineStorm(options, pools);
      storm.run();
      failed = storm.failed.get();
      System.out.printf(
          "%d pipelines from seed %d%s, %d failed, %d s%n",
          storm.next.get(),
          options.seed(),
          options.withProcesses() ? " with processes" : "",
          failed,
          Duration.ofNanos(System.nanoTime() - began).toSeconds());
    }
    var left = new Findings();
    Vitals.checkNothingLeft(left, before);
    left.lines().forEach(System.out::println);
    System.exit(failed + left.count() > 0 ? EXIT_FOUND : 0);
  }

  /** Returns how many descriptors are open once the first pools of this JVM have closed. */
  private static List<String> warmedUp(StormOptions options) {
    try (var pools = new SharedPools()) {
      Plan plan = PlanDraw.of(FIRST, options.withProcesses());
      String _ = String.valueOf(fault(plan, pools, task -> task, DEADLINE));
    }
    return Vitals.descriptors();
  }

  private void run() throws InterruptedException {
    var threads = new ArrayList<Thread>();
    for (int k = 0; k < options.atOnce(); k++) {
      threads.add(Thread.ofPlatform().name("storm-" + k).start(this::runPlans));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @SuppressWarnings("SystemOut") // a command
  private void runPlans() {
    long most = (long) options.count() * options.repeat();
    while (System.nanoTime() < end) {
      long k = next.getAndUpdate(now -> Math.min(most, now + 1));
      if (k == most) {
        return;
      }
      long seed = options.seed() + k / options.repeat();
      Plan plan = PlanDraw.of(seed, options.withProcesses());
      String fault = fault(plan, pools, task -> task, DEADLINE);
      if (fault != null) {
        failed.incrementAndGet();
        System.out.println("FAILED: " + fault);
        System.out.println("To repeat: " + options.command(seed));
      }
    }
  }

  /**
   * Runs a plan and returns what is wrong; null for nothing.
   *
   * @param change what is done to the function of each stage
   * @param deadline how long nothing may move
   */
  static @Nullable String fault(
      Plan plan,
      SharedPools pools,
      UnaryOperator<TaskFunction<Object, Object>> change,
      Duration deadline) {
    var execution = new Execution(plan, pools, change);
    try (var watch = new ProgressWatch(execution, deadline, PipelineStorm::end)) {
      Execution.Seen seen = execution.run();
      String standstill = watch.standstill();
      if (standstill != null) {
        return standstill;
      }
      Oracle.check(plan, seen);
      return null;
    } catch (Oracle.Fault e) {
      return e.getMessage() + "\n    " + execution;
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      return "the storm itself failed: " + e + "\n    " + execution;
    }
  }

  /** No end: nothing else can be told after this one. */
  @SuppressWarnings("SystemOut") // a command
  private static void end(String text) {
    System.out.println("HANGS: " + text);
    System.out.flush();
    Runtime.getRuntime().halt(EXIT_HANGS);
  }
}
