package io.github.fornada.scenarios.gui;

import io.github.fornada.ExecutionModel;
import io.github.fornada.Pool;
import io.github.fornada.advice.AutoPool;
import io.github.fornada.process.ProcessPool;
import io.github.fornada.scenarios.gui.Window.Observed;
import io.github.fornada.scenarios.harness.Comparison;
import io.github.fornada.scenarios.harness.Finding;
import io.github.fornada.scenarios.harness.HandWritten;
import io.github.fornada.scenarios.harness.MissingException;
import io.github.fornada.scenarios.harness.PythonProgram;
import io.github.fornada.scenarios.harness.Scenario;
import io.github.fornada.scenarios.harness.Setup;
import io.github.fornada.scenarios.harness.Step;
import io.github.fornada.scenarios.harness.Trial;
import io.github.fornada.scenarios.harness.Words;
import io.github.fornada.scenarios.harness.WrongResultException;
import io.github.fornada.threads.ThreadPool;
import java.awt.GraphicsEnvironment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The row {@code responsive-gui}: what is compared is how late the window answers. */
public final class ResponsiveScenario implements Scenario {
  /** Columns of a strip, beside its name. */
  private static final int COLUMNS = 52;

  /** Less than this part of a delay is less for the eye, too. */
  private static final double NOTICEABLY = 0.7; // Guess

  private @Nullable Work work;

  @Override
  public String name() {
    return "responsive-gui";
  }

  @Override
  public String about() {
    return "a window that must answer while pictures are computed: its delay";
  }

  @Override
  public List<Trial<?>> prepare(Setup setup) throws Exception {
    if (GraphicsEnvironment.isHeadless()) {
      throw new MissingException(
          "it needs a display, and there is none. Install Xvfb, which is then started by itself"
              + " (Debian: apt-get install xvfb)");
    }
    Window window = setup.closeAtEnd(Window.open());
    int rows = setup.size().of(40, 240, 960);
    work = new Work(window, IntStream.range(0, rows).boxed().toList());
    return List.of(work);
  }

  @Override
  public List<Finding> findings(Setup setup) throws Exception {
    Work done = work;
    if (done == null) {
      return List.of();
    }
    var lines = new ArrayList<String>();
    var strips = new ArrayList<String>();
    double millis = 0;
    for (Observed<List<Long>> run : done.last.values()) {
      millis = Math.max(millis, run.millis());
    }
    for (Map.Entry<String, Observed<List<Long>>> run : done.last.entrySet()) {
      String name = run.getKey();
      Observed<List<Long>> seen = run.getValue();
      lines.add(name + Words.format(", done in %.0f ms", seen.millis()));
      lines.add("  " + seen.delays().text());
      strips.add(Words.format("%-22.22s|%s", name, seen.delays().strip(millis, COLUMNS)));
      strips.add(
          Words.format(
              "%-22s|%d collections, %d ms",
              "", seen.collections().collections(), seen.collections().millis()));
    }
    return List.of(
        new Finding("How late the event thread was, in the last run of each", lines),
        new Finding(
            Words.format("The same over %.0f ms (. up to 16 ms late, - 50, + 100, # more)", millis),
            strips));
  }

  /**
   * Returns a number that depends on all of the work of an item: some milliseconds of a processor.
   */
  static long compute(int item) {
    long state = item * 0x9E3779B97F4A7C15L | 1;
    for (int k = 0; k < 3_000_000; k++) {
      state ^= state << 13;
      state ^= state >>> 7;
      state ^= state << 17;
    }
    return state;
  }

  /** The work beside the window. */
  static final class Work extends Trial<Observed<List<Long>>> {
    private final Window window;
    private final List<Integer> items;

    /** What was seen last, by the way it was done. */
    private final Map<String, Observed<List<Long>>> last = new LinkedHashMap<>();

    Work(Window window, List<Integer> items) {
      super("");
      this.window = window;
      this.items = items;
    }

    @Override
    public String guidePick() {
      return "threading";
    }

    @Override
    public String compared() {
      return "the delay that 99 % of the window's events do not exceed";
    }

    @Override
    public OptionalDouble compared(Observed<List<Long>> result) {
      return OptionalDouble.of(result.delays().quantile(0.99) / 1e3);
    }

    private Observed<List<Long>> seen(String way, Observed<List<Long>> run) {
      last.put(way, run);
      return run;
    }

    @Override
    public Observed<List<Long>> sequential() throws Exception {
      return seen(
          "on the event thread",
          window.observe(() ->
              Window.onEventThread(() -> HandWritten.loop(items, ResponsiveScenario::compute))));
    }

    @Override
    public Observed<List<Long>> under(Pool pool) throws Exception {
      Observed<List<Long>> run = window.observe(() -> pool.map(items, ResponsiveScenario::compute));
      return pool instanceof AutoPool ? run : seen(pool.model().label(), run);
    }

    @Override
    public Optional<Step<Observed<List<Long>>>> expert() {
      int processors = Runtime.getRuntime().availableProcessors();
      return Optional.of(
          new Step<>(
              "threads by hand",
              () ->
                  seen(
                      "threads by hand",
                      window.observe(() ->
                          HandWritten.threads(items, ResponsiveScenario::compute, processors)))));
    }

    @Override
    public List<Step<Observed<List<Long>>>> steps() {
      int others = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
      return List.of(
          new Step<>(
              "threads, one processor left free",
              () -> {
                try (Pool pool = ThreadPool.open(o -> o.withWorkers(others))) {
                  return seen("all processors but one", under(pool));
                }
              }),
          new Step<>(
              "processes of lower priority",
              () -> {
                try (Pool pool =
                    ProcessPool.open(o -> o.withInitializer(ResponsiveScenario::lowerPriority))) {
                  return seen("processes of lower priority", under(pool));
                }
              }));
    }

    @Override
    public void check(Observed<List<Long>> expected, Observed<List<Long>> actual)
        throws WrongResultException {
      if (!expected.value().equals(actual.value())) {
        throw new WrongResultException("the results differ from those on the event thread");
      }
    }

    @Override
    public String why(Comparison comparison) {
      double all = delay(ExecutionModel.PLATFORM_THREADS.label());
      double spare = delay("all processors but one");
      double low = delay("processes of lower priority");
      String beside =
          Words.format(
              "p99 %.0f ms, with one processor left free %.0f ms, in processes of lower priority"
                  + " %.0f ms.",
              all, spare, low);
      return "Work on the event thread freezes the window. Off it, threads do in Java what they"
          + " cannot in Python, as no lock stands between them. "
          + (Math.min(spare, low) < NOTICEABLY * all
              ? "With every processor taken even they make it stutter: " + beside
              : "This run does not show that they make it stutter with every processor taken: "
                  + beside);
    }

    @Override
    protected boolean tieExplains() {
      return true;
    }

    @Override
    public Optional<PythonProgram> python() {
      return Optional.of(PythonProgram.of("window.py", items.size()));
    }

    private double delay(String way) {
      Observed<List<Long>> run = last.get(way);
      return run == null ? Double.NaN : run.delays().quantile(0.99);
    }
  }

  /** Runs in each worker before its first item. */
  static void lowerPriority() throws IOException, InterruptedException {
    Process renice =
        new ProcessBuilder(
                "renice", "-n", "10", "-p", String.valueOf(ProcessHandle.current().pid()))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!renice.waitFor(10, TimeUnit.SECONDS)) {
      renice.destroyForcibly();
      throw new IOException("renice does not end");
    }
    if (renice.exitValue() != 0) {
      throw new IOException("renice failed with exit code " + renice.exitValue());
    }
  }
}
