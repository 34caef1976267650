package io.github.fornada.benchmarks;

import io.github.fornada.Pool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.threads.ThreadPool;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs the benchmarks of this package, prints one table with the targets and whether they are met,
 * and writes every figure to a JSON file. Called by {@code benchmarks/run}.
 */
public final class Figures {
  private static final double MAX_COST = 1.1;
  private static final double MIN_EFFICIENCY = 0.95;

  /** How long to measure. */
  private enum Form {
    SMOKE(1, 1, 1, 50, 1),
    QUICK(2, 3, 5, 300, 7),
    FULL(5, 5, 8, 1000, 31);

    final int forks;
    final int warmUps;
    final int iterations;
    final int millis;
    final int rounds;

    Form(int forks, int warmUps, int iterations, int millis, int rounds) {
      this.forks = forks;
      this.warmUps = warmUps;
      this.iterations = iterations;
      this.millis = millis;
      this.rounds = rounds;
    }
  }

  /** A row of the table: Fornada's benchmark, and those of the JDK that it is compared with. */
  private record Line(String label, String ours, List<String> theirs, boolean isTarget) {}

  private static final List<String> ON_EXECUTOR = List.of("executorSubmit", "executorInvokeAll");
  private static final List<String> ON_PER_TASK = List.of("perTaskSubmit", "perTaskInvokeAll");

  private static final List<Line> LINES =
      List.of(
          new Line("ThreadPool.map", "threadsMap", ON_EXECUTOR, true),
          new Line("  .outcomes", "threadsOutcomes", ON_EXECUTOR, false),
          new Line("  .completions", "threadsCompletions", ON_EXECUTOR, false),
          new Line("  .outcomes, lazy source", "threadsLazyOutcomes", ON_EXECUTOR, false),
          new Line("  .mapping (gatherer)", "threadsGather", ON_EXECUTOR, false),
          new Line("  .submit and get", "threadsSubmit", ON_EXECUTOR, false),
          new Line("  .invokeAll", "threadsInvokeAll", ON_EXECUTOR, false),
          new Line("fixed executor, submit", "executorSubmit", ON_EXECUTOR, false),
          new Line("fixed executor, invokeAll", "executorInvokeAll", ON_EXECUTOR, false),
          new Line("parallel stream", "parallelStream", ON_EXECUTOR, false),
          new Line("VirtualThreadPool.map", "virtualMap", ON_PER_TASK, true),
          new Line("  .outcomes", "virtualOutcomes", ON_PER_TASK, false),
          new Line("  .outcomes, lazy source", "virtualLazyOutcomes", ON_PER_TASK, false),
          new Line("  .mapping (gatherer)", "virtualGather", ON_PER_TASK, false),
          new Line("  .submit and get", "virtualSubmit", ON_PER_TASK, false),
          new Line("per-task executor, submit", "perTaskSubmit", ON_PER_TASK, false),
          new Line("per-task executor, invokeAll", "perTaskInvokeAll", ON_PER_TASK, false));

  private final PrintStream out;
  private final Map<String, Double> nanos = new LinkedHashMap<>();
  private final List<String> json = new ArrayList<>();

  private Figures(PrintStream out) {
    this.out = out;
  }

  /**
   * Measures.
   *
   * @param args {@code --smoke}, {@code --quick} or {@code --full}, then the JSON file to write
   */
  public static void main(String[] args) throws Exception {
    if (args.length != 2 || !args[0].startsWith("--")) {
      System.err.println("usage: Figures --smoke|--quick|--full FILE.json");
      System.exit(2);
    }
    Form form = Form.valueOf(args[0].substring(2).toUpperCase(Locale.ROOT));
    new Figures(System.out).run(form, Path.of(args[1]));
  }

  private void run(Form form, Path file) throws Exception {
    load("before");
    tinyTasks(form);
    out.println();
    out.printf("Tiny tasks, %,d at a time       ns/item   cost%n", TinyTasks.ITEMS);
    for (Line line : LINES) {
      print(line);
    }
    out.println(
        """
          cost: against the better of submit-and-get and invokeAll of the JDK's executor;
          target for map: at most %.1f
        """
            .formatted(MAX_COST));
    out.println("Tasks that compute about 10 ms, two workers      efficiency");
    try (Pool pool = ThreadPool.open(o -> o.withWorkers(TinyTasks.WORKERS))) {
      efficiency("ThreadPool.map", pool, form);
    }
    try (Pool pool = ProcessPool.open(o -> o.withWorkers(TinyTasks.WORKERS))) {
      efficiency("ProcessPool.map", pool, form);
    }
    out.printf(
        Locale.ROOT,
        "  of ideal, which is a plain loop's time / 2; target: at least %.2f%n%n",
        MIN_EFFICIENCY);
    load("after");
    write(file, form);
    out.println("every figure: " + file);
  }

  // ---- tiny tasks

  private void tinyTasks(Form form) throws RunnerException {
    var options =
        new OptionsBuilder()
            .include("^" + TinyTasks.class.getName().replace(".", "\\.") + "\\.")
            .forks(form.forks)
            .warmupIterations(form.warmUps)
            .warmupTime(TimeValue.milliseconds(form.millis))
            .measurementIterations(form.iterations)
            .measurementTime(TimeValue.milliseconds(form.millis))
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .jvmArgs(
                "-Xmx512m",
                "--sun-misc-unsafe-memory-access=allow", // JMH uses it, and the JVM would warn
                "-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + (TinyTasks.WORKERS - 1))
            .build();
    out.printf("measuring %d tiny benchmarks ...%n", LINES.size());
    for (RunResult result : new Runner(options).run()) {
      String label = result.getPrimaryResult().getLabel();
      double[] scores =
          result.getBenchmarkResults().stream()
              .map(BenchmarkResult::getIterationResults)
              .flatMap(iterations -> iterations.stream().map(IterationResult::getPrimaryResult))
              .mapToDouble(primary -> primary.getScore())
              .sorted()
              .toArray();
      // The median of all iterations of all forks: other work on the machine spoils a few.
      nanos.put(label, scores[scores.length / 2]);
      json.add(
          entry(
              "tiny", label, "nanosPerItem", nanos(label), "iterations", Arrays.toString(scores)));
    }
  }

  private double nanos(String label) {
    Double value = nanos.get(label);
    if (value == null) {
      throw new IllegalStateException("no benchmark called " + label + " was run");
    }
    return value;
  }

  private void print(Line line) {
    double best = line.theirs.stream().mapToDouble(this::nanos).min().orElseThrow();
    double cost = nanos(line.ours) / best;
    String verdict = line.isTarget ? cost <= MAX_COST ? "  PASS" : "  MISS" : "";
    out.printf(Locale.ROOT, "%-32s %8.0f  %5.2fx%s%n", line.label, nanos(line.ours), cost, verdict);
  }

  // ---- efficiency

  private void efficiency(String label, Pool pool, Form form) throws InterruptedException {
    Efficiency.Result result = Efficiency.measure(pool, form.rounds);
    double median = result.median();
    out.printf(
        Locale.ROOT,
        "%-32s (%.1f ms a task)  %5.3f  %s%n",
        label,
        result.taskMillis(),
        median,
        median >= MIN_EFFICIENCY ? "PASS" : "MISS");
    json.add(entry("efficiency", label, "median", median, "rounds", result.rounds().toString()));
  }

  // ---- the file

  private static String entry(
      String kind, String name, String key, double value, String listKey, String list) {
    return String.format(
        Locale.ROOT,
        "    {\"kind\": \"%s\", \"name\": \"%s\", \"%s\": %.4f, \"%s\": %s}",
        kind,
        name,
        key,
        value,
        listKey,
        list);
  }

  private void load(String when) {
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    int processors = Runtime.getRuntime().availableProcessors();
    out.printf(
        Locale.ROOT,
        "load average %s: %.2f on %d processors%s%n",
        when,
        load,
        processors,
        when.equals("before") && load > 0.5 ? ": there is other work, figures will suffer" : "");
    json.add(entry("load", when, "average", load, "processors", "[" + processors + "]"));
  }

  private void write(Path file, Form form) throws IOException {
    String java = Runtime.version().toString();
    Files.writeString(
        file,
        json.stream()
            .collect(
                Collectors.joining(
                    ",\n",
                    "{\"form\": \"" + form + "\", \"java\": \"" + java + "\", \"figures\": [\n",
                    "\n]}\n")));
  }
}
